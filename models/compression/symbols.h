// Probabilities as whole numbers of slots, the same on every machine and for both directions: what is rounded is the
// distribution function, once, and a symbol is found in it by halving, never through a quantile.
#pragma once

#include "models/compression/ans.h"

namespace GRADUS {

/// A distribution over symbols 0 … levels - 1 as slots: `below(k)` is the probability of symbols below k, 0 < k < levels.
template <class Below>
struct Quantised {
  const Below& below;
  std::uint32_t levels;
  int bits;

  /// The first slot of symbol k. Two slots a symbol are set aside, so that one is left where rounding lets `below` fall.
  std::uint32_t start(std::uint32_t k) const {
    const std::uint32_t all = std::uint32_t{1} << bits;
    if (k == 0 || k == levels) return k == 0 ? 0 : all;
    const double p = below(k), inside = p > 0 ? p < 1 ? p : 1 : 0;
    return static_cast<std::uint32_t>(inside * static_cast<double>(all - 2 * levels)) + 2 * k;
  }
  Slots slots(std::uint32_t k) const {
    const std::uint32_t first = start(k);
    return {first, start(k + 1) - first};
  }
  void push(Ans& stack, std::uint32_t k) const { stack.push(slots(k), bits); }
  std::uint32_t pop(Ans& stack) const {
    const std::uint32_t slot = stack.top(bits);
    std::uint32_t low = 0, high = levels;  // start(low) <= slot < start(high)
    while (high - low > 1) {
      const std::uint32_t middle = low + (high - low) / 2;
      (start(middle) <= slot ? low : high) = middle;
    }
    stack.pop(slots(low), bits);
    return low;
  }
};

}  // namespace GRADUS
