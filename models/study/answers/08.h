// Your answer to lesson 8. Replace the line that throws. (autograd/op.h says how an op is written.)
#pragma once

/// x³, one op on the tape.
inline Tensor cube(const Tensor& /*x*/) { throw Todo{"write `cube`"}; }
