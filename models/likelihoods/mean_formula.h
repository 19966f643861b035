// How the mean of p(x|z) follows from what the decoder says, told to programs in other languages: the page of `explore`
// and the module of `export` have a function of each of these names.
#pragma once

#include <map>

#include "models/likelihoods/likelihoods.h"

namespace GRADUS {

struct MeanFormula {
  /// location: y, or the first plane of it. sigmoid: of y. continuous_bernoulli: of y between -clip and clip, where
  /// there is one. discretized_logistic, mixture, levels: as in the files of those likelihoods, with y₁ or y₂ softly above
  /// least.
  std::string name;
  std::map<std::string, double> settings{};
};

/// SettingError naming a likelihood for which there is no such formula.
MeanFormula mean_formula(const Likelihoods& likelihood);

}  // namespace GRADUS
