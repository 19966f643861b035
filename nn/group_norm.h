// GroupNorm: groups of channels of each sample brought to mean 0 and variance 1, then each channel scaled and shifted
// by learnt numbers. Wu, He 2018.
#pragma once

#include "nn/module.h"
#include "nn/normalize.h"

namespace GRADUS {

struct GroupNorm {
  Tensor weight, bias;        // (C)
  std::int64_t groups;        // of C / groups channels each
  Real epsilon = Real(1e-5);  // is added to the variance

  /// Error unless the channels divide into so many groups.
  GroupNorm(std::int64_t groups, std::int64_t channels)
      : weight(ones({channels})), bias(zeros({channels})), groups(groups) {
    check(groups > 0 && channels > 0 && channels % groups == 0, "[group_norm] {} channels do not divide into {} groups",
          channels, groups);
  }

  /// (N, C, …) -> (N, C, …)
  Tensor operator()(const Tensor& x) const;

  void members(auto&& visit) {
    visit("weight", weight);
    visit("bias", bias);
    visit("groups", groups);
    visit("epsilon", epsilon);
  }
};

}  // namespace GRADUS
