// expect: a tape is a local variable: scopes end in reverse order
#include "autograd/tape.h"

using namespace gradus;

Tape* started(const Tensor& x) { return new Tape(x); }
