// expect: a tape is the scope it stands in: it is neither copied nor moved
#include <utility>

#include "autograd/tape.h"

using namespace gradus;

void elsewhere(const Tensor& x) {
  Tape tape(x);
  Tape other = std::move(tape);
}
