// Copies: packed along walks or, where memory runs along another axis, turned in registers.
#include "tensor/copy.h"

#include <algorithm>

#include "tensor/parallel.h"
#include "tensor/shuffle.h"
#include "tensor/walk.h"

namespace GRADUS::kernel {
namespace {

constexpr std::int64_t kChunk = 8192;  // elements that a thread copies at a time

/// to[j·to_stride + i] = from[i·from_stride + j] for i < rows, j < columns; of rows at most kLanes.
void turn_rows(const Real* from, std::int64_t from_stride, std::int64_t rows, std::int64_t columns, Real* to,
               std::int64_t to_stride) {
  std::int64_t j = 0;
  if (rows == kLanes) {
    const Real* lines[kLanes];
    unrolled<kLanes>([&](auto i) __attribute__((always_inline)) { lines[i] = from + i * from_stride; });
    for (; j + kPer16Bytes <= columns; j += kPer16Bytes) {
      Batch turned[kPer16Bytes];
      load_transposed(lines, j, turned);
      unrolled<kPer16Bytes>([&](auto i) __attribute__((always_inline)) { turned[i].store(to + (j + i) * to_stride); });
    }
  }
  for (; j < columns; ++j)
    for (std::int64_t i = 0; i < rows; ++i) to[j * to_stride + i] = from[i * from_stride + j];
}

/// A row-major copy of what lies in memory along another axis, `near`, than the last: in strips that are turned in
/// registers. A whole line of the cache along `near` is read at once: by the next visit it would be gone.
void turn(const Walk& in, int near, const Real* data, Real* out) {
  constexpr std::int64_t kLine = kAlignment / sizeof(Real);
  const std::int64_t rows = in.inner().extent, row_stride = in.inner().stride;
  const std::int64_t length = in.axes[near].extent, lines = ceil_div(length, kLine);
  Walk others, others_out;       // all axes but `near` and the last, in memory and in the copy
  std::int64_t near_stride = 0;  // of the copy
  for (std::int64_t axis = 0, stride = in.count(); axis < in.rank - 1; ++axis) {
    const auto& [extent, in_stride] = in.axes[axis];
    stride /= extent;
    if (axis == near) {
      near_stride = stride;
    } else {
      others.append({extent, in_stride});
      others_out.append({extent, stride});
    }
  }
  const std::int64_t tasks = others.count() * lines, per_chunk = 1 + kChunk / (kLine * rows);  // a task is one line
  parallel_for(ceil_div(tasks, per_chunk), [&](std::int64_t chunk) {
    for (std::int64_t task = chunk * per_chunk; task < std::min(tasks, (chunk + 1) * per_chunk); ++task) {
      const std::int64_t first = task % lines * kLine, columns = std::min(kLine, length - first);
      const Real* from = data + first + others.offset(task / lines);
      Real* to = out + first * near_stride + others_out.offset(task / lines);
      for (std::int64_t i = 0; i < rows; i += kLanes)
        turn_rows(from + i * row_stride, row_stride, std::min<std::int64_t>(kLanes, rows - i), columns, to + i,
                  near_stride);
    }
  });
}

}  // namespace

void copy(const ConstView& in, const View& out) {
  const std::int64_t size = out.shape.numel();
  if (size == 0) return;
  if (out.contiguous()) {
    const Walk walk(in);
    if (walk.inner().stride > 1 && walk.inner().extent >= kLanes)
      for (int axis = 0; axis < walk.rank - 1; ++axis)
        if (walk.axes[axis].stride == 1 && walk.axes[axis].extent >= kLanes) return turn(walk, axis, in.data, out.data);
    parallel_for(ceil_div(size, kChunk), [&](std::int64_t chunk) {
      const std::int64_t begin = chunk * kChunk;
      Cursor(walk, in.data, begin).pack(std::min(kChunk, size - begin), out.data + begin);
    });
    return;
  }
  // Slice by slice along the first axis until what is written is contiguous.
  const auto first = [](auto& view, std::int64_t i) {
    auto slice = view;
    slice.data += i * view.strides[0];
    slice.shape = view.shape.without(0);
    std::copy(view.strides.begin() + 1, view.strides.end(), slice.strides.begin());
    return slice;
  };
  for (std::int64_t i = 0; i < out.shape[0]; ++i) copy(first(in, i), first(out, i));
}

}  // namespace GRADUS::kernel
