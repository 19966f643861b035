// Condition: what encoder and decoder are told beside the image, so that a code need not say it: p(x|z, c). Sohn, Lee,
// Yan 2015. It is a row of numbers for each sample, which dense networks join to what they see and convolutions as
// constant planes.
#pragma once

#include "models/data/dataset.h"
#include "models/settings.h"
#include "tensor/tensor.h"

namespace GRADUS {

struct NoCondition {
  static constexpr const char* kName = "none";
  static constexpr const char* kHelp = "nothing";
};
/// c is 1 at the place of the sample's label and 0 elsewhere.
struct LabelCondition {
  static constexpr const char* kName = "label";
  static constexpr const char* kHelp = "the label of the image";
  std::int64_t classes = 0;  // labels are 0 … classes - 1; 0: not found yet

  void settings(auto&& is) { is.found("condition_classes", classes, IntegerRange{0, 256}); }
};

using Conditions = Choice<NoCondition, LabelCondition>;

/// C, the numbers of a condition; 0 when there is none.
std::int64_t condition_size(const Conditions& condition);

/// Finds out how many classes there are: labels 0 to the largest of both sets. Error when there is to be a condition and
/// a set has no labels.
void settle_condition(Conditions& condition, const Dataset& data);

/// 1 at each label's place, 0 elsewhere: (…) -> (…, classes). Error when a label is none of 0 … classes - 1.
Tensor one_hot(const Indices& labels, std::int64_t classes);

/// The condition of the images at `rows`, (rows, C); nothing when there is none. Error when images have no labels, or
/// labels that training had not.
std::optional<Tensor> condition_of(const Conditions& condition, const Images& images,
                                   std::span<const std::int64_t> rows);
/// Of n new samples, (n, C): one label for all, or without one the labels in turn, each for `run` samples, so that a grid
/// of `run` columns has a row per label. Error when there is no such label, or one is named and there is no condition.
std::optional<Tensor> condition_of_samples(const Conditions& condition, std::optional<std::int64_t> label,
                                           std::int64_t n, std::int64_t run = 1);

}  // namespace GRADUS
