// How well a score tells what is not normal from what is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/real.h"

namespace GRADUS {

/// An estimate and the interval in which 95 % of its bootstrap replicates lie.
struct Interval {
  double value = 0, low = 0, high = 0;
};

struct Detection {
  /// The probability that a sample that is not normal scores above one that is, ties counted half: the area under the
  /// receiver operating characteristic (Hanley, McNeil 1982). 0.5 by chance.
  Interval auroc;
  /// The mean precision over the samples that are not normal, each at its own score as the threshold. By chance it is
  /// their share.
  Interval average_precision;
};

/// By scores, the higher the less normal, and which samples are not normal. Replicates draw as many of either kind, with
/// replacement, from a fixed stream. Error when there are none of one kind, or a score is NaN.
Detection detection(std::span<const double> scores, const std::vector<bool>& abnormal, std::int64_t replicates = 1000);

}  // namespace GRADUS
