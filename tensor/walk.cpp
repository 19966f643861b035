#include "tensor/walk.h"

#include <algorithm>
#include <cstring>

namespace gradus::inline GRADUS_FLAVOUR::kernel {

Walk::Walk(const ConstView& view) : data(view.data) {
  for (int axis = 0; axis < view.shape.rank(); ++axis) {
    if (view.shape[axis] == 1) continue;
    if (rank > 0 && strides[rank - 1] == view.strides[axis] * view.shape[axis]) {
      extents[rank - 1] *= view.shape[axis];
      strides[rank - 1] = view.strides[axis];
    } else {
      extents[rank] = view.shape[axis];
      strides[rank++] = view.strides[axis];
    }
  }
  if (rank > 0) return;
  extents[0] = 1;
  strides[0] = 0;
  rank = 1;
}

// Numbers at a fixed distance, to `out` side by side.
static void pack_line(const Real* from, std::int64_t stride, std::int64_t count, Real* out) {
  if (stride == 0)
    std::fill_n(out, count, *from);
  else if (stride == 1 && count >= 16)  // or a call costs more than it saves
    std::memcpy(out, from, count * sizeof(Real));
  else
    for (std::int64_t i = 0; i < count; ++i) out[i] = from[i * stride];
}

void Walk::pack(std::int64_t begin, std::int64_t count, Real* out) const {
  const int inner = rank - 1;
  std::int64_t index[kMaxRank];
  const Real* from = at(begin);
  for (int axis = inner; axis >= 0; begin /= extents[axis--]) index[axis] = begin % extents[axis];
  while (count > 0) {
    int axis = inner;  // along which it goes on: whole lines, one after another, or a part of one
    if (rank > 1 && index[inner] == 0 && count >= extent()) {
      --axis;
      const std::int64_t lines = std::min(count / extent(), extents[axis] - index[axis]);
      for (std::int64_t i = 0; i < lines; ++i, from += strides[axis], out += extent())
        pack_line(from, stride(), extent(), out);
      index[axis] += lines;
      count -= lines * extent();
    } else {
      const std::int64_t part = std::min(count, extent() - index[inner]);
      pack_line(from, stride(), part, out);
      index[inner] += part;
      from += part * stride();
      out += part;
      count -= part;
    }
    for (; axis > 0 && index[axis] == extents[axis]; --axis) {  // carry
      index[axis] = 0;
      from += strides[axis - 1] - extents[axis] * strides[axis];
      ++index[axis - 1];
    }
  }
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel
