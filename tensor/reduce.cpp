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
#include <limits>

#include "tensor/parallel.h"
#include "tensor/simd_math.h"

namespace GRADUS::kernel {
namespace {

constexpr std::int64_t kLeaf = 32;  // lines that are added one after the other, below the pairwise tree
constexpr int kWide = 4;            // registers side by side: enough independent sums to hide the latency
constexpr std::int64_t kTile = kWide * kLanes;
constexpr std::int64_t kPiece = 65536;        // numbers behind which a sum is cut in two: the tree depends on it
constexpr std::int64_t kChunk = 16384;        // numbers that one thread adds up at a time, about 3 µs
constexpr std::int64_t kLinesPerPiece = 128;  // at least, so that the second round costs little
constexpr Real kInfinity = std::numeric_limits<Real>::infinity();

// Some axes of the input, outermost first, walked in row-major order.
struct Loops {
  struct Axis {
    std::int64_t extent, stride;
  };
  std::array<Axis, kMaxRank + 1> axes;
  int rank = 0;

  Axis& back() { return axes[rank - 1]; }
  /// Adds an axis inside the others; merges it with its neighbour where memory walks on.
  void append(Axis axis) {
    if (rank > 0 && (back().extent == 1 || back().stride == axis.extent * axis.stride))
      back() = {back().extent * axis.extent, axis.stride};
    else
      axes[rank++] = axis;
  }
  std::int64_t count() const {
    std::int64_t product = 1;
    for (int i = 0; i < rank; ++i) product *= axes[i].extent;
    return product;
  }
  std::int64_t offset(std::int64_t position) const {
    std::int64_t sum = 0;
    for (int i = rank - 1; i > 0; position /= axes[i--].extent) sum += position % axes[i].extent * axes[i].stride;
    return sum + position * axes[0].stride;
  }
};

// What happens to each number before it is combined (`of`, in register j of a line), how two are combined, how the
// lanes of a register are, and the number that changes nothing.
struct Add {
  static constexpr Real kNeutral = 0;
  Batch of(Batch x, int) const { return x; }
  static Batch combine(Batch a, Batch b) { return a + b; }
  static Real fold(Batch x) { return gradus::sum(x); }
};
struct Larger {
  static constexpr Real kNeutral = -kInfinity;
  Batch of(Batch x, int) const { return x; }
  static Batch combine(Batch a, Batch b) { return gradus::max(a, b); }
  static Real fold(Batch x) { return gradus::max(x); }
};
struct AddExp {
  static constexpr Real kNeutral = -kInfinity;
  std::array<Batch, kWide> shift;
  [[gnu::always_inline]] Batch of(Batch x, int j) const { return gradus::exp(x - shift[j]); }
  static Batch combine(Batch a, Batch b) { return a + b; }
  static Real fold(Batch x) { return gradus::sum(x); }
};

// How a register is filled from memory: kLanes neighbours, the first few of them, or numbers any distance apart. What
// is left of a register is neutral.
struct Neighbours {
  static constexpr std::int64_t kStep = 1;
  Batch operator()(const Real* x, Real) const { return Batch::load(x); }
};
struct Few {
  static constexpr std::int64_t kStep = 0;  // of use for a single register only
  static constexpr auto kNumbers = [] {
    std::array<Real, kLanes> numbers{};
    for (int i = 0; i < kLanes; ++i) numbers[i] = static_cast<Real>(i);
    return numbers;
  }();
  int lanes;
  Batch operator()(const Real* x, Real neutral) const {
    return where(Batch::load(kNumbers.data()) < lanes, Batch::load(x, lanes), neutral);
  }
};
struct Spread {
  static constexpr std::int64_t kStep = 0;
  std::int64_t stride;
  int lanes;
  Batch operator()(const Real* x, Real neutral) const {
    alignas(kAlignment) Real numbers[kLanes];
    for (int i = 0; i < kLanes; ++i) numbers[i] = i < lanes ? x[i * stride] : neutral;
    return Batch::load(numbers);
  }
};

// Where piece `piece` of `pieces` equal ones begins. (The division is not free: rows may be many and short.)
std::int64_t cut(std::int64_t count, std::int64_t piece, std::int64_t pieces) {
  return pieces == 1 ? count * piece : count * piece / pieces;
}

template <int width>
using Registers = std::array<Batch, width>;

// `width` registers side by side, from each of the lines begin … end-1, which start at x + lines.offset(i).
template <int width, class Load>
struct Columns {
  const Real* x;
  const Loops& lines;
  std::int64_t begin, end;
  Load load;

  template <class Op>
  Registers<width> operator()(const Op& op) const {
    return tree(op, begin, end);
  }

 private:
  template <class Op>
  Registers<width> tree(const Op& op, std::int64_t first, std::int64_t last) const {
    if (last - first <= kLeaf) return leaf(op, first, last);
    const std::int64_t leaves = ceil_div(last - first, kLeaf);
    const std::int64_t middle = first + leaves / 2 * kLeaf;
    Registers<width> total = tree(op, first, middle);
    const Registers<width> rest = tree(op, middle, last);
    for (int j = 0; j < width; ++j) total[j] = op.combine(total[j], rest[j]);
    return total;
  }

  // Not inlined: or compilers unroll the recursion above, with one copy of this loop each time.
  template <class Op>
  [[gnu::noinline]] Registers<width> leaf(const Op& op, std::int64_t first, std::int64_t last) const {
    const auto [extent, stride] = lines.axes[lines.rank - 1];
    Registers<width> total;
    for (int j = 0; j < width; ++j) total[j] = op.of(Op::kNeutral, j);
    while (first < last) {
      const Real* line = x + lines.offset(first);
      const std::int64_t run = std::min(last - first, lines.rank == 1 ? last : extent - first % extent);
      for (std::int64_t i = 0; i < run; ++i, line += stride)
        for (int j = 0; j < width; ++j)
          total[j] = op.combine(total[j], op.of(load(line + j * kLanes * Load::kStep, Op::kNeutral), j));
      first += run;
    }
    return total;
  }
};

// Everything that makes one result: a run of numbers for every position of `outer`. The run is cut into lines, and
// what is left over into columns of one register each. All lanes of the value are the result.
struct Row {
  const Real* x;
  const Loops& outer;
  Loops::Axis run;
  std::int64_t piece, pieces;

  template <class Op>
  Registers<1> operator()(const Op& op) const {
    const bool short_run = run.stride == 1 && run.extent <= kLeaf * kTile && outer.count() == 1 && pieces == 1;
    return {Batch(op.fold(short_run ? leaf(op) : tree(op)))};
  }

 private:
  // What the tree makes of a single run that is no longer than a leaf of it.
  template <class Op>
  Batch leaf(const Op& op) const {
    Batch total = op.of(Op::kNeutral, 0);
    std::int64_t i = 0;
    if (run.extent >= kTile) {
      Registers<kWide> wide;
      wide.fill(total);
      for (; i + kTile <= run.extent; i += kTile)
        for (int j = 0; j < kWide; ++j) wide[j] = op.combine(wide[j], op.of(Batch::load(x + i + j * kLanes), j));
      total = op.combine(op.combine(wide[0], wide[1]), op.combine(wide[2], wide[3]));
    }
    for (; i + kLanes <= run.extent; i += kLanes) total = op.combine(total, op.of(Batch::load(x + i), 0));
    if (i < run.extent) {
      const Few few{static_cast<int>(run.extent - i)};
      total = op.combine(total, op.of(few(x + i, Op::kNeutral), 0));
    }
    return total;
  }

  template <class Op>
  Batch tree(const Op& op) const {
    const std::int64_t width = run.stride == 1 ? kTile : kLanes;
    const std::int64_t whole = run.extent / width;
    Loops lines = outer;
    lines.append({whole, width * run.stride});
    Batch total = op.of(Op::kNeutral, 0);
    if (whole > 0) {
      if (run.stride == 1) {
        const auto wide = columns<kWide>(op, x, lines, Neighbours{});
        total = op.combine(op.combine(wide[0], wide[1]), op.combine(wide[2], wide[3]));
      } else {
        total = columns<1>(op, x, lines, Spread{run.stride, kLanes})[0];
      }
    }
    for (std::int64_t i = whole * width; i < run.extent; i += kLanes) {
      const int lanes = static_cast<int>(std::min<std::int64_t>(kLanes, run.extent - i));
      const Real* rest = x + i * run.stride;
      total = op.combine(total, run.stride != 1   ? columns<1>(op, rest, outer, Spread{run.stride, lanes})[0]
                                : lanes == kLanes ? columns<1>(op, rest, outer, Neighbours{})[0]
                                                  : columns<1>(op, rest, outer, Few{lanes})[0]);
    }
    return total;
  }

  template <int width, class Op, class Load>
  Registers<width> columns(const Op& op, const Real* first, const Loops& lines, Load load) const {
    const std::int64_t count = lines.count();
    return Columns<width, Load>{first, lines, cut(count, piece, pieces), cut(count, piece + 1, pieces), load}(op);
  }
};

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
  Loops kept, reduced;  // all but the axis that the lanes run along
  Loops::Axis lane;
  bool across;  // that axis is kept
  Real repeats = 1;

  // Axes of one element vanish, and so do repeated ones that are reduced: they only count. The order of the others
  // that are reduced is free: the order of memory.
  Plan(const ConstView& in, const View& out) {
    std::array<Loops::Axis, kMaxRank> axes;
    int count = 0;
    for (int axis = 0; axis < in.shape.rank(); ++axis) {
      const Loops::Axis a{in.shape[axis], in.strides[axis]};
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
    if (kept.rank == 0) kept.append({1, 0});
    if (reduced.rank == 0) reduced.append({1, 0});

    // Lanes should be neighbours in memory, if there are any; but of short rows there should be many at once.
    const bool rows = reduced.back().stride == 1 && reduced.back().extent >= kTile;
    across = kept.back().stride == 1 || (!rows && kept.back().extent >= kLanes);
    Loops& rest = across ? kept : reduced;
    lane = rest.back();
    if (--rest.rank == 0) rest.append({1, 0});
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
  const Loops& lines = plan.reduced;
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
  const Loops::Axis along{in.shape[axis], in.strides[axis]};
  Loops kept;
  kept.append({1, 0});
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
