// The micro-kernel of matrix multiplication: one tile of C, held in registers while K runs by.
#pragma once

#include <array>

#include "tensor/parallel.h"
#include "tensor/simd.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {

// A tile is kTileRows rows of kTileVectors registers. With one register for an element of A and kTileVectors for a
// row of B it fills the register file: 14·2 + 1 + 2 = 31 of 32, or 6·2 + 1 + 2 = 15 of 16. Per step of K it loads
// 16 (8) times for 28 (12) multiplications, so the multipliers never wait for the load ports.
#if defined(GRADUS_TILE_ROWS)  // builds with sanitizers: the same code, but minutes less of it to compile
inline constexpr int kTileRows = GRADUS_TILE_ROWS;
#elif defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int kTileRows = 14;
#else
inline constexpr int kTileRows = 6;
#endif
inline constexpr int kTileVectors = 2;
// A panel of B comes from the second-level cache, faster than it is worked off but late: it is fetched this much early.
inline constexpr int kRowsAhead = 16;
inline constexpr int kTileColumns = kTileVectors * kLanes;

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
  std::int64_t a_ahead;       // so much of the next line's part of A is fetched beside each tile
};

/// Every element is start, then one fma per k in ascending order: its bits depend on nothing else, neither on the
/// tile it falls into nor on where K was cut. `RowsAdjacent` says that a_row is 1, else a_k is 1.
template <int Rows, int Vectors, bool RowsAdjacent>
void tile(const TileCall& t) {
  const int last = t.last;
  const bool whole = !kAvx512 && last == kLanes;
  const std::int64_t a_row = RowsAdjacent ? 1 : t.a_row, a_k = RowsAdjacent ? t.a_k : 1;
  const std::int64_t b_k = t.b_k, c_row = t.c_row;
  for (std::int64_t line = 0; line < t.lines; ++line) {
    const Real* a_tile = t.a + line * t.line.a;
    const Real* b_tile = t.b + line * t.line.b;
    const Real* start_tile = t.start + (t.start ? line * t.line.start : 0);
    Real* c_tile = t.c + line * t.line.c;
    const Real* a_next = a_tile + t.line.a;
    for (std::int64_t n = 0; n < t.tiles; ++n) {
      Batch sum[Rows][Vectors];
      unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
        unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { sum[r][v] = 0; });
      });
      if (start_tile) {
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
      // AVX-512 have queues for it.) The next part of A would push this one out of the first-level cache; it has time
      // in the second.
      if (t.depth >= 64 && (t.start_row > 0 || !kAvx512)) {
        const Real* next = n + 1 < t.tiles ? c_tile + t.tile.c : t.c + (line + 1) * t.line.c;
        unrolled<Rows>([&](auto) __attribute__((always_inline)) {
          unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { __builtin_prefetch(next + v * kLanes, 1); });
          next += c_row;
        });
      }
      for (std::int64_t i = 0; i < t.a_ahead; i += 64 / sizeof(Real)) __builtin_prefetch(a_next + i, 0, 2);
      a_next += t.a_ahead;
      // Three rows to a pointer: a processor adds 0, 1 or 2 times the row stride while it loads, or any known number.
      constexpr int group = RowsAdjacent ? Rows : 3;
      constexpr int groups = (Rows + group - 1) / group;
      const Real* a[groups];
      unrolled<groups>([&](auto g) __attribute__((always_inline)) { a[g] = a_tile + g * group * a_row; });
      const Real* b = b_tile;
      const Real* b_next = b + kRowsAhead * b_k;
      // Unrolled, it has a twelfth less to decode, which counts where two threads share a core.
#pragma GCC unroll 4
      for (std::int64_t k = t.depth; k > 0; --k) {
        unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {  // its lines
          if constexpr (v * sizeof(Batch) % 64 == 0) __builtin_prefetch(b_next + v * kLanes);
        });
        Batch row[Vectors];
        unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { row[v] = Batch::load(b + v * kLanes); });
        unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
          const Batch element = a[r / group][r % group * a_row];
          unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
            sum[r][v] = fma(element, row[v], sum[r][v]);
          });
        });
        unrolled<groups>([&](auto g) __attribute__((always_inline)) { a[g] += a_k; });
        b += b_k;
        b_next += b_k;
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
      a_tile += t.tile.a;
      b_tile += t.tile.b;
      c_tile += t.tile.c;
    }
  }
}

using TileKernel = void (*)(const TileCall&);
using TileTable = std::array<std::array<TileKernel, kTileVectors>, kTileRows>;

/// The kernel for every size of tile up to the full one, at [rows - 1][vectors - 1].
template <bool RowsAdjacent>
inline constexpr TileTable kTiles = []<int... R>(std::integer_sequence<int, R...>) {
  return TileTable{{{tile<R + 1, 1, RowsAdjacent>, tile<R + 1, 2, RowsAdjacent>}...}};
}(std::make_integer_sequence<int, kTileRows>());

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel
