#include "tensor/scatter.h"

#include <algorithm>

#include "tensor/parallel.h"

namespace GRADUS::kernel {
namespace {

constexpr std::int64_t kChunk = 32768;                        // numbers that one thread takes at a time
constexpr std::int64_t kColumns = kAlignment / sizeof(Real);  // side by side: a cache line, which is one thread's alone
constexpr std::int64_t kFew = 32;  // may be added one by one in Real, as in the leaves of a sum's tree (reduce.cpp)

/// `count` columns of what is inside an axis: x and `at` have `n` rows of them, the result `extent`, all `inner` apart.
struct Columns {
  const Real* x;
  const std::int64_t* at;
  Real* out;
  std::int64_t n, extent, inner, count;

  template <class Sum>
  void add(Sum* sums, std::int64_t row) const {
    for (std::int64_t e = 0; e < extent; ++e) std::fill_n(sums + e * row, count, Sum(0));
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < count; ++j) sums[at[i * inner + j] * row + j] += x[i * inner + j];
  }
};

}  // namespace

void scatter_add(const ConstView& x, int axis, std::span<const std::int64_t> at, const View& out) {
  if (x.shape.numel() == 0) {
    std::fill_n(out.data, out.shape.numel(), Real(0));
    return;
  }
  const std::int64_t n = x.shape[axis], extent = out.shape[axis], inner = out.strides[axis];
  const std::int64_t outer = out.shape.numel() / (extent * inner);
  const std::int64_t most = std::min(kColumns, inner), blocks = ceil_div(inner, most), tasks = outer * blocks;
  const std::int64_t per_chunk = 1 + kChunk / ((n + extent) * most);
  parallel_for(ceil_div(tasks, per_chunk), [&](std::int64_t chunk) {
    std::vector<double, PoolAllocator<double>> sums(n > kFew ? extent * most : 0);
    for (std::int64_t task = chunk * per_chunk; task < std::min(tasks, (chunk + 1) * per_chunk); ++task) {
      const std::int64_t line = task / blocks, first = task % blocks * most;
      const Columns c{x.data + line * n * inner + first,
                      at.data() + line * n * inner + first,
                      out.data + line * extent * inner + first,
                      n,
                      extent,
                      inner,
                      std::min(most, inner - first)};
      if (n <= kFew) {
        c.add(c.out, inner);
        continue;
      }
      c.add(sums.data(), most);
      for (std::int64_t e = 0; e < extent; ++e)
        for (std::int64_t j = 0; j < c.count; ++j) c.out[e * inner + j] = static_cast<Real>(sums[e * most + j]);
    }
  });
}

// The positions in `rows` are sorted by the row they name, so that each row is written once, by whichever thread.
void add_rows(const ConstView& x, std::span<const std::int64_t> rows, const View& out) {
  const std::int64_t count = static_cast<std::int64_t>(rows.size()), places = out.shape[0], width = out.shape[1];
  if (count == 0 || width == 0) return;
  using Positions = std::vector<std::int64_t, PoolAllocator<std::int64_t>>;
  Positions begin(places + 1, 0), sorted(count);  // of row r: from begin[r] up to begin[r + 1]
  for (const std::int64_t row : rows) ++begin[row];
  std::int64_t before = 0;
  for (std::int64_t& b : begin) before += std::exchange(b, before);
  for (std::int64_t i = 0; i < count; ++i) sorted[begin[rows[i]]++] = i;
  std::copy_backward(begin.begin(), begin.end() - 1, begin.end());
  begin[0] = 0;

  constexpr std::int64_t most = 4 * kColumns;
  const std::int64_t blocks = ceil_div(width, most), per_chunk = 1 + kChunk / std::min(width, most);
  const std::int64_t parts = ceil_div(count, per_chunk);
  const auto row_at = [&](std::int64_t position) {  // the first whose sum begins there or later
    return std::lower_bound(begin.begin(), begin.end(), position) - begin.begin();
  };
  parallel_for(parts * blocks, [&](std::int64_t chunk) {
    const std::int64_t part = chunk / blocks, first = chunk % blocks * most, columns = std::min(most, width - first);
    const std::int64_t last = std::min<std::int64_t>(places, row_at((part + 1) * per_chunk));
    for (std::int64_t row = row_at(part * per_chunk); row < last; ++row) {
      if (begin[row] == begin[row + 1]) continue;
      double sums[most] = {};
      for (std::int64_t i = begin[row]; i < begin[row + 1]; ++i) {
        const Real* from = x.data + sorted[i] * width + first;
        for (std::int64_t j = 0; j < columns; ++j) sums[j] += from[j];
      }
      Real* to = out.data + row * width + first;
      for (std::int64_t j = 0; j < columns; ++j) to[j] = static_cast<Real>(sums[j]);
    }
  });
}

}  // namespace GRADUS::kernel
