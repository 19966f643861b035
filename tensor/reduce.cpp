// Every reduction is one loop: add up lines of registers, pairwise, so the error grows with log n instead of n.
//
//        columns (lanes run across results)          a row (lanes run along what is reduced)
//
//        line 0   x x x x | x x x x                  x x x x | x x x x | x x x x     is cut into lines:
//        line 1   x x x x | x x x x                                                  line 0   x x x x
//        line 2   x x x x | x x x x                                                  line 1   x x x x
//                 ↓ ↓ ↓ ↓   ↓ ↓ ↓ ↓                                                  line 2   x x x x
//                 4 results 4 results                                                         ↓ ↓ ↓ ↓ → 1 result
//
// Large reductions are cut into pieces by size; the pieces' results are reduced once more by the same code.
#include "tensor/reduce.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "tensor/parallel.h"
#include "tensor/reduce_parts.h"

namespace GRADUS::kernel {
namespace {

using namespace reduction;

constexpr std::int64_t kPiece = 65536;        // numbers behind which a sum is cut in two: the tree depends on it
constexpr std::int64_t kChunk = 16384;        // numbers that one thread adds up at a time, about 3 µs
constexpr std::int64_t kLinesPerPiece = 128;  // at least, so that the second round costs little

// The reductions, over columns or a row alike. Every number counts `repeats` times. kCost: how long a
// number takes, in additions.
struct Sum {
  static constexpr std::int64_t kCost = 1;
  static constexpr Real kEmpty = 0;
  auto operator()(const auto& part, Real repeats) const {
    auto total = part(Add{});
    for (Batch& x : total) x = x * repeats;
    return total;
  }
};
struct Max {
  static constexpr std::int64_t kCost = 1;
  static constexpr Real kEmpty = -kInfinity;
  auto operator()(const auto& part, Real) const { return part(Larger{}); }
};
// log Σ exp(x) = m + log Σ exp(x − m), and m = max x keeps exp within 1. Where m is infinite or NaN, so is the
// result, and m = 0 leads to it.
struct LogSumExp {
  static constexpr std::int64_t kCost = 8;
  static constexpr Real kEmpty = -kInfinity;
  auto operator()(const auto& part, Real repeats) const {
    auto result = part(Larger{});
    AddExp add;
    for (std::size_t j = 0; j < add.shift.size(); ++j) {
      const Batch largest = result[j % result.size()];
      add.shift[j] = where(abs(largest) < kInfinity, largest, Batch(0));
    }
    const auto total = part(add);
    for (std::size_t j = 0; j < result.size(); ++j) result[j] = add.shift[j] + log(total[j] * repeats);
    return result;
  }
};

// What is to be done, in as few axes as possible.
struct Plan {
  Walk kept, reduced;  // all but the axis that the lanes run along
  Walk::Axis lane;
  bool across;  // that axis is kept
  Real repeats = 1;

  // Axes of one element vanish, and so do repeated ones that are reduced: they only count. The order of the others
  // that are reduced is free: the order of memory.
  Plan(const ConstView& in, const View& out) {
    std::array<Walk::Axis, kMaxRank> axes;
    int count = 0;
    for (int axis = 0; axis < in.shape.rank(); ++axis) {
      const Walk::Axis a{in.shape[axis], in.strides[axis]};
      if (a.extent == 1) continue;
      if (out.shape[axis] == a.extent) {
        kept.append(a);
      } else if (a.stride == 0) {
        repeats *= static_cast<Real>(a.extent);
      } else {
        int i = count++;
        for (; i > 0 && std::abs(axes[i - 1].stride) < std::abs(a.stride); --i) axes[i] = axes[i - 1];
        axes[i] = a;
      }
    }
    for (int i = 0; i < count; ++i) reduced.append(axes[i]);

    // Lanes should be neighbours in memory, if there are any; but of short rows there should be many at once.
    const bool rows = reduced.inner().stride == 1 && reduced.inner().extent >= kTile;
    across = kept.inner().stride == 1 || (!rows && kept.inner().extent >= kLanes);
    lane = (across ? kept : reduced).pop();
  }
};

// One piece of one row, and of at most kTile neighbouring columns, of a plan.
template <class Reduction>
void reduce_row(const Reduction& reduction, const Plan& plan, const Real* x, std::int64_t piece, std::int64_t pieces,
                Real* result) {
  alignas(kAlignment) Real lanes[kLanes];
  reduction(Row{x, plan.reduced, plan.lane, piece, pieces}, plan.repeats)[0].store(lanes);
  *result = lanes[0];
}

template <class Reduction>
void reduce_columns(const Reduction& reduction, const Plan& plan, const Real* x, std::int64_t width, std::int64_t piece,
                    std::int64_t pieces, Real* result) {
  const Walk& lines = plan.reduced;
  const std::int64_t stride = plan.lane.stride;
  const std::int64_t begin = cut(lines.count(), piece, pieces), end = cut(lines.count(), piece + 1, pieces);
  if (width == kTile && stride == 1) {
    const auto wide = reduction(Columns<kWide, Neighbours>{x, lines, begin, end, {}}, plan.repeats);
    for (int j = 0; j < kWide; ++j) wide[j].store(result + j * kLanes);
    return;
  }
  for (; width > 0; width -= kLanes, x += kLanes * stride, result += kLanes) {
    const int count = static_cast<int>(std::min<std::int64_t>(kLanes, width));
    const auto with = [&](auto load) {
      return reduction(Columns<1, decltype(load)>{x, lines, begin, end, load}, plan.repeats)[0];
    };
    const Batch results = stride != 1       ? with(Spread{stride, count})
                          : count == kLanes ? with(Neighbours{})
                                            : with(Few{count});
    results.store(result, count);
  }
}

template <class Reduction>
void reduce(const Reduction& reduction, const ConstView& in, const View& out) {
  const std::int64_t results = out.shape.numel();
  if (in.shape.numel() == 0) {
    std::fill_n(out.data, results, Reduction::kEmpty);
    return;
  }
  const Plan plan(in, out);
  const std::int64_t run = plan.across ? plan.lane.extent : 1;   // results side by side
  const std::int64_t tile = std::min<std::int64_t>(kTile, run);  // those of one task
  const std::int64_t tiles = ceil_div(run, tile);
  const std::int64_t tasks = plan.kept.count() * tiles;  // of each piece

  const std::int64_t size = plan.reduced.count() * (plan.across ? 1 : plan.lane.extent);  // numbers behind a result
  const std::int64_t lines = plan.across ? size : size / kTile;
  const std::int64_t pieces = std::clamp(results * size / kPiece, std::int64_t{1}, 1 + lines / kLinesPerPiece);
  const Storage partial(pieces > 1 ? checked_mul(pieces, results) : 0);
  Real* const to = pieces > 1 ? partial.data() : out.data;

  const std::int64_t tasks_per_chunk = 1 + kChunk / (1 + size * tile / pieces * Reduction::kCost);
  const std::int64_t chunks = ceil_div(tasks * pieces, tasks_per_chunk);
  parallel_for(chunks, [&](std::int64_t chunk) {
    const std::int64_t first = chunk * tasks_per_chunk;
    std::int64_t piece = first / tasks, task = first % tasks;
    for (std::int64_t n = std::min(tasks_per_chunk, tasks * pieces - first); n > 0; --n) {
      const std::int64_t row = tiles == 1 ? task : task / tiles, column = (task - row * tiles) * tile;
      const Real* x = in.data + plan.kept.offset(row) + column * plan.lane.stride;
      Real* result = to + piece * results + row * run + column;
      if (plan.across)
        reduce_columns(reduction, plan, x, std::min(tile, run - column), piece, pieces, result);
      else
        reduce_row(reduction, plan, x, piece, pieces, result);
      if (++task == tasks) {
        task = 0;
        ++piece;
      }
    }
  });
  if (pieces > 1)
    reduce(reduction, {partial.data(), {pieces, results}, {results, 1}}, View{out.data, {1, results}, {results, 1}});
}

}  // namespace

void sum(const ConstView& in, const View& out) { reduce(Sum{}, in, out); }
void max(const ConstView& in, const View& out) { reduce(Max{}, in, out); }
void logsumexp(const ConstView& in, const View& out) { reduce(LogSumExp{}, in, out); }

// In two passes: how large the largest is, which registers find, then where it first stands.
void argmax(const ConstView& in, int axis, std::int64_t* out) {
  const Walk::Axis along{in.shape[axis], in.strides[axis]};
  Walk kept;
  for (int i = 0; i < in.shape.rank(); ++i)
    if (i != axis) kept.append({in.shape[i], in.strides[i]});
  const Shape results = in.shape.with(axis, 1);
  const Storage largest(results.numel());
  max(in, {largest.data(), results, contiguous_strides(results)});
  const std::int64_t per_chunk = std::max<std::int64_t>(1, kChunk / along.extent);
  parallel_for(ceil_div(results.numel(), per_chunk), [&](std::int64_t chunk) {
    const std::int64_t end = std::min(results.numel(), (chunk + 1) * per_chunk);
    for (std::int64_t result = chunk * per_chunk; result < end; ++result) {
      const Real* x = in.data + kept.offset(result);
      const Real sought = largest.data()[result];
      const auto search = [&](auto found) {
        std::int64_t i = 0;
        while (!found(x[i * along.stride])) ++i;
        return i;
      };
      out[result] = std::isnan(sought) ? search([](Real y) { return std::isnan(y); })
                                       : search([=](Real y) { return y == sought; });
    }
  });
}

}  // namespace GRADUS::kernel
