// The elementwise loop: chunks for threads, lines within chunks, whole registers within lines.
#include "tensor/map.h"

#include <algorithm>
#include <optional>

#include "tensor/copy.h"
#include "tensor/parallel.h"
#include "tensor/walk.h"

namespace GRADUS::kernel {
namespace {

constexpr std::int64_t kChunk = 8192;                 // elements that a thread takes at a time, at most
constexpr std::int64_t kBlock = 4096 / sizeof(Real);  // elements packed at a time
constexpr std::int64_t kShortLine = 112;              // a line of fewer elements is not worth a call of its own
static_assert(kBlock % kLanes == 0);                  // of packed blocks only the last has a tail

/// An input, from its first element on.
struct Input {
  Walk walk;
  const Real* data;
  explicit Input(const ConstView& in) : walk(in), data(in.data) {}
};

/// An input along whose walk every line is numbers side by side or one number repeated. What lies in memory in another
/// order is copied to `ordered`; what is repeated, once.
Input line_by_line(const ConstView& in, Storage& ordered) {
  const Input input(in);
  const std::int64_t stride = input.walk.inner().stride;
  if (stride == 0 || stride == 1) return input;
  Shape once = in.shape;
  for (int axis = 0; axis < once.rank(); ++axis)
    if (in.strides[axis] == 0) once = once.with(axis, 1);
  ordered = Storage(once.numel());
  const View copied{ordered.data(), once, contiguous_strides(once)};
  copy({in.data, once, in.strides}, copied);
  return Input(broadcast_view(copied, in.shape));
}

/// Calls body(begin, end) for nearly equal parts of 0 … size that begin at whole registers, in parallel.
template <class Body>
void for_each_chunk(std::int64_t size, const Body& body) {
  const std::int64_t parts = ceil_div(size, kChunk), registers = ceil_div(size, kLanes);
  const auto begin = [&](std::int64_t part) { return std::min(size, registers * part / parts * kLanes); };
  parallel_for(parts, [&](std::int64_t part) { body(begin(part), begin(part + 1)); });
}

/// Inputs of less than a register, filled up with any numbers: for rows see whole registers only.
struct Padded {
  alignas(kAlignment) Real in[kMaxInputs][kLanes];

  void run(RowFunction row, const void* closure, int inputs, std::int64_t count, Real* out) const {
    alignas(kAlignment) Real result[kLanes];
    const Real* from[kMaxInputs];
    std::int64_t step[kMaxInputs];
    for (int i = 0; i < inputs; ++i) {
      from[i] = in[i];
      step[i] = kLanes;
    }
    row(closure, result, from, step, 1);
    std::copy_n(result, count, out);
  }
};

}  // namespace

void map_rows(RowFunction row, const void* closure, const View& out, std::span<const ConstView> in) {
  const std::int64_t size = out.shape.numel();
  const int inputs = static_cast<int>(in.size());

  if (size == 0) return;
  if (size <= kLanes) {  // one register: all of it is tail
    Padded padded;
    for (int i = 0; i < inputs; ++i) {
      Batch(*in[i].data).store(padded.in[i]);
      if (size > 1) Cursor(Walk(in[i]), in[i].data, 0).pack(size, padded.in[i]);
    }
    padded.run(row, closure, inputs, size, out.data);
    return;
  }

  std::optional<Input> walked[kMaxInputs];
  Storage ordered[kMaxInputs];
  // The shortest line divides the others, since all are products of the last extents of one shape: where it ends,
  // no input is left in the middle of a register.
  std::int64_t line = size;
  for (int i = 0; i < inputs; ++i)
    line = std::min(line, walked[i].emplace(line_by_line(in[i], ordered[i])).walk.inner().extent);
  const bool packing = line < kShortLine;  // block by block, the inputs that are not one line
  if (packing) line = size;
  std::int64_t step[kMaxInputs];
  bool packed[kMaxInputs];
  for (int i = 0; i < inputs; ++i) {
    const Walk::Axis& inner = walked[i]->walk.inner();
    packed[i] = inner.extent < line;
    step[i] = !packed[i] && inner.stride == 0 ? 0 : kLanes;
  }

  for_each_chunk(size, [&](std::int64_t begin, std::int64_t end) {
    alignas(kAlignment) Real buffer[kMaxInputs][kBlock];
    std::optional<Cursor> cursors[kMaxInputs];
    for (int i = 0; i < inputs; ++i) cursors[i].emplace(walked[i]->walk, walked[i]->data, begin);
    std::int64_t left = line - begin % line;  // of the line
    while (begin < end) {
      const std::int64_t count = std::min(end - begin, packing ? kBlock : left);
      const std::int64_t whole = count / kLanes, tail = count % kLanes;
      const Real* from[kMaxInputs];
      for (int i = 0; i < inputs; ++i) {
        from[i] = packed[i] || step[i] == 0 ? buffer[i] : cursors[i]->at();
        if (packed[i]) {
          cursors[i]->pack(count, buffer[i]);
        } else {
          if (step[i] == 0) Batch(*cursors[i]->at()).store(buffer[i]);
          cursors[i]->advance(count);
        }
      }
      row(closure, out.data + begin, from, step, whole);
      if (tail > 0) {
        Padded padded;
        for (int i = 0; i < inputs; ++i) {
          const Real* last = from[i] + whole * step[i];
          for (std::int64_t j = 0; j < kLanes; ++j) padded.in[i][j] = last[step[i] == 0 || j < tail ? j : 0];
        }
        padded.run(row, closure, inputs, tail, out.data + begin + whole * kLanes);
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

}  // namespace GRADUS::kernel
