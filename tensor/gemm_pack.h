// Packing: what the micro-kernel reads again and again, laid out in the order in which it reads it.
#pragma once

#include <algorithm>

#include "tensor/simd.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {

/// Some columns of a matrix, or some rows seen as columns: element (k, i) is data[k·k_stride + i·stride].
struct Panel {
  const Real* data;
  std::int64_t stride, k_stride;
  std::int64_t depth;  // K
  int count;           // how many there are, at least 1
};

/// `pack` stores whole registers: so many numbers behind its result are overwritten with anything.
inline constexpr int kPackSlack = kLanes;

/// Writes to[k·width + i] = panel(k, i). Where i ≥ panel.count stands some number of the panel or zero.
inline void pack(const Panel& panel, int width, Real* to) {
  const auto [data, stride, k_stride, depth, count] = panel;
  if (stride == 1) {
    const int whole = count / kLanes * kLanes;
    for (std::int64_t k = 0; k < depth; ++k) {
      const Real* from = data + k * k_stride;
      for (int i = 0; i < whole; i += kLanes) Batch::load(from + i).store(to + k * width + i);
      if (whole < count) Batch::load(from + whole, count - whole).store(to + k * width + whole);
    }
    return;
  }
  if (k_stride != 1) {
    for (std::int64_t k = 0; k < depth; ++k)
      for (int i = 0; i < width; ++i) to[k * width + i] = data[k * k_stride + std::min(i, count - 1) * stride];
    return;
  }
  // Neighbours in memory are neighbours along k: turn squares of kLanes × kLanes. A width that is no multiple of
  // kLanes stores too much to the right, at the start of the next row, which is written after.
  for (int i = (width - 1) / kLanes * kLanes; i >= 0; i -= kLanes) {
    const Real* from[kLanes];
    for (int j = 0; j < kLanes; ++j) from[j] = data + std::min(i + j, count - 1) * stride;
    for (std::int64_t k = 0; k < depth; k += kLanes) {
      const int rest = static_cast<int>(std::min<std::int64_t>(kLanes, depth - k));
      Batch square[kLanes];
      unrolled<kLanes>([&](auto j) __attribute__((always_inline)) {
        square[j] = rest == kLanes ? Batch::load(from[j] + k) : Batch::load(from[j] + k, rest);
      });
      transpose(square);
      unrolled<kLanes>([&](auto j) __attribute__((always_inline)) {
        if (j < rest) square[j].store(to + (k + j) * width + i);
      });
    }
  }
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel
