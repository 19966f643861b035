// Packing: what the micro-kernel reads again and again, laid out in the order in which it reads it.
#pragma once

#include <algorithm>

#include "tensor/shuffle.h"

namespace GRADUS::kernel {

/// What is packed: columns of a matrix, or rows seen as columns. Element (k, i) is data[k·k_stride + i·stride].
struct PackSource {
  const Real* data;
  std::int64_t stride, k_stride;
  std::int64_t depth;  // K
  std::int64_t count;  // of columns, at least 1
};

/// `pack` stores whole registers: so many numbers behind each panel are overwritten with anything.
inline constexpr int kPackSlack = kLanes;

/// Packs panels of `width` columns: to[p·panel_size + k·width + i] = source(k, p·width + i). In the last panel,
/// what fills a row up to whole registers is some number of the row or zero, and the rest undefined.
inline void pack(const PackSource& source, int width, std::int64_t panel_size, Real* to) {
  const auto [data, stride, k_stride, depth, count] = source;
  if (stride == 1) {  // k outside, so that memory is read in long runs
    for (std::int64_t k = 0; k < depth; ++k)
      for (std::int64_t first = 0, panel = 0; first < count; first += width, panel += panel_size) {
        const Real* const from = data + k * k_stride + first;
        Real* const row = to + panel + k * width;
        const std::int64_t rest = count - first;
        for (int i = 0; i < width && i < rest; i += kLanes)
          if (rest - i >= kLanes)
            Batch::load(from + i).store(row + i);
          else
            Batch::load(from + i, static_cast<int>(rest - i)).store(row + i);
      }
    return;
  }
  for (std::int64_t first = 0; first < count; first += width, to += panel_size) {
    const std::int64_t last = std::min(first + width, count) - 1;
    if (k_stride != 1) {
      for (std::int64_t k = 0; k < depth; ++k)
        for (int i = 0; i < width; ++i) to[k * width + i] = data[k * k_stride + std::min(first + i, last) * stride];
      continue;
    }
    // Neighbours in memory are neighbours along k: kLanes columns are turned into rows, a few at a time. A width that
    // is not a multiple of kLanes stores too much at the right, where the next row begins, which is written later.
    for (std::int64_t i = (last - first) / kLanes * kLanes; i >= 0; i -= kLanes) {
      const Real* from[kLanes];
      for (int j = 0; j < kLanes; ++j) from[j] = data + std::min(first + i + j, last) * stride;
      const auto turn = [=, &from](std::int64_t k, std::int64_t valid) __attribute__((always_inline)) {
        Batch rows[kPer16Bytes];
        load_transposed(from, k, rows);
        unrolled<kPer16Bytes>([&](auto j) __attribute__((always_inline)) {
          if (j < valid) rows[j].store(to + (k + j) * width + i);
        });
      };
      const std::int64_t whole = depth / kPer16Bytes * kPer16Bytes;
      for (std::int64_t k = 0; k < whole; k += kPer16Bytes) turn(k, kPer16Bytes);
      if (whole < depth) turn(whole, depth - whole);
    }
  }
}

}  // namespace GRADUS::kernel
