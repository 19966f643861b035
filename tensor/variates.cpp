#include "tensor/variates.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "tensor/parallel.h"

namespace GRADUS::kernel {
namespace {

/// An element's own numbers: its block, and that block enciphered again and again.
class Source {
 public:
  Source(const Rng& rng, std::uint64_t index) : key_(halves(rng.seed)) {
    const auto [i0, i1] = halves(index);
    const auto [s0, s1] = halves(rng.stream);
    words_ = philox({i0, i1, s0, s1}, key_);
  }
  /// In (0, 1), from two words.
  double uniform() {
    if (used_ == 4) {
      words_ = philox(words_, key_);
      used_ = 0;
    }
    const double u = ((words_[used_] >> 5) * 0x1p26 + (words_[used_ + 1] >> 6) + 0.5) * 0x1p-53;
    used_ += 2;
    return std::min(u, 1 - 0x1p-53);
  }
  double normal() {  // Box and Muller's first coordinate
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  static std::array<std::uint32_t, 2> halves(std::uint64_t x) {
    return {static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(x >> 32)};
  }
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> words_;
  int used_ = 0;
};

/// z - log(1 + z) without cancellation.
double log1p_excess(double z) {
  if (std::abs(z) > 0.01) return z - std::log1p(z);
  return z * z * (1 / 2. - z * (1 / 3. - z * (1 / 4. - z * (1 / 5. - z * (1 / 6. - z * (1 / 7. - z / 8))))));
}

/// log(λ^k·e^-λ/k!), by Stirling's formula for large k.
double log_poisson(double k, double rate) {
  if (k < 16) {
    double factorial = 1;
    for (int i = 2; i <= k; ++i) factorial *= i;
    return k * std::log(rate) - rate - std::log(factorial);
  }
  const double u = 1 / k, rest = u * (1 / 12. - u * u * (1 / 360. - u * u * (1 / 1260. - u * u / 1680)));
  return -k * log1p_excess((rate - k) / k) - std::log(2 * std::numbers::pi * k) / 2 - rest;
}

double one_poisson(double rate, Source source) {
  if (!(rate < std::numeric_limits<double>::infinity())) return rate;
  if (rate < 10) {  // events come after exponential waits; count those before the end
    double time = -std::log1p(-source.uniform()), count = 0;
    for (; time < rate; ++count) time -= std::log1p(-source.uniform());
    return count;
  }
  // Transformed rejection: Hörmann 1993, "The transformed rejection method for generating Poisson random variables".
  const double b = 0.931 + 2.53 * std::sqrt(rate), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), within = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = source.uniform() - 0.5, v = source.uniform(), tail = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / tail + b) * u + rate + 0.43);
    if (tail >= 0.07 && v <= within) return k;
    if (k < 0 || (tail < 0.013 && v > tail)) continue;
    if (std::log(v * inverse_alpha / (a / (tail * tail) + b)) <= log_poisson(k, rate)) return k;
  }
}

/// Marsaglia, Tsang 2000, "A simple method for generating gamma variables"; a shape below 1 from that above it.
double one_gamma(double shape, Source source) {
  if (!(shape < std::numeric_limits<double>::infinity())) return shape;
  const double boost = shape < 1 ? std::log(source.uniform()) / shape : 0;
  const double d = (shape < 1 ? shape + 1 : shape) - 1 / 3., c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = source.normal(), t = c * x, u = source.uniform();
    if (t <= -1) continue;
    const double z = t * (3 + t * (3 + t));  // (1 + t)³ - 1
    if (std::log(u) < x * x / 2 - d * log1p_excess(z)) return d * (1 + z) * std::exp(boost);
  }
}

template <class Draw>
void draw_each(const ConstView& parameter, const View& out, Rng& rng, const Draw& draw) {
  constexpr std::int64_t kPerChunk = 1024;
  const std::int64_t size = out.shape.numel();
  parallel_for(ceil_div(size, kPerChunk), [&](std::int64_t chunk) {
    const std::int64_t end = std::min(size, (chunk + 1) * kPerChunk);
    for (std::int64_t i = chunk * kPerChunk; i < end; ++i)
      out.data[i] = draw(std::exp(static_cast<double>(parameter.data[i])), Source(rng, rng.counter + i));
  });
  rng.counter += size;
}

}  // namespace

void poisson(const ConstView& log_rate, const View& out, Rng& rng) {
  draw_each(log_rate, out, rng,
            [](double rate, Source source) { return static_cast<Real>(one_poisson(rate, source)); });
}

void standard_gamma(const ConstView& log_shape, const View& out, Rng& rng) {
  draw_each(log_shape, out, rng, [](double shape, Source source) {
    const Real x = static_cast<Real>(one_gamma(shape, source));
    return x < std::numeric_limits<Real>::min() ? std::numeric_limits<Real>::min() : x;
  });
}

}  // namespace GRADUS::kernel
