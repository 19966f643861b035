// The numbers that matrix multiplication was tuned by, in one place, each with what was measured.
//
// Measured on two shared machines: Emerald Rapids (AVX-512; caches of 48 KiB and 2 MiB) and Zen 3 (AVX2; 32 and
// 512 KiB), on the 32 products of bench/gemm_cases.h. Ratios travel, times do not.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tensor/simd.h"

namespace GRADUS::kernel {

// ---- The micro-kernel (gemm_tile.h) --------------------------------------------------------------------------------

/// How many rows a tile may have: as many as the register file allows. `vectors` registers for a row of B and one for
/// an element of A leave room for them. Two registers wide, 14 rows (6) take 14·2 + 1 + 2 = 31 of 32 registers
/// (6·2 + 1 + 2 = 15 of 16), and a step of K loads 16 times (8) for 28 multiplications (12): the multipliers never
/// wait for the load ports. `extra` columns take a register each, and one for a column of A.
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

// Where C is narrow or K is short, tiles are wider and less high, so that C is written in longer runs.
inline constexpr int kWidestTile = kAvx512 ? 4 : kTileVectors;
// In a narrow C, a last register of few columns would be mostly empty: up to so many are computed down the rows. Without
// them dW of the layers 20 -> 500 and 50 -> 200 takes 36 % and 19 % longer.
inline constexpr int kMostExtra = kAvx512 ? 4 : 0;
// A panel of B comes from the second-level cache, faster than it is worked off but late: it is fetched this much early.
inline constexpr int kRowsAhead = 16;
// While K is shorter, the next tile of C would be fetched before this one is done.
inline constexpr std::int64_t kFetchTilesFrom = 64;

// ---- The caches (gemm_plan.cpp, gemm_block.h) ----------------------------------------------------------------------

// A block of K is so deep that the rows of A which stay in the first-level cache while B passes by take 10 KB, or 28
// with AVX-512. The cache has 32 KiB at least, and 48 in many processors with AVX-512: there 2048³ takes 3 % less than
// with the shallower block.
inline constexpr std::int64_t kBlockDepth = (kAvx512 ? 2048 : 1600) / sizeof(Real);
// A panel of B up to this many bytes stays in the first-level cache beside the panels of A, which are narrower. With
// AVX-512 none does: registers as wide as lines of the cache read B as fast from the second level.
inline constexpr std::int64_t kPanelThatStays = kAvx512 ? 0 : 16 << 10;
// A chain of additions errs in proportion to its length, and at 2^24 terms it stops growing; longer ones are cut in
// halves, which costs an addition for every 2,000 multiplications and a buffer of C's size.
inline constexpr std::int64_t kLongestChain = 4096;
// The panels of a chunk are 400 KB for a block of K, in a second-level cache of at least 512 KiB; or 1 MB with AVX-512,
// where that cache has 1 or 2 MiB.
inline constexpr std::int64_t kChunkPanels = 16;
// While K is so short, writing C takes a good part of the time, so tiles are of the widest.
inline constexpr std::int64_t kShortDepth = kAvx512 ? 48 : 32;

// A copy pays when it is read so many times: A's by panels of columns, B's by panels of rows. Where registers are as
// wide as lines of the cache, tiles read B's own rows as fast as a copy, unless they are a harmful stride apart.
inline constexpr std::int64_t kCopiesPayFrom = 8;
inline constexpr std::int64_t kCopiesOfGoodRowsPayFrom = kAvx512 ? 32 : kCopiesPayFrom;
// Numbers that lie so many bytes apart, or a multiple, compete for the same few places of the first-level cache (64
// sets of 64 bytes): rows that a tile reads side by side, 14 of A, sooner than those that follow one another along K.
inline constexpr std::int64_t kHarmfulBeside = 1024, kHarmfulAlong = 4096;

// ---- Threads -------------------------------------------------------------------------------------------------------

// So many multiplications (some 10 µs) are left to one thread. More are cut in two or four, which threads share evenly;
// beyond four pieces, what each fetches and copies anew costs more than a better balance of the load gains.
inline constexpr std::int64_t kChunkWork = 1 << 20;
inline constexpr std::int64_t kMostChunksWanted = 4;

// ---- Dot products (gemm_dot.h) -------------------------------------------------------------------------------------

// kLanes dot products at once, rows × columns, each in its own register.
inline constexpr int kDotRows = kLanes >= 8 ? 4 : 2;
inline constexpr int kDotColumns = kLanes / kDotRows;
static_assert(kDotRows * kDotColumns == kLanes);
// Of more rows, the first have left the cache when the next columns want them.
inline constexpr std::int64_t kMostDotRows = kAvx512 ? 64 : 2 * kDotRows;
// Adding up the lanes of a register takes as long as so many of its multiplications.
inline constexpr std::int64_t kLaneSumCost = 6;
/// How much longer loads take, in sixths, where rows or columns do not begin with lines of the cache, so that loads
/// cross them; `strides` are those between rows or columns, or-ed. No product of bench/gemm_cases.h depends on it. Of
/// 82 that do, with 12 to 64 rows, dot products would be chosen without it, and take 22 % longer than tiles in the mean
/// and half as long again at worst.
constexpr int dot_load_sixths(std::int64_t strides) {
  return strides % kLanes == 0 ? 0 : strides % (kLanes / 2) == 0 ? 1 : 2;
}
// Copying B takes as long as so many rows more; with AVX-512, where multiplications are twice as fast, 14.
inline constexpr std::int64_t kCopyCostInRows = kAvx512 ? 14 : 10;

}  // namespace GRADUS::kernel
