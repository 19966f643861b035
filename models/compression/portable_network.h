// A network run in the portable kernel: the list of its steps (models/networks/network.h) in IEEE doubles, one sample at a
// time, every sum in the order of its index. Its numbers are those of the model to rounding, and the same bits on every
// machine.
#pragma once

#include <functional>
#include <span>

#include "models/networks/network.h"

namespace GRADUS::portable {

/// A sum over bits, by which networks are told apart: FNV-1a, of 64 bits.
class Hash {
 public:
  void add(std::uint64_t number) {
    for (int byte = 0; byte < 8; ++byte) sum_ = (sum_ ^ (number >> 8 * byte & 0xff)) * 0x100000001b3;
  }
  void add(double number);
  std::uint64_t sum() const { return sum_; }

 private:
  std::uint64_t sum_ = 0xcbf29ce484222325;
};

/// y = W·x + b. Packed so that a block of outputs is summed side by side in registers, each in the order of the inputs.
class Matrix {
 public:
  /// weight(o, i) of output o and input i; bias(o).
  Matrix(std::int64_t in, std::int64_t out, const std::function<double(std::int64_t, std::int64_t)>& weight,
         const std::function<double(std::int64_t)>& bias, Hash& hash);
  /// A layer's, whose weight is (out, …).
  Matrix(const Tensor& weight, const Tensor& bias, Hash& hash);

  std::int64_t in() const { return in_; }
  std::int64_t out() const { return out_; }
  /// x (in) -> y (out)
  void apply(const double* x, double* y) const;

 private:
  static constexpr std::int64_t kSide = 32;  // outputs in a block
  std::int64_t in_, out_;
  std::vector<double> weight_, bias_;  // (blocks, in, kSide), (blocks, kSide)
};

/// NumericError unless all are finite.
void check_finite(const std::vector<double>& numbers);

class PortableNetwork {
 public:
  /// SettingError naming a step that the kernel does not know; what the network consists of goes into the hash.
  PortableNetwork(const Network& network, const char* whose, Hash& hash);

  /// x (D) -> (features). NumericError when it is not finite.
  std::vector<double> operator()(std::vector<double> x) const;

 private:
  /// What passes through: the numbers now, and those that were kept.
  struct Passing {
    std::vector<double> x, kept;
  };
  using Stage = std::function<void(Passing&)>;
  Stage stage_of(const Step& step, const Shape& in, const char* whose, Hash& hash) const;

  std::vector<Stage> stages_;
};

}  // namespace GRADUS::portable
