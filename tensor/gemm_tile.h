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

/// One call of the micro-kernel: c = start + a·b for some tiles side by side or one below the other. Strides in
/// elements; those that end in `_tile` lead from one tile to the next.
struct TileCall {
  std::int64_t depth;  // K
  const Real* a;
  std::int64_t a_row, a_k, a_tile;
  const Real* b;  // row k is b + k·b_k, whole registers
  std::int64_t b_k, b_tile;
  const Real* start;  // row r is start + r·start_row; stride 0 gives every row the same start
  std::int64_t start_row, start_tile;
  Real* c;
  std::int64_t c_row, c_tile;
  std::int64_t tiles;  // of `Vectors` registers each
  int last;            // columns in the last register of a row of C and start, 1 to kLanes
  // What the next call begins with, fetched while this one runs: its first tile, so far from that of this call, and its
  // part of A where that is one piece of memory, else none.
  std::int64_t c_next;
  const Real* a_next;
  std::int64_t a_next_size;
};

/// Every element is start, then one fma per k in ascending order: its bits depend on nothing else, neither on the
/// tile it falls into nor on where K was cut. `RowsAdjacent` says that a_row is 1, else a_k is 1.
template <int Rows, int Vectors, bool RowsAdjacent>
void tile(const TileCall& t) {
  const int last = t.last;
  const bool whole = last == kLanes;
  const std::int64_t a_row = RowsAdjacent ? 1 : t.a_row;
  const std::int64_t a_k = RowsAdjacent ? t.a_k : 1;
  const Real* start = t.start;
  Real* c = t.c;
  const std::int64_t share = t.a_next_size / t.tiles;
  for (std::int64_t n = 0; n < t.tiles; ++n) {
    Batch sum[Rows][Vectors];
    unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
        const Real* from = start + r * t.start_row + v * kLanes;
        sum[r][v] = whole || v + 1 < Vectors ? Batch::load(from) : Batch::load(from, last);
      });
    });
    // The next tile of C: fetched now, it is there when this one is done. The next part of A would push this one out
    // of the first-level cache; it has time in the second.
    const Real* next = n + 1 < t.tiles ? c + t.c_tile : t.c + t.c_next;
    if (t.depth >= 64)
      unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
        unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
          __builtin_prefetch(next + r * t.c_row + v * kLanes, 1);
        });
      });
    for (std::int64_t i = 0; i < share; i += 64 / sizeof(Real)) __builtin_prefetch(t.a_next + n * share + i, 0, 2);
    // Three rows to a pointer: a processor adds 0, 1 or 2 times the row stride while it loads.
    constexpr int groups = (Rows + 2) / 3;
    const Real* a[groups];
    unrolled<groups>([&](auto g) __attribute__((always_inline)) { a[g] = t.a + n * t.a_tile + 3 * g * a_row; });
    const Real* b = t.b + n * t.b_tile;
    // Unrolled, it has a twelfth less to decode, which counts where two threads share a core.
#pragma GCC unroll 4
    for (std::int64_t k = 0; k < t.depth; ++k) {
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {  // its lines, so many rows ahead
        if constexpr (v * sizeof(Batch) % 64 == 0) __builtin_prefetch(b + kRowsAhead * t.b_k + v * kLanes);
      });
      Batch row[Vectors];
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { row[v] = Batch::load(b + v * kLanes); });
      unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
        const Batch element = a[r / 3][r % 3 * a_row];
        unrolled<Vectors>([&](auto v) __attribute__((always_inline)) { sum[r][v] = fma(element, row[v], sum[r][v]); });
      });
      unrolled<groups>([&](auto g) __attribute__((always_inline)) { a[g] += a_k; });
      b += t.b_k;
    }
    Real* to = c;
    const std::int64_t c_row = t.c_row;
    unrolled<Rows>([&](auto r) __attribute__((always_inline)) {
      unrolled<Vectors>([&](auto v) __attribute__((always_inline)) {
        if (whole || v + 1 < Vectors)
          sum[r][v].store(to + v * kLanes);
        else
          sum[r][v].store(to + v * kLanes, last);
      });
      to += c_row;
    });
    c += t.c_tile;
    start += t.start_tile;
  }
}

using TileKernel = void (*)(const TileCall&);
using TileTable = std::array<std::array<TileKernel, kTileVectors>, kTileRows>;

/// The kernel for every size of tile up to the full one, at [rows - 1][vectors - 1].
template <bool RowsAdjacent>
inline constexpr TileTable kTiles = []<int... R>(std::integer_sequence<int, R...>) {
  return TileTable{{{tile<R + 1, 1, RowsAdjacent>, tile<R + 1, 2, RowsAdjacent>}...}};
}(std::make_integer_sequence<int, kTileRows>());

/// The start of sums that begin at zero, with start_row = start_tile = 0.
inline constexpr Real kZeros[kTileColumns] = {};

/// Runs the kernel for tiles of that many rows and columns, at least 1 of each; fills in call.last.
inline void run_tiles(TileCall& call, std::int64_t rows, std::int64_t columns) {
  const std::int64_t vectors = ceil_div(columns, kLanes);
  call.last = static_cast<int>(columns - (vectors - 1) * kLanes);
  const TileTable& kernels = call.a_row == 1 ? kTiles<true> : kTiles<false>;
  kernels[rows - 1][vectors - 1](call);
}

// Blocking for the first-level cache, of 32 KiB at least: in a block of K this deep, 14 rows of A fill two thirds.
inline constexpr std::int64_t kBlockDepth = 1600 / sizeof(Real);
/// True when K is so short that a panel of B stays in it beside the panels of A, which are narrower, passing by.
inline constexpr bool rows_inside(std::int64_t depth) { return depth * kTileColumns * sizeof(Real) <= 16 << 10; }

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel
