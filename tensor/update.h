// Several arrays changed in place in one pass, as optimisers do.
#pragma once

#include <algorithm>
#include <array>

#include "tensor/parallel.h"
#include "tensor/simd.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {

/// Runs rule(lanes, g) for each register of `size` numbers: lanes[i] is read from written[i] and stored back, g is only
/// read. The arrays do not overlap.
template <std::size_t n, class Rule>
void update(const std::array<Real*, n>& written, const Real* g, std::int64_t size, const Rule& rule) {
  constexpr std::int64_t kChunk = 16384;  // elements that one thread takes at a time
  const auto run = [&](const std::array<Real*, n>& at, const Real* g_at) {
    std::array<Batch, n> lanes;
    for (std::size_t i = 0; i < n; ++i) lanes[i] = Batch::load(at[i]);
    rule(lanes, Batch::load(g_at));
    for (std::size_t i = 0; i < n; ++i) lanes[i].store(at[i]);
  };
  parallel_for(ceil_div(size, kChunk), [&](std::int64_t chunk) {
    const std::int64_t end = std::min(size, (chunk + 1) * kChunk);
    std::int64_t e = chunk * kChunk;
    std::array<Real*, n> at;
    for (; e + kLanes <= end; e += kLanes) {
      for (std::size_t i = 0; i < n; ++i) at[i] = written[i] + e;
      run(at, g + e);
    }
    if (e == end) return;
    Real padded[n + 1][kLanes] = {};  // the tail, in a register of its own
    for (std::size_t i = 0; i < n; ++i) {
      std::copy(written[i] + e, written[i] + end, padded[i]);
      at[i] = padded[i];
    }
    std::copy(g + e, g + end, padded[n]);
    run(at, padded[n]);
    for (std::size_t i = 0; i < n; ++i) std::copy_n(padded[i], end - e, written[i] + e);
  });
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel
