// Scores by which images that are unlike those trained on may be found.
//
// A likelihood ranks by more than likeness: a model of digits finds a thin 1 more likely than any digit that it was
// trained on, for there is little ink to be wrong about (Nalisnick, Matsukawa, Teh, Gorur, Lakshminarayanan 2019). So the
// amount of ink stands beside the others as what they must be better than; and of grey pixels x under a Bernoulli
// likelihood, whose sum x·log λ + (1-x)·log(1-λ) is at most what λ = x gives, that most is subtracted, image by image.
#pragma once

#include <vector>

#include "models/data/bits.h"
#include "models/likelihoods/likelihoods.h"
#include "models/vae.h"

namespace GRADUS {

/// Of each image, in nats; empty where the model has none.
struct ImageScores {
  std::vector<double> log_likelihood;  // log p(x|z) at one draw, or at the code of an autoencoder
  std::vector<double> kl, elbo;        // none of an autoencoder
  std::vector<double> ink;             // the mean of the pixels; of numbers, of their squares: 0 is usual where scaled
  std::vector<double> most;            // what was subtracted from log_likelihood and elbo: log p(x) at λ = x; or empty
};

/// By one draw of z each, from the stream that evaluation draws from. `subtract`: whether pixels are grey under a Bernoulli
/// likelihood. Error when there are no images.
ImageScores image_scores(const Vae& vae, const Images& images, const Shown& shown, bool subtract, std::int64_t at_once);

/// Σ x·log x + (1-x)·log(1-x) of each row, (B, D) -> (B): the most that a Bernoulli likelihood gives grey pixels.
std::vector<double> most_of_bernoulli(const Tensor& x);

/// |score - mean|: how unusual an ELBO is among those of training images, whichever way (Nalisnick, Matsukawa, Teh,
/// Lakshminarayanan 2019).
std::vector<double> typicality(std::span<const double> scores, double mean);

}  // namespace GRADUS
