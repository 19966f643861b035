// Packing from a walk: by parts of lines, and by whole lines as long as there are any.
#include "tensor/walk.h"

#include <algorithm>
#include <cstring>

namespace GRADUS::kernel {

// Numbers at a fixed distance, to `out` side by side.
static void pack_line(const Real* from, std::int64_t stride, std::int64_t count, Real* out) {
  if (stride == 0)
    std::fill_n(out, count, *from);
  else if (stride == 1 && count >= 16)  // for fewer, memcpy costs more than it saves
    std::memcpy(out, from, count * sizeof(Real));
  else
    for (std::int64_t i = 0; i < count; ++i) out[i] = from[i * stride];
}

void Cursor::pack(std::int64_t count, Real* out) {
  const int inner = walk_.rank - 1;
  const auto [extent, stride] = walk_.inner();
  while (count > 0) {
    if (inner == 0 || index_[inner] > 0 || count < extent) {  // a part of a line
      const std::int64_t part = std::min(count, extent - index_[inner]);
      pack_line(at_, stride, part, out);
      advance(part);
      out += part;
      count -= part;
    } else {  // whole lines, one after another
      const int axis = inner - 1;
      const auto [most, step] = walk_.axes[axis];
      const std::int64_t lines = std::min(count / extent, most - index_[axis]);
      for (std::int64_t i = 0; i < lines; ++i, at_ += step, out += extent) pack_line(at_, stride, extent, out);
      index_[axis] += lines;
      count -= lines * extent;
      carry(axis);
    }
  }
}

}  // namespace GRADUS::kernel
