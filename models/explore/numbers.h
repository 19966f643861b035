// Numbers on their way into a page: one run of bytes as base64, and where in it each tensor is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/pictures/base64.h"
#include "tensor/tensor.h"

namespace GRADUS {

/// The 16 bits of the nearest IEEE 754 half, ties to even. |x| is below 65520.
std::uint16_t half_of(double x);

class PackedNumbers {
 public:
  /// f32 as they are; f16 to the nearest half; i8: each row of the first axis as whole numbers -127 … 127 and its own
  /// scale, in front of them all as f32.
  enum class Type { f32, f16, i8 };
  struct Place {
    std::int64_t at;  // the first byte, a multiple of 4
    Type type;
    Shape shape;
  };

  /// Appends a tensor. One with a number that no half holds goes as f32.
  Place add(const Tensor& x, Type type);
  /// Bytes in rows, as they are.
  std::int64_t add(std::span<const std::uint8_t> bytes);

  std::string text() const { return base64(bytes_); }

 private:
  void append(const void* from, std::size_t size);

  std::string bytes_;
};

}  // namespace GRADUS
