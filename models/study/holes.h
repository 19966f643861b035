// An autoencoder and a VAE of one shape, and a classifier that judges what they decode: for lesson 16.
#pragma once

#include <string>

#include "nn/linear.h"

namespace study {

using gradus::Linear, gradus::Rng, gradus::Tensor;

/// 784-200-8-200-784, with a spread beside the mean of the code, which an autoencoder does not use.
struct Coder {
  Linear hidden, mean, log_variance, back, out;
  Coder(bool variational, const Tensor& digits);  // trained

  Tensor codes(const Tensor& x) const;    // (B, 784) -> (B, 8)
  Tensor decoded(const Tensor& z) const;  // (B, 8) -> (B, 784), pixels between 0 and 1
  void members(auto&& visit) {
    visit("hidden", hidden);
    visit("mean", mean);
    visit("log_variance", log_variance);
    visit("back", back);
    visit("out", out);
  }
};

struct Classifier {
  Linear hidden, out;  // 784-100-11: ten digits, and what is none
  Tensor operator()(const Tensor& x) const;
  void members(auto&& visit) {
    visit("hidden", hidden);
    visit("out", out);
  }
};

struct Holes {
  Tensor digits;  // (3000, 784)
  Coder vae, autoencoder;
  Classifier classifier;
  Holes();

  /// The share of the images (B, 784) that the classifier takes for one of the ten digits.
  double share(const Tensor& images) const;
  /// Images (B, 784) side by side, in signs for shades of grey, at a half of their height and width.
  static std::string picture(const Tensor& images);
};

}  // namespace study
