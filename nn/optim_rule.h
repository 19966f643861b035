// What a rule of optimisation (nn/optim.h) is written on: one parameter with its gradient and its moments.
#pragma once

#include "nn/optim.h"
#include "tensor/update.h"

namespace GRADUS::detail {

struct Slot {
  Tensor& x;
  std::span<Tensor> moments;
  const Tensor& gradient;  // row-major
  double lr;               // in this step
  std::int64_t step;       // counted from 1

  /// Runs rule(lanes, g) on every register: lanes[0] of the parameter, then those of the first n - 1 moments.
  template <std::size_t n, class Rule>
  void update(const Rule& rule) const {
    std::array<Real*, n> written{x.write().data};
    for (std::size_t k = 1; k < n; ++k) written[k] = moments[k - 1].write().data;
    kernel::update<n>(written, gradient.view().data, x.numel(), rule);
  }
};

using Names = std::span<const char* const>;

// For each rule: the names of the moments that it keeps, and one step.
Names moments(const Sgd& sgd);
void apply(const Sgd& sgd, const Slot& slot);
Names moments(const Adam& adam);
void apply(const Adam& adam, const Slot& slot, double keep = 1);  // of x, before Adam's own step
Names moments(const Adagrad& adagrad);
void apply(const Adagrad& adagrad, const Slot& slot);
Names moments(const RmsProp& rms_prop);
void apply(const RmsProp& rms_prop, const Slot& slot);
Names moments(const AdamW& adam_w);
void apply(const AdamW& adam_w, const Slot& slot);

}  // namespace GRADUS::detail
