// expect: say what to differentiate by: Tape tape\(x\)
#include "autograd/tape.h"

using namespace gradus;

void start() { Tape tape; }
