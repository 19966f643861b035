// What reductions are made of (reduce.cpp): columns of registers or a row, added up line by line in a fixed tree.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "tensor/parallel.h"
#include "tensor/simd_math.h"
#include "tensor/walk.h"

namespace GRADUS::kernel::reduction {

inline constexpr std::int64_t kLeaf = 32;  // lines that are added one after the other, below the pairwise tree
inline constexpr int kWide = 4;            // registers side by side: enough independent sums to hide the latency
inline constexpr std::int64_t kTile = kWide * kLanes;
inline constexpr Real kInfinity = std::numeric_limits<Real>::infinity();

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
inline std::int64_t cut(std::int64_t count, std::int64_t piece, std::int64_t pieces) {
  return pieces == 1 ? count * piece : count * piece / pieces;
}

template <int width>
using Registers = std::array<Batch, width>;

// `width` registers side by side, from each of the lines begin … end-1, which start at x + lines.offset(i).
template <int width, class Load>
struct Columns {
  const Real* x;
  const Walk& lines;
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
    const auto [extent, stride] = lines.inner();
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
  const Walk& outer;
  Walk::Axis run;
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
    Walk lines = outer;
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
  Registers<width> columns(const Op& op, const Real* first, const Walk& lines, Load load) const {
    const std::int64_t count = lines.count();
    return Columns<width, Load>{first, lines, cut(count, piece, pieces), cut(count, piece + 1, pieces), load}(op);
  }
};

}  // namespace GRADUS::kernel::reduction
