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
/// registers. A whole cache line along `near` is read at once, for until the next visit it would be gone.
void turn(const Walk& in, int near, Real* out) {
  constexpr std::int64_t kLine = kAlignment / sizeof(Real);
  std::int64_t out_strides[kMaxRank], size = 1;
  for (int axis = in.rank; axis-- > 0; size *= in.extents[axis]) out_strides[axis] = size;
  const std::int64_t length = in.extents[near], lines = ceil_div(length, kLine);
  const std::int64_t others = size / (length * in.extent());  // positions on all axes but `near` and the last
  const std::int64_t tasks = others * lines, per_chunk = 1 + kChunk / (kLine * in.extent());  // a task is one line
  parallel_for(ceil_div(tasks, per_chunk), [&](std::int64_t chunk) {
    for (std::int64_t task = chunk * per_chunk; task < std::min(tasks, (chunk + 1) * per_chunk); ++task) {
      const std::int64_t first = task % lines * kLine, columns = std::min(kLine, length - first);
      const Real* from = in.data + first;
      Real* to = out + first * out_strides[near];
      std::int64_t rest = task / lines;
      for (int axis = in.rank - 2; axis >= 0; --axis) {
        if (axis == near) continue;
        from += rest % in.extents[axis] * in.strides[axis];
        to += rest % in.extents[axis] * out_strides[axis];
        rest /= in.extents[axis];
      }
      for (std::int64_t i = 0; i < in.extent(); i += kLanes)
        turn_rows(from + i * in.stride(), in.stride(), std::min<std::int64_t>(kLanes, in.extent() - i), columns, to + i,
                  out_strides[near]);
    }
  });
}

}  // namespace

void copy(const ConstView& in, const View& out) {
  const std::int64_t size = out.shape.numel();
  if (size == 0) return;
  if (out.contiguous()) {
    const Walk walk(in);
    if (walk.stride() > 1 && walk.extent() >= kLanes)
      for (int axis = 0; axis < walk.rank - 1; ++axis)
        if (walk.strides[axis] == 1 && walk.extents[axis] >= kLanes) return turn(walk, axis, out.data);
    parallel_for(ceil_div(size, kChunk), [&](std::int64_t chunk) {
      const std::int64_t begin = chunk * kChunk;
      Cursor(walk, begin).pack(std::min(kChunk, size - begin), out.data + begin);
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
