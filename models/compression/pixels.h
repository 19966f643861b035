// Pixels on the stack, by what the decoder says of them: likelihoods that give a probability of bits or of 256 levels.
#pragma once

#include <memory>
#include <span>

#include "models/compression/portable_network.h"
#include "models/compression/symbols.h"
#include "models/decoder.h"

namespace GRADUS {

/// y is the decoder's output, (numbers, D); the pixels are D bytes.
class PixelCoder {
 public:
  virtual ~PixelCoder() = default;
  virtual void push(Ans& stack, std::span<const std::uint8_t> pixels, std::span<const double> y) const = 0;
  virtual void pop(Ans& stack, std::span<std::uint8_t> pixels, std::span<const double> y) const = 0;
  /// Whether it knows 0 and 255 only.
  virtual bool of_bits() const = 0;
};

/// The coder of the decoder's likelihood; null of one that gives no probabilities of levels, or of another decoder.
std::unique_ptr<PixelCoder> pixel_coder(const Decoder& decoder, portable::Hash& hash);

}  // namespace GRADUS
