// Codes in few bits: what a code of a lossy compression would be, and what it loses.
#pragma once

#include "models/data/bits.h"
#include "models/vae.h"

namespace GRADUS {

/// Levels at even distances from the least to the largest code of each dimension, 2^bits of them.
struct Quantizer {
  std::int64_t bits = 8;
  std::vector<double> low, step;  // (Z); a dimension in which codes do not vary has step 0

  /// (N, Z) -> (N, Z): each number as the nearest level.
  Tensor operator()(const Tensor& codes) const;
  /// Of one code, without the levels' own numbers, which are there once for all.
  std::int64_t bytes() const { return (static_cast<std::int64_t>(low.size()) * bits + 7) / 8; }
};
/// Error unless 1 ≤ bits ≤ 16, and for no codes.
Quantizer quantizer_of(const Tensor& codes, std::int64_t bits);

/// How well codes (N, Z) tell their images, on average over them.
struct Fidelity {
  double log_likelihood = 0;  // log p(x|z), nats per image
  double square_error = 0;    // of the mean of p(x|z), per number of x
  /// Peak signal to noise of pixels in [0, 1], in decibels.
  double psnr() const;
};
Fidelity fidelity(const Vae& vae, const Images& images, const Shown& shown, const Tensor& codes, std::int64_t at_once);

}  // namespace GRADUS
