// expect: a tape is the scope it stands in: it is neither copied nor moved
#include "autograd/tape.h"

using namespace gradus;

void twice(const Tensor& x) {
  Tape tape(x);
  Tape copy = tape;
}
