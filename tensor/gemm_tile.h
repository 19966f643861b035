// The micro-kernel of matrix multiplication: tiles of C, each held in registers while K runs by.
#pragma once

#include <algorithm>
#include <array>

#include "tensor/gemm_tuning.h"
#include "tensor/lanes.h"

namespace GRADUS::kernel {

/// c = start + a·b. Element (i, k) of A is a[i·a_row + k·a_k], row k of B is b + k·b_k, and so on.
struct Operands {
  std::int64_t depth;  // K
  const Real* a;
  std::int64_t a_row, a_k;
  const Real* b;  // readable in whole registers
  std::int64_t b_k;
  const Real* start;       // none: zero
  std::int64_t start_row;  // 0: every row has the same start
  Real* c;
  std::int64_t c_row;
};

/// From one tile to another.
struct Step {
  std::int64_t a, b, start, c;
};

/// One call of the micro-kernel: a rectangle of tiles of the same size, line by line, from the operands of the first.
struct TileCall : Operands {
  std::int64_t tiles, lines;  // tiles in a line
  Step tile, line;            // to the next
  int last;                   // columns in the last register of a row of C and start, 1 to kLanes
};

/// One element of A for each row of a tile. `Adjacent`: they lie side by side.
template <int Rows, bool Adjacent>
struct Elements {
  // Three rows to a pointer: a processor adds 0, 1 or 2 times the distance while it loads, or any known number.
  static constexpr int kGroup = Adjacent ? Rows : 3, kGroups = (Rows + kGroup - 1) / kGroup;
  const Real* at[kGroups];
  std::int64_t row, k;  // from an element to that of the next row, and of the next k

  [[gnu::always_inline]] Elements(const Operands& x, const Real* first)
      : row(Adjacent ? 1 : x.a_row), k(Adjacent ? x.a_k : 1) {
    unrolled<kGroups>([&](auto g) __attribute__((always_inline)) { at[g] = first + g * kGroup * row; });
  }
  [[gnu::always_inline]] Batch operator[](int r) const { return at[r / kGroup][r % kGroup * row]; }
  [[gnu::always_inline]] void advance() {
    unrolled<kGroups>([&](auto g) __attribute__((always_inline)) { at[g] += k; });
  }
};

/// Rows of C, `Vectors` registers each.
template <int Rows, int Vectors>
struct Tile {
  Batch sum[Rows][Vectors];

  [[gnu::always_inline]] void clear() {
    unrolled<Rows * Vectors>([&](auto i) __attribute__((always_inline)) { sum[i / Vectors][i % Vectors] = 0; });
  }
  /// Of the last register of a row only `last` columns are touched in memory.
  [[gnu::always_inline]] void load(const Real* from, std::int64_t row, int last) {
    each(from, row, [&](auto r, auto v, const Real* at) __attribute__((always_inline)) {
      sum[r][v] = whole(v, last) ? Batch::load(at) : Batch::load(at, last);
    });
  }
  [[gnu::always_inline]] void store(Real* to, std::int64_t row, int last) const {
    each(to, row, [&](auto r, auto v, Real* at) __attribute__((always_inline)) {
      whole(v, last) ? sum[r][v].store(at) : sum[r][v].store(at, last);
    });
  }
  /// Has the cache fetch the place where a tile will be written.
  [[gnu::always_inline]] static void fetch(const Real* place, std::int64_t row) {
    each(place, row, [](auto, auto, const Real* at) __attribute__((always_inline)) { __builtin_prefetch(at, 1); });
  }
  /// Has it fetch a row of B, a line of the cache at a time.
  [[gnu::always_inline]] static void fetch_row(const Real* b) {
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
      if constexpr (v * sizeof(Batch) % 64 == 0) __builtin_prefetch(b + v * kLanes);
    });
  }
  /// Adds the product of a column of A and a row of B.
  template <bool Adjacent>
  [[gnu::always_inline]] void step(const Elements<Rows, Adjacent>& a, const Real* b) {
    Batch row[Vectors];
    unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { row[v] = Batch::load(b + v * kLanes); });
    unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
      const Batch element = a[r];
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { sum[r][v] = fma(element, row[v], sum[r][v]); });
    });
  }

 private:
  static constexpr bool whole(int v, int last) { return v + 1 < Vectors || (!kAvx512 && last == kLanes); }

  /// Calls f(r, v, where it lies) for every register of rows that begin at `at`, `row` apart.
  template <class T, class F>
  [[gnu::always_inline]] static void each(T* at, std::int64_t row, F f) {
    unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { f(r, v, at + v * kLanes); });
      at += row;
    });
  }
};

/// Some more columns of C at the right of a tile, each in a register that holds one element of every row.
template <int Rows, int Count>
struct ExtraColumns {
  static_assert(Count == 0 || Rows <= kLanes);
  Batch sum[std::max(Count, 1)];

  [[gnu::always_inline]] void clear() {
    unrolled<Count>([&](auto j) __attribute__((always_inline)) { sum[j] = 0; });
  }
  [[gnu::always_inline]] void load(const Real* from, std::int64_t row) {
    Real column[kLanes] = {};
    unrolled<Count>([&](auto j) __attribute__((always_inline)) {
      for (int r = 0; r < Rows; ++r) column[r] = from[r * row + j];
      sum[j] = Batch::load(column);
    });
  }
  [[gnu::always_inline]] void store(Real* to, std::int64_t row) const {
    Real column[kLanes];
    unrolled<Count>([&](auto j) __attribute__((always_inline)) {
      sum[j].store(column);
      for (int r = 0; r < Rows; ++r) to[r * row + j] = column[r];
    });
  }
  [[gnu::always_inline]] void step(const Real* a, const Real* b) {
    if constexpr (Count > 0) {
      const Batch column = Batch::load(a);
      unrolled<Count>([&](auto j) __attribute__((always_inline)) { sum[j] = fma(column, b[j], sum[j]); });
    }
  }
};

/// Every element is start, then one fma per k in ascending order: its bits depend on nothing else, neither on the
/// tile it falls into nor on where K was cut. `RowsAdjacent` says that a_row is 1, else a_k is 1.
template <int Rows, int Vectors, bool RowsAdjacent, int Extra = 0>
void multiply_tiles(const TileCall& t) {
  static_assert(Extra == 0 || RowsAdjacent);
  constexpr bool fetch_b = Vectors <= kTileVectors && Extra == 0;  // wider tiles are for a B that stays near
  // Where C is only written, processors with AVX-512 have queues for it.
  const bool fetch_c = t.depth >= kFetchTilesFrom && (t.start_row > 0 || !kAvx512);
  const std::int64_t b_k = t.b_k, b_ahead = kRowsAhead * b_k;
  for (std::int64_t line = 0; line < t.lines; ++line) {
    const Real* a_tile = t.a + line * t.line.a;
    const Real* b_tile = t.b + line * t.line.b;
    const Real* start = t.start + (t.start ? line * t.line.start : 0);
    Real* c = t.c + line * t.line.c;
    for (std::int64_t n = 0; n < t.tiles; ++n, a_tile += t.tile.a, b_tile += t.tile.b, c += t.tile.c) {
      Tile<Rows, Vectors> tile;
      ExtraColumns<Rows, Extra> extra;
      tile.clear();
      extra.clear();
      if (start) {
        tile.load(start, t.start_row, t.last);
        extra.load(start + Vectors * kLanes, t.start_row);
        start += t.tile.start;
      }
      if (fetch_c) tile.fetch(n + 1 < t.tiles ? c + t.tile.c : t.c + (line + 1) * t.line.c, t.c_row);
      Elements<Rows, RowsAdjacent> a(t, a_tile);
      const Real* b = b_tile;
      // Unrolled, it has a twelfth less to decode, which counts where two threads share a core.
#pragma GCC unroll 4
      for (std::int64_t k = t.depth; k > 0; --k, b += b_k) {
        if constexpr (fetch_b) tile.fetch_row(b + b_ahead);
        tile.step(a, b);
        extra.step(a.at[0], b + Vectors * kLanes);
        a.advance();
      }
      tile.store(c, t.c_row, t.last);
      extra.store(c + Vectors * kLanes, t.c_row);
    }
  }
}

using TileKernel = void (*)(const TileCall&);
using TileTable = std::array<std::array<TileKernel, kWidestTile>, kTileRows>;

/// The kernel for every size of tile, at [rows - 1][vectors - 1].
template <bool RowsAdjacent>
inline constexpr TileTable kTiles = [] {
  TileTable table{};
  unrolled<kWidestTile>([&](auto v) {
    unrolled<most_rows(v + 1)>([&](auto r) { table[r][v] = multiply_tiles<r + 1, v + 1, RowsAdjacent>; });
  });
  return table;
}();

/// Those with extra columns: the highest ones only, at [vectors - 1][extra - 1].
inline constexpr auto kTilesWithExtra = [] {
  std::array<std::array<TileKernel, kMostExtra>, kWidestTile - 1> table{};
  unrolled<kWidestTile - 1>([&](auto v) {
    unrolled<kMostExtra>([&](auto j) { table[v][j] = multiply_tiles<most_rows(v + 1, j + 1), v + 1, true, j + 1>; });
  });
  return table;
}();

}  // namespace GRADUS::kernel
