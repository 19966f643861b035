// expect: [gradient] the loss depends on nothing that this tape watches
#pragma once

// The outer tape begins too late: the gradient is a constant to it.
inline Tensor hessian_times(const Loss& f, const Tensor& x, const Tensor& v) {
  Tensor gradient;
  {
    Tape tape(x);
    gradient = tape.gradient(f(x), x);
  }
  Tape tape(x);
  return tape.gradient(sum(gradient * v), x);
}
