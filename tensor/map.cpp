#include "tensor/map.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "tensor/parallel.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {
namespace {

constexpr std::int64_t kChunk = 8192;                 // elements that a thread takes at a time, at most
constexpr std::int64_t kBlock = 4096 / sizeof(Real);  // elements of a strided input packed at a time
static_assert(kBlock % kLanes == 0);                  // only the last block of all has a tail

// A view with neighbouring axes merged where one walks on from the other, to be read in row-major order.
struct Walk {
  const Real* data;
  int rank = 0;
  std::int64_t extents[kMaxRank];
  std::int64_t strides[kMaxRank];

  explicit Walk(const ConstView& view) : data(view.data) {
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
  }
  bool one_run() const { return rank == 0 || (rank == 1 && strides[0] == 1); }
  bool one_value() const { return rank == 0 || (rank == 1 && strides[0] == 0); }

  /// Copies the elements begin … begin+count-1 to `out`.
  void pack(std::int64_t begin, std::int64_t count, Real* out) const {
    if (rank == 0) {
      *out = *data;
      return;
    }
    std::int64_t index[kMaxRank];
    const Real* at = data;
    for (int axis = rank - 1; axis >= 0; --axis) {
      index[axis] = begin % extents[axis];
      begin /= extents[axis];
      at += index[axis] * strides[axis];
    }
    const int inner = rank - 1;
    const std::int64_t stride = strides[inner];
    while (count > 0) {
      const std::int64_t run = std::min(count, extents[inner] - index[inner]);
      if (stride == 1) {
        std::memcpy(out, at, run * sizeof(Real));
      } else if (stride == 0) {
        std::fill_n(out, run, *at);
      } else {
        for (std::int64_t i = 0; i < run; ++i) out[i] = at[i * stride];
      }
      out += run;
      count -= run;
      index[inner] += run;
      at += run * stride;
      for (int axis = inner; axis > 0 && index[axis] == extents[axis]; --axis) {  // carry
        index[axis] = 0;
        at += strides[axis - 1] - extents[axis] * strides[axis];
        ++index[axis - 1];
      }
    }
  }
};

/// Calls body(begin, end) for nearly equal parts of 0 … size that begin at whole registers, in parallel.
template <class Body>
void for_each_chunk(std::int64_t size, const Body& body) {
  const std::int64_t parts = ceil_div(size, kChunk), registers = ceil_div(size, kLanes);
  const auto begin = [&](std::int64_t part) { return std::min(size, registers * part / parts * kLanes); };
  parallel_for(parts, [&](std::int64_t part) { body(begin(part), begin(part + 1)); });
}

}  // namespace

void map_rows(RowFunction row, const void* closure, const View& out, std::span<const ConstView> in) {
  const std::int64_t size = out.shape.numel();
  const int inputs = static_cast<int>(in.size());

  if (size <= kLanes) {  // one register: all of it is tail
    alignas(kAlignment) Real padded[kMaxInputs + 1][kLanes];
    const Real* from[kMaxInputs];
    std::int64_t step[kMaxInputs];
    if (size == 0) return;
    for (int i = 0; i < inputs; ++i) {
      Walk(in[i]).pack(0, size, padded[i]);
      std::fill(padded[i] + size, padded[i] + kLanes, padded[i][0]);
      from[i] = padded[i];
      step[i] = kLanes;
    }
    row(closure, padded[kMaxInputs], from, step, 1);
    std::copy_n(padded[kMaxInputs], size, out.data);
    return;
  }

  alignas(kAlignment) Real splat[kMaxInputs][kLanes];
  std::optional<Walk> walks[kMaxInputs];
  bool strided = false;
  for (int i = 0; i < inputs; ++i) {
    const Walk& walk = walks[i].emplace(in[i]);
    if (walk.one_value())
      std::fill_n(splat[i], kLanes, *walk.data);
    else
      strided |= !walk.one_run();
  }

  for_each_chunk(size, [&](std::int64_t begin, std::int64_t end) {
    alignas(kAlignment) Real packed[kMaxInputs][kBlock];
    while (begin < end) {
      const std::int64_t count = strided ? std::min(kBlock, end - begin) : end - begin;
      const std::int64_t whole = count / kLanes, tail = count % kLanes;
      const Real* from[kMaxInputs];
      std::int64_t step[kMaxInputs];
      for (int i = 0; i < inputs; ++i) {
        step[i] = kLanes;
        const Walk& walk = *walks[i];
        if (walk.one_value()) {
          from[i] = splat[i];
          step[i] = 0;
        } else if (walk.one_run()) {
          from[i] = walk.data + begin;
        } else {
          walk.pack(begin, count, packed[i]);
          from[i] = packed[i];
        }
      }
      row(closure, out.data + begin, from, step, whole);
      if (tail > 0) {
        alignas(kAlignment) Real padded[kMaxInputs + 1][kLanes];
        for (int i = 0; i < inputs; ++i) {
          const Real* last = from[i] + whole * step[i];
          for (std::int64_t j = 0; j < kLanes; ++j) padded[i][j] = last[step[i] == 0 || j < tail ? j : 0];
          from[i] = padded[i];
          step[i] = kLanes;
        }
        row(closure, padded[kMaxInputs], from, step, 1);
        std::copy_n(padded[kMaxInputs], tail, out.data + begin + whole * kLanes);
      }
      begin += count;
    }
  });
}

void copy(const ConstView& in, const View& out) {
  const std::int64_t size = out.shape.numel();
  if (out.contiguous()) {
    const Walk walk(in);
    for_each_chunk(size, [&](std::int64_t begin, std::int64_t end) {
      walk.pack(begin, end - begin, out.data + begin);
    });
  } else if (size > 0) {  // slice by slice along the first axis until what is written is contiguous
    const auto first = [](auto& view, std::int64_t i) {
      auto slice = view;
      slice.data += i * view.strides[0];
      slice.shape = view.shape.without(0);
      std::copy(view.strides.begin() + 1, view.strides.end(), slice.strides.begin());
      return slice;
    };
    for (std::int64_t i = 0; i < out.shape[0]; ++i) copy(first(in, i), first(out, i));
  }
}

ConstView broadcast_view(const ConstView& view, const Shape& shape) {
  ConstView result{view.data, shape, {}};
  const int added = shape.rank() - view.shape.rank();
  for (int axis = 0; axis < view.shape.rank(); ++axis)
    if (view.shape[axis] == shape[added + axis]) result.strides[added + axis] = view.strides[axis];
  return result;
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel
