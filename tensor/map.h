// The elementwise loop: one ordinary function that walks any strides and runs a row function over whole registers.
#pragma once

#include "tensor/lanes.h"
#include "tensor/tensor.h"

namespace GRADUS::kernel {

/// Computes `registers` output registers. Input i is read at in[i] + r·step[i]: step is kLanes, or 0 for an
/// input that is one register repeated. `closure` is whatever the row function was made with.
using RowFunction = void (*)(const void* closure, Real* out, const Real* const* in, const std::int64_t* step,
                             std::int64_t registers);
inline constexpr int kMaxInputs = 6;  // the tensors of an elementwise op, and the weight of its derivative

/// out = row(in...) element by element. `out` is row-major; every input has out's shape and any strides. Rows see
/// whole registers only: tails are padded here. An input may be `out` itself (the same memory and strides).
void map_rows(RowFunction row, const void* closure, const View& out, std::span<const ConstView> in);

/// The same for a lambda over lanes, as a kernel of its own: map([](Batch a, Batch b) { return a * b; }, out, {x, y}).
template <class F, std::size_t n>
void map(const F& f, const View& out, const ConstView (&in)[n]) {
  static_assert(n <= kMaxInputs);
  constexpr RowFunction row = [](const void* closure, Real* to, const Real* const* from, const std::int64_t* step,
                                 std::int64_t registers) {
    const F f = *static_cast<const F*>(closure);  // a copy: a store might change what is only referred to
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      const Real* at[] = {from[i]...};
      const std::int64_t steps[] = {step[i]...};
      for (; registers > 0; --registers, to += kLanes) {
        f(Batch::load(at[i])...).store(to);
        ((at[i] += steps[i]), ...);
      }
    }(std::make_index_sequence<n>{});
  };
  map_rows(row, &f, out, in);
}

/// `view` over the elements of `shape`, to which its own shape broadcasts (the caller has checked).
ConstView broadcast_view(const ConstView& view, const Shape& shape);

}  // namespace GRADUS::kernel
