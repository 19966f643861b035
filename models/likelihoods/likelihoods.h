// The kinds of likelihoods, each a file beside this one and a word here.
#pragma once

#include "models/likelihoods/bernoulli.h"
#include "models/likelihoods/categorical.h"
#include "models/likelihoods/continuous_bernoulli.h"
#include "models/likelihoods/discretized_logistic.h"
#include "models/likelihoods/free_gaussian.h"
#include "models/likelihoods/gaussian.h"
#include "models/likelihoods/laplace.h"
#include "models/likelihoods/logistic.h"
#include "models/likelihoods/mixture.h"
#include "models/likelihoods/shared_gaussian.h"

namespace GRADUS {

using Likelihoods = Choice<BernoulliLikelihood, ContinuousBernoulliLikelihood, GaussianLikelihood,
                           SharedGaussianLikelihood, FreeGaussianLikelihood, LaplaceLikelihood, LogisticLikelihood,
                           DiscretizedLogisticLikelihood, MixtureLikelihood, CategoricalLikelihood>;

/// What log p(x|z) is the logarithm of, for data that are bits or grey.
inline Measure measure(const Likelihoods& likelihood, bool bits) {
  return std::visit([&](const auto& kind) { return kind.measure(bits); }, likelihood.chosen);
}

/// Whether grey levels are to be made numbers with noise, as the likelihood wants them.
inline bool dequantizes(const Likelihoods& likelihood) {
  const auto* kind = std::get_if<ContinuousBernoulliLikelihood>(&likelihood.chosen);
  return kind && kind->dequantize == Dequantize::uniform;
}

/// What is to be said of grey pixels under a likelihood that does not measure them; empty when there is nothing.
inline std::string grey_remark(const Likelihoods& likelihood) {
  if (!likelihood.is<BernoulliLikelihood>()) return "";
  return "pixels are grey, and a Bernoulli likelihood of them is neither a probability nor a density: its numbers "
         "compare "
         "with each other only; `binarize` makes bits of them, `likelihood` continuous-bernoulli measures a density, "
         "and "
         "discretized-logistic a probability";
}

}  // namespace GRADUS
