#include "models/compression/pixels.h"

#include "models/compression/portable.h"
#include "models/image_decoder.h"
#include "models/likelihoods/likelihoods.h"

namespace GRADUS {

namespace {

// Each gives at(y, D, j): the distribution function of pixel j, as a function of the level.

struct Bits {
  static constexpr std::uint32_t kLevels = 2;
  static constexpr int kBits = 16;

  auto at(const double* y, std::size_t, std::size_t j) const {
    return [black = portable::sigmoid(-y[j])](std::uint32_t) { return black; };
  }
};

// The logistic's share below level k of 256, whose bin begins at (k - ½)/255.
struct LogisticLevels {
  double loc, inverse_scale;

  LogisticLevels(double loc, double y)
      : loc(loc), inverse_scale(portable::exp(-(kLeastLogScale + portable::softplus(y - kLeastLogScale)))) {}
  double below(std::uint32_t k) const { return portable::sigmoid(((k - 0.5) / 255 - loc) * inverse_scale); }
};

struct Levels {
  static constexpr std::uint32_t kLevels = 256;
  static constexpr int kBits = 20;
};

struct Logistic256 : Levels {
  auto at(const double* y, std::size_t D, std::size_t j) const {
    return [logistic = LogisticLevels(y[j], y[D + j])](std::uint32_t k) { return logistic.below(k); };
  }
};

struct Mixture256 : Levels {
  std::size_t components;

  explicit Mixture256(std::size_t components) : components(components) {}

  auto at(const double* y, std::size_t D, std::size_t j) const {
    struct Part {
      double weight;
      LogisticLevels logistic;
    };
    std::vector<Part> parts;
    double most = y[j], sum = 0;
    for (std::size_t i = 1; i < components; ++i) most = std::max(most, y[i * D + j]);
    for (std::size_t i = 0; i < components; ++i) {
      const double apart = (static_cast<double>(i) + 0.5) / static_cast<double>(components);
      parts.push_back(
          {portable::exp(y[i * D + j] - most), {y[(components + i) * D + j] + apart, y[(2 * components + i) * D + j]}});
      sum += parts.back().weight;
    }
    return [parts = std::move(parts), sum](std::uint32_t k) {
      double below = 0;
      for (const Part& part : parts) below += part.weight * part.logistic.below(k);
      return below / sum;
    };
  }
};

struct Categorical256 : Levels {
  auto at(const double* y, std::size_t D, std::size_t j) const {
    double most = y[j];
    for (std::size_t k = 1; k < kLevels; ++k) most = std::max(most, y[k * D + j]);
    std::vector<double> below(kLevels + 1);
    for (std::size_t k = 0; k < kLevels; ++k) below[k + 1] = below[k] + portable::exp(y[k * D + j] - most);
    return [below = std::move(below)](std::uint32_t k) { return below[k] / below[kLevels]; };
  }
};

template <class L>
class CoderOf final : public PixelCoder {
 public:
  explicit CoderOf(L likelihood) : likelihood_(likelihood) {}

  void push(Ans& stack, std::span<const std::uint8_t> pixels, std::span<const double> y) const override {
    for (std::size_t j = 0; j < pixels.size(); ++j) {
      const auto below = likelihood_.at(y.data(), pixels.size(), j);
      quantised(below).push(stack, pixels[j] / kStep);
    }
  }
  void pop(Ans& stack, std::span<std::uint8_t> pixels, std::span<const double> y) const override {
    for (std::size_t j = pixels.size(); j-- > 0;) {
      const auto below = likelihood_.at(y.data(), pixels.size(), j);
      pixels[j] = static_cast<std::uint8_t>(quantised(below).pop(stack) * kStep);
    }
  }
  bool of_bits() const override { return L::kLevels == 2; }

 private:
  static constexpr std::uint32_t kStep = 255 / (L::kLevels - 1);  // between the bytes of neighbouring levels
  template <class Below>
  static Quantised<Below> quantised(const Below& below) {
    return {below, L::kLevels, L::kBits};
  }

  L likelihood_;
};

}  // namespace

std::unique_ptr<PixelCoder> pixel_coder(const Decoder& decoder, portable::Hash& hash) {
  const auto coder = [&]<class L>(std::uint64_t kind, L likelihood) {
    hash.add(kind);
    return std::make_unique<CoderOf<L>>(likelihood);
  };
  if (decoder.as<ImageDecoder<BernoulliLikelihood>>()) return coder(2, Bits());
  if (decoder.as<ImageDecoder<DiscretizedLogisticLikelihood>>()) return coder(256, Logistic256());
  if (decoder.as<ImageDecoder<CategoricalLikelihood>>()) return coder(257, Categorical256());
  if (const auto* mixture = decoder.as<ImageDecoder<MixtureLikelihood>>()) {
    const auto components = static_cast<std::uint64_t>(mixture->likelihood.components);
    return coder(1000 + components, Mixture256(components));
  }
  return nullptr;
}

}  // namespace GRADUS
