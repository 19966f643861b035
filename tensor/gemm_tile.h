// The micro-kernel of matrix multiplication: one tile of C, held in registers while K runs by.
#pragma once

#include <algorithm>
#include <array>

#include "tensor/lanes.h"
#include "tensor/parallel.h"

namespace GRADUS::kernel {

// A tile is as high as the register file allows: `vectors` registers for a row of B and one for an element of A leave
// room for this many rows. Two registers wide, its 14 (6) rows take 14·2 + 1 + 2 = 31 of 32 (6·2 + 1 + 2 = 15 of 16).
// Per step of K it loads 16 (8) times for 28 (12) multiplications, so the multipliers never wait for the load ports.
// `extra` columns take a register each, and one for a column of A.
constexpr int most_rows(int vectors, int extra = 0) {
#if defined(__AVX512F__) || defined(__aarch64__)
  const int registers = 32;
  int most = 14;
#else
  const int registers = 16;
  int most = 6;
#endif
#if defined(GRADUS_TILE_ROWS)  // builds with sanitizers: the same code, but minutes less of it to compile
  most = GRADUS_TILE_ROWS;
#endif
  if (extra > 0) most = std::min(most, kLanes);
  return std::min(most, (registers - vectors - 1 - (extra > 0 ? extra + 1 : 0)) / vectors);
}
inline constexpr int kTileVectors = 2;
inline constexpr int kTileRows = most_rows(kTileVectors);
inline constexpr int kTileColumns = kTileVectors * kLanes;
// Where C is narrow or K is short, tiles are wider and less high, so that C is written in longer runs. In a narrow C, a
// last register of few columns would be mostly empty: up to kMostExtra are computed down the rows instead.
inline constexpr int kWidestTile = kAvx512 ? 4 : kTileVectors;
inline constexpr int kMostExtra = kAvx512 ? 4 : 0;
// A panel of B comes from the second-level cache, faster than it is worked off but late: it is fetched this much early.
inline constexpr int kRowsAhead = 16;

/// c = start + a·b. Element (i, k) of A is a[i·a_row + k·a_k], row k of B is b + k·b_k, and so on.
struct Operands {
  std::int64_t depth;  // K
  const Real* a;
  std::int64_t a_row, a_k;
  const Real* b;  // readable in whole registers
  std::int64_t b_k;
  const Real* start;  // none: zero
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

/// Every element is start, then one fma per k in ascending order: its bits depend on nothing else, neither on the
/// tile it falls into nor on where K was cut. `RowsAdjacent` says that a_row is 1, else a_k is 1. Right of its rows'
/// registers, a tile may have `Extra` more columns, each in a register that holds one element of every row.
template <int Rows, int Vectors, bool RowsAdjacent, int Extra = 0>
void tile(const TileCall& t) {
  static_assert(Extra == 0 || (RowsAdjacent && Rows <= kLanes));
  constexpr bool fetch_b = Vectors <= kTileVectors && Extra == 0;  // wider tiles are for a B that stays near
  const int last = t.last;
  const bool whole = !kAvx512 && last == kLanes;
  const std::int64_t a_row = RowsAdjacent ? 1 : t.a_row, a_k = RowsAdjacent ? t.a_k : 1;
  const std::int64_t b_k = t.b_k, c_row = t.c_row;
  for (std::int64_t line = 0; line < t.lines; ++line) {
    const Real* a_tile = t.a + line * t.line.a;
    const Real* b_tile = t.b + line * t.line.b;
    const Real* start_tile = t.start + (t.start ? line * t.line.start : 0);
    Real* c_tile = t.c + line * t.line.c;
    for (std::int64_t n = 0; n < t.tiles; ++n) {
      Batch sum[Rows][Vectors];
      unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
        unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { sum[r][v] = 0; });
      });
      [[maybe_unused]] Batch extra[std::max(Extra, 1)];  // a column each
      unrolled<Extra>([&](auto j) __attribute__((always_inline)) { extra[j] = 0; });
      if (start_tile) {
        if constexpr (Extra > 0) {
          Real column[kLanes] = {};
          unrolled<Extra>([&](auto j) __attribute__((always_inline)) {
            for (int r = 0; r < Rows; ++r) column[r] = start_tile[r * t.start_row + Vectors * kLanes + j];
            extra[j] = Batch::load(column);
          });
        }
        const Real* start = start_tile;
        unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
          unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
            const Real* from = start + v * kLanes;
            sum[r][v] = whole || v + 1 < Vectors ? Batch::load(from) : Batch::load(from, last);
          });
          start += t.start_row;
        });
        start_tile += t.tile.start;
      }
      // The next tile of C: fetched now, it is there when this one is done. (Where it is only written, processors with
      // AVX-512 have queues for it.)
      if (t.depth >= 64 && (t.start_row > 0 || !kAvx512)) {
        const Real* next = n + 1 < t.tiles ? c_tile + t.tile.c : t.c + (line + 1) * t.line.c;
        unrolled<Rows>([&](auto) __attribute__((always_inline)) {
          unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { __builtin_prefetch(next + v * kLanes, 1); });
          next += c_row;
        });
      }
      // Three rows to a pointer: a processor adds 0, 1 or 2 times the row stride while it loads, or any known number.
      constexpr int group = RowsAdjacent ? Rows : 3;
      constexpr int groups = (Rows + group - 1) / group;
      const Real* a[groups];
      unrolled<groups>([&](auto g) __attribute__((always_inline)) { a[g] = a_tile + g * group * a_row; });
      const Real* b = b_tile;
      const std::int64_t b_ahead = kRowsAhead * b_k;
      // Unrolled, it has a twelfth less to decode, which counts where two threads share a core.
#pragma GCC unroll 4
      for (std::int64_t k = t.depth; k > 0; --k) {
        if constexpr (fetch_b)
          unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {  // its lines
            if constexpr (v * sizeof(Batch) % 64 == 0) __builtin_prefetch(b + (b_ahead + v * kLanes));
          });
        Batch row[Vectors];
        unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { row[v] = Batch::load(b + v * kLanes); });
        unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
          const Batch element = a[r / group][r % group * a_row];
          unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
            sum[r][v] = fma(element, row[v], sum[r][v]);
          });
        });
        if constexpr (Extra > 0) {
          const Batch column = Batch::load(a[0]);
          unrolled<Extra>([&](auto j) __attribute__((always_inline)) {
            extra[j] = fma(column, b[Vectors * kLanes + j], extra[j]);
          });
        }
        unrolled<groups>([&](auto g) __attribute__((always_inline)) { a[g] += a_k; });
        b += b_k;
      }
      Real* c = c_tile;
      unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
        unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
          if (whole || v + 1 < Vectors)
            sum[r][v].store(c + v * kLanes);
          else
            sum[r][v].store(c + v * kLanes, last);
        });
        c += c_row;
      });
      if constexpr (Extra > 0) {
        Real column[kLanes];
        unrolled<Extra>([&](auto j) __attribute__((always_inline)) {
          extra[j].store(column);
          for (int r = 0; r < Rows; ++r) c_tile[r * c_row + Vectors * kLanes + j] = column[r];
        });
      }
      a_tile += t.tile.a;
      b_tile += t.tile.b;
      c_tile += t.tile.c;
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
    unrolled<most_rows(v + 1)>([&](auto r) { table[r][v] = tile<r + 1, v + 1, RowsAdjacent>; });
  });
  return table;
}();

/// Those with extra columns: the highest ones only, at [vectors - 1][extra - 1].
inline constexpr auto kTilesWithExtra = [] {
  std::array<std::array<TileKernel, kMostExtra>, kWidestTile - 1> table{};
  unrolled<kWidestTile - 1>([&](auto v) {
    unrolled<kMostExtra>([&](auto j) {
      table[v][j] = tile<most_rows(v + 1, j + 1), v + 1, true, j + 1>;
    });
  });
  return table;
}();

}  // namespace GRADUS::kernel
