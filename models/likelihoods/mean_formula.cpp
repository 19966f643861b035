#include "models/likelihoods/mean_formula.h"

namespace GRADUS {

namespace {

MeanFormula formula(const BernoulliLikelihood&) { return {"sigmoid"}; }
MeanFormula formula(const ContinuousBernoulliLikelihood& likelihood) {
  const double least = likelihood.lambda_clip;
  if (least == 0) return {"continuous_bernoulli"};
  return {"continuous_bernoulli", {{"clip", std::log1p(-least) - std::log(least)}}};
}
MeanFormula formula(const DiscretizedLogisticLikelihood&) {
  return {"discretized_logistic", {{"least", kLeastLogScale}}};
}
MeanFormula formula(const MixtureLikelihood&) { return {"mixture", {{"least", kLeastLogScale}}}; }
MeanFormula formula(const CategoricalLikelihood&) { return {"levels"}; }

template <class L>
MeanFormula formula(const L&) {
  constexpr bool known = std::same_as<L, GaussianLikelihood> || std::same_as<L, SharedGaussianLikelihood> ||
                         std::same_as<L, FreeGaussianLikelihood> || std::same_as<L, LaplaceLikelihood> ||
                         std::same_as<L, LogisticLikelihood>;
  if (!known)
    throw SettingError(fmt::format("`likelihood` {} has a mean that other languages are not told of", L::kName));
  return {"location"};
}

}  // namespace

MeanFormula mean_formula(const Likelihoods& likelihood) {
  return std::visit([](const auto& kind) { return formula(kind); }, likelihood.chosen);
}

}  // namespace GRADUS
