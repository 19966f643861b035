// expect: `hessian_times` called f 100 times
#pragma once

// Every row of H by a difference of gradients.
inline Tensor hessian_times(const Loss& f, const Tensor& x, const Tensor& v) {
  const Real h = Real(1e-2);
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    Tensor step = zeros(x.shape());
    step.write().data[i] = h;
    const auto gradient = [&](const Tensor& at) {
      Tape tape(at);
      return tape.gradient(f(at), at);
    };
    rows.push_back(sum((gradient(x + step) - gradient(x - step)) / (2 * h) * v));
  }
  return stack(rows, 0);
}
