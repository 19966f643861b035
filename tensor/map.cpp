#include "tensor/map.h"

#include <algorithm>
#include <optional>

#include "tensor/copy.h"
#include "tensor/parallel.h"
#include "tensor/walk.h"

namespace gradus::inline GRADUS_FLAVOUR::kernel {
namespace {

constexpr std::int64_t kChunk = 8192;                 // elements that a thread takes at a time, at most
constexpr std::int64_t kBlock = 4096 / sizeof(Real);  // elements of a broken input packed at a time
constexpr std::int64_t kShortLine = 32;               // elements that are not worth a call of their own
static_assert(kBlock % kLanes == 0);                  // of packed blocks only the last has a tail

/// A walk along which every line is numbers side by side or one number repeated. What lies in memory in another order
/// is copied to `ordered`; what is repeated, once.
Walk line_by_line(const ConstView& in, Storage& ordered) {
  const Walk walk(in);
  if (walk.stride() == 0 || walk.stride() == 1) return walk;
  Shape once = in.shape;
  for (int axis = 0; axis < once.rank(); ++axis)
    if (in.strides[axis] == 0) once = once.with(axis, 1);
  ordered = Storage(once.numel());
  const View copied{ordered.data(), once, contiguous_strides(once)};
  copy({in.data, once, in.strides}, copied);
  return Walk(broadcast_view(copied, in.shape));
}

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
      Batch(*in[i].data).store(padded[i]);
      if (size > 1) Cursor(Walk(in[i]), 0).pack(size, padded[i]);
      from[i] = padded[i];
      step[i] = kLanes;
    }
    row(closure, padded[kMaxInputs], from, step, 1);
    std::copy_n(padded[kMaxInputs], size, out.data);
    return;
  }

  std::optional<Walk> walks[kMaxInputs];
  Storage ordered[kMaxInputs];
  std::int64_t line = size;  // the shortest
  for (int i = 0; i < inputs; ++i) line = std::min(line, walks[i].emplace(line_by_line(in[i], ordered[i])).extent());
  const bool packing = line < kShortLine;  // inputs whose lines are shorter than all there is, block by block
  if (packing) line = size;

  for_each_chunk(size, [&](std::int64_t begin, std::int64_t end) {
    alignas(kAlignment) Real buffer[kMaxInputs][kBlock];
    std::optional<Cursor> cursors[kMaxInputs];
    for (int i = 0; i < inputs; ++i) cursors[i].emplace(*walks[i], begin);
    std::int64_t left = line - begin % line;  // of the line
    while (begin < end) {
      const std::int64_t count = std::min(end - begin, packing ? kBlock : left);
      const std::int64_t whole = count / kLanes, tail = count % kLanes;
      const Real* from[kMaxInputs];
      std::int64_t step[kMaxInputs];
      for (int i = 0; i < inputs; ++i) {
        const bool broken = walks[i]->extent() < line, repeated = !broken && walks[i]->stride() == 0;
        step[i] = repeated ? 0 : kLanes;
        from[i] = broken || repeated ? buffer[i] : cursors[i]->at();
        if (repeated) std::fill_n(buffer[i], kLanes, *cursors[i]->at());
        if (broken)
          cursors[i]->pack(count, buffer[i]);
        else
          cursors[i]->advance(count);
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
      left = line;
    }
  });
}

ConstView broadcast_view(const ConstView& view, const Shape& shape) {
  ConstView result{view.data, shape, {}};
  const int added = shape.rank() - view.shape.rank();
  for (int axis = 0; axis < view.shape.rank(); ++axis)
    if (view.shape[axis] == shape[added + axis]) result.strides[added + axis] = view.strides[axis];
  return result;
}

}  // namespace gradus::inline GRADUS_FLAVOUR::kernel
