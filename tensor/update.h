// Several arrays changed in place in one pass, as optimisers do.
#pragma once

#include <algorithm>
#include <array>

#include "tensor/lanes.h"
#include "tensor/parallel.h"

namespace GRADUS::kernel {

/// Runs rule(lanes, g) for each register of `size` numbers: lanes[i] is read from written[i] and stored back, g is only
/// read. The arrays do not overlap.
template <std::size_t n, class Rule>
void update(const std::array<Real*, n>& written, const Real* g, std::int64_t size, const Rule& rule) {
  constexpr std::int64_t kChunk = 16384;  // elements that one thread takes at a time
  // `count` registers side by side, for a rule is a chain of operations that wait for each other.
  const auto run = []<int count>(const Rule& step, const std::array<Real*, n>& at, const Real* g_at,
                                 std::integral_constant<int, count>) __attribute__((always_inline)) {
    std::array<Batch, n> lanes[count];
    unrolled<count>([&](auto r) __attribute__((always_inline)) {
      for (std::size_t i = 0; i < n; ++i) lanes[r][i] = Batch::load(at[i] + r * kLanes);
      step(lanes[r], Batch::load(g_at + r * kLanes));
    });
    unrolled<count>([&](auto r) __attribute__((always_inline)) {
      for (std::size_t i = 0; i < n; ++i) lanes[r][i].store(at[i] + r * kLanes);
    });
  };
  parallel_for(ceil_div(size, kChunk), [&](std::int64_t chunk) {
    const Rule own = rule;  // which no store can reach, so that what it computes from its numbers leaves the loop
    const std::int64_t end = std::min(size, (chunk + 1) * kChunk);
    std::int64_t e = chunk * kChunk;
    std::array<Real*, n> at;
    const auto pass = [&](auto count) __attribute__((always_inline)) {
      for (; e + count * kLanes <= end; e += count * kLanes) {
        for (std::size_t i = 0; i < n; ++i) at[i] = written[i] + e;
        run(own, at, g + e, count);
      }
    };
    constexpr std::integral_constant<int, 1> one;
    pass(std::integral_constant<int, 4>());
    pass(one);
    if (e == end) return;
    Real padded[n + 1][kLanes] = {};  // the tail, in a register of its own
    for (std::size_t i = 0; i < n; ++i) {
      std::copy(written[i] + e, written[i] + end, padded[i]);
      at[i] = padded[i];
    }
    std::copy(g + e, g + end, padded[n]);
    run(own, at, padded[n], one);
    for (std::size_t i = 0; i < n; ++i) std::copy_n(padded[i], end - e, written[i] + e);
  });
}

}  // namespace GRADUS::kernel
