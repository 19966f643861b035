// What a reduction does to a shape.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS::detail {

/// The shape after reducing `axes` of x: with extent 1 there (`kept`), and without them (`dropped`).
struct Reduced {
  std::array<bool, kMaxRank> axes;
  Shape kept, dropped;
  std::int64_t count = 1;  // elements behind each result

  Reduced(const char* op, const Tensor& x, const Axes& named) : axes(named.in(op, x.shape())) {
    std::array<std::int64_t, kMaxRank> ones{}, rest{};
    int left = 0;
    for (int i = 0; i < x.rank(); ++i) {
      ones[i] = axes[i] ? 1 : x.shape()[i];
      if (axes[i])
        count *= x.shape()[i];
      else
        rest[left++] = x.shape()[i];
    }
    kept = Shape(std::span(ones.data(), x.rank()));
    dropped = Shape(std::span(rest.data(), left));
  }

  /// The axes of x with the reduced ones at one end, in their order, as permute takes them.
  Axes order(int rank, bool reduced_last) const {
    std::array<int, kMaxRank> order;
    int placed = 0;
    for (const bool reduced : {!reduced_last, reduced_last})
      for (int i = 0; i < rank; ++i)
        if (axes[i] == reduced) order[placed++] = i;
    return Axes(std::span<const int>(order.data(), rank));
  }
};

}  // namespace GRADUS::detail
