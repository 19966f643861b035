// Bits-back coding: images on a stack, each for about as many bits as the model's negative ELBO. README.md tells how.
// Townsend, Bird, Barber 2019 (BB-ANS); Hinton, van Camp 1993.
#pragma once

#include "models/compression/pixels.h"
#include "models/model.h"

namespace GRADUS {

class BitsBack {
 public:
  /// A model of those settings: Gaussian codes, a likelihood of bits or of 256 levels, no condition, and networks of steps
  /// that the portable kernel knows.
  /// SettingError naming what it is made of otherwise.
  BitsBack(const ModelSettings& settings, const Vae& vae);

  /// D bytes; 0 and 255 only, if the likelihood is of bits.
  void push(Ans& stack, std::span<const std::uint8_t> image) const;
  /// The image pushed last. Error when the stack is too short for one.
  void pop(Ans& stack, std::span<std::uint8_t> image) const;

  /// Whether it knows 0 and 255 only.
  bool of_bits() const { return pixels_->of_bits(); }
  /// D, of an image.
  std::int64_t numbers() const { return numbers_; }
  /// Tells models apart: their weights, and what is computed with them.
  std::uint64_t model() const { return hash_.sum(); }

 private:
  struct Posterior {
    std::vector<double> mean, inverse_deviation;  // (Z)
  };
  Posterior encode(std::span<const std::uint8_t> image) const;
  std::vector<double> decode(const std::vector<std::uint32_t>& code) const;

  portable::Hash hash_;
  std::int64_t numbers_;
  std::unique_ptr<portable::PortableNetwork> encoder_, decoder_;
  std::unique_ptr<portable::Matrix> mean_, spread_;
  bool sigma_ = false;  // the spread is σ through a softplus, not log σ²
  std::unique_ptr<PixelCoder> pixels_;
};

}  // namespace GRADUS
