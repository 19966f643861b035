// Ops that move elements, or add up those that fall together. Each one's VJP is another one of them.
#include "autograd/op.h"
#include "autograd/ops.h"
#include "tensor/copy.h"
#include "tensor/scatter.h"
#include "tensor/walk.h"

namespace GRADUS {

Tensor transpose(const Tensor& x) {
  check(x.rank() >= 2, "[transpose] shape {} has no two axes to swap", x.shape());
  std::array<int, kMaxRank> order;
  for (int i = 0; i < x.rank(); ++i) order[i] = i;
  std::swap(order[x.rank() - 1], order[x.rank() - 2]);
  return permute(x, Axes(std::span<const int>(order.data(), x.rank())));
}

Tensor permute(const Tensor& x, const Axes& order) {
  check(order.size() == x.rank(), "[permute] {} axes for shape {}", order.size(), x.shape());
  order.in("permute", x.shape());  // each axis once
  std::array<std::int64_t, kMaxRank> extents{};
  Strides strides{};
  std::array<int, kMaxRank> inverse;
  for (int i = 0; i < x.rank(); ++i) {
    const int from = axis_of("permute", order[i], x.shape());
    extents[i] = x.shape()[from];
    strides[i] = x.strides()[from];
    inverse[from] = i;
  }
  return record("permute", detach(x, Shape(std::span(extents.data(), x.rank())), strides),
                arg(x, [back = Axes(std::span<const int>(inverse.data(), x.rank()))](const Tensor& g) {
                  return permute(g, back);
                }));
}

Tensor reshape(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  check(x.numel() == shape.numel(), "[reshape] {} has {} elements, {} has {}", x.shape(), x.numel(), shape,
        shape.numel());
  Tensor y;
  if (x.contiguous()) {
    y = detach(x, shape, contiguous_strides(shape));
  } else {
    y = Tensor(shape);
    const View out = y.write();
    kernel::copy(x.view(), {out.data, x.shape(), contiguous_strides(x.shape())});
  }
  return record("reshape", y, arg(x, [from = x.shape()](const Tensor& g) { return reshape(g, from); }));
}

Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end) {
  axis = axis_of("slice", axis, x.shape());
  const std::int64_t extent = x.shape()[axis];
  check(0 <= begin && begin <= end && end <= extent, "[slice] {} to {} is out of range for axis {} of shape {}", begin,
        end, axis, x.shape());
  return record("slice", detach(x, x.shape().with(axis, end - begin), x.strides(), begin * x.strides()[axis]),
                arg(x, [=](const Tensor& g) { return pad(g, axis, begin, extent - end); }));
}

Tensor pad(const Tensor& x, int axis, std::int64_t before, std::int64_t after) {
  axis = axis_of("pad", axis, x.shape());
  check(before >= 0 && after >= 0, "[pad] cannot pad by {} and {}", before, after);
  const std::int64_t extent = x.shape()[axis];
  Tensor y = zeros(x.shape().with(axis, checked_add(extent, checked_add(before, after))));
  const View out = y.write();
  if (x.numel() > 0) kernel::copy(x.view(), {out.data + before * out.strides[axis], x.shape(), out.strides});
  return record("pad", y, arg(x, [=](const Tensor& g) { return slice(g, axis, before, before + extent); }));
}

Tensor concat(std::span<const Tensor> parts, int axis) {
  check(!parts.empty(), "[concat] no parts");
  axis = axis_of("concat", axis, parts[0].shape());
  std::int64_t extent = 0;
  for (const Tensor& part : parts) {
    check(part.rank() == parts[0].rank() && part.shape().with(axis, 0) == parts[0].shape().with(axis, 0),
          "[concat] shapes differ off axis {}: {} and {}", axis, parts[0].shape(), part.shape());
    extent = checked_add(extent, part.shape()[axis]);
  }
  Tensor y(parts[0].shape().with(axis, extent));
  const View out = y.write();
  const auto vjp_of = [axis](std::int64_t begin, std::int64_t end) {
    return [=](const Tensor& g) { return slice(g, axis, begin, end); };
  };
  std::vector<Arg<decltype(vjp_of(0, 0))>> args;
  args.reserve(parts.size());
  std::int64_t begin = 0;
  for (const Tensor& part : parts) {
    const std::int64_t end = begin + part.shape()[axis];
    if (part.numel() > 0) kernel::copy(part.view(), {out.data + begin * out.strides[axis], part.shape(), out.strides});
    args.push_back(arg(part, vjp_of(begin, end)));
    begin = end;
  }
  const std::vector<Argument> arguments(std::move_iterator(args.begin()), std::move_iterator(args.end()));
  return record("concat", y, std::span(arguments));
}

Tensor concat(std::initializer_list<Tensor> parts, int axis) {
  return concat(std::span(parts.begin(), parts.size()), axis);
}

Tensor stack(std::span<const Tensor> parts, int axis) {
  check(!parts.empty(), "[stack] no parts");
  const Shape& shape = parts[0].shape();
  check(shape.rank() < kMaxRank, "[stack] shape {} has no room for another axis", shape);
  axis = axis_of("stack", axis, shape.inserted(0, 1));
  std::vector<Tensor> wider;
  wider.reserve(parts.size());
  for (const Tensor& part : parts) {
    check(part.shape() == shape, "[stack] shapes differ: {} and {}", shape, part.shape());
    wider.push_back(reshape(part, shape.inserted(axis, 1)));
  }
  return concat(wider, axis);
}

Tensor stack(std::initializer_list<Tensor> parts, int axis) {
  return stack(std::span(parts.begin(), parts.size()), axis);
}

// In halves, and these in halves: so the gradient of n parts is padded to the whole log n times, not n times.
static void split_in_halves(const Tensor& x, std::span<const std::int64_t> sizes, int axis,
                            std::vector<Tensor>& parts) {
  if (sizes.size() == 1) return parts.push_back(x);
  const auto front = sizes.first(sizes.size() / 2);
  std::int64_t middle = 0;
  for (const std::int64_t size : front) middle += size;
  split_in_halves(slice(x, axis, 0, middle), front, axis, parts);
  split_in_halves(slice(x, axis, middle, x.shape()[axis]), sizes.subspan(front.size()), axis, parts);
}

std::vector<Tensor> split(const Tensor& x, std::span<const std::int64_t> sizes, int axis) {
  axis = axis_of("split", axis, x.shape());
  std::int64_t total = 0;
  for (const std::int64_t size : sizes) {
    check(size >= 0, "[split] a part cannot have extent {}", size);
    total = checked_add(total, size);
  }
  check(total == x.shape()[axis], "[split] the parts add up to {}, not to the extent of axis {} of shape {}", total,
        axis, x.shape());
  std::vector<Tensor> parts;
  parts.reserve(sizes.size());
  if (!sizes.empty()) split_in_halves(x, sizes, axis, parts);
  return parts;
}

std::vector<Tensor> split(const Tensor& x, std::initializer_list<std::int64_t> sizes, int axis) {
  return split(x, std::span(sizes.begin(), sizes.size()), axis);
}

std::vector<Tensor> split(const Tensor& x, std::int64_t parts, int axis) {
  axis = axis_of("split", axis, x.shape());
  const std::int64_t extent = x.shape()[axis];
  check(parts > 0 && extent % parts == 0, "[split] axis {} of shape {} does not divide into {} equal parts", axis,
        x.shape(), parts);
  return split(x, std::vector<std::int64_t>(parts, extent / parts), axis);
}

static void check_indices(const char* op, const Indices& indices, std::int64_t extent) {
  indices.check_filled(op);
  for (const std::int64_t index : indices.values)
    check(index >= 0 && index < extent, "[{}] index {} is out of range for an axis of extent {}", op, index, extent);
}

// Calls visit(position in `indices`, offset in the tensor that is indexed along `axis`) for every index.
template <class Visit>
static void for_each_index(const Indices& indices, int axis, const Strides& strides, const Visit& visit) {
  Strides off_axis = strides;
  off_axis[axis] = 0;
  const kernel::Walk walk(ConstView{nullptr, indices.shape, off_axis});
  const auto [length, along] = walk.inner();
  for (std::int64_t position = 0; position < indices.shape.numel();) {
    std::int64_t offset = walk.offset(position);
    for (std::int64_t i = 0; i < length; ++i, ++position, offset += along)
      visit(position, offset + indices.values[position] * strides[axis]);
  }
}

Tensor gather(const Tensor& x, int axis, const Indices& indices) {
  axis = axis_of("gather", axis, x.shape());
  check(indices.shape.rank() == x.rank() && indices.shape.with(axis, 0) == x.shape().with(axis, 0),
        "[gather] indices of shape {} do not fit shape {} off axis {}", indices.shape, x.shape(), axis);
  const std::int64_t extent = x.shape()[axis];
  Tensor y(indices.shape);
  Real* out = y.write().data;
  check_indices("gather", indices, extent);
  for_each_index(indices, axis, x.strides(),
                 [&, in = x.view().data](std::int64_t position, std::int64_t at) { out[position] = in[at]; });
  if (!tracked(x)) return y;  // nobody asks: the indices need not be copied
  return record("gather", y, arg(x, [axis, indices = share(indices), extent](const Tensor& g) {
                  return scatter_add(g, axis, *indices, extent);
                }));
}

Tensor scatter_add(const Tensor& x, int axis, const Indices& indices, std::int64_t extent) {
  axis = axis_of("scatter_add", axis, x.shape());
  check(extent >= 0, "[scatter_add] axis {} cannot have extent {}", axis, extent);
  check(indices.shape == x.shape(), "[scatter_add] indices of shape {} do not fit shape {}", indices.shape, x.shape());
  check_indices("scatter_add", indices, extent);
  Tensor y(x.shape().with(axis, extent));
  kernel::scatter_add(detach_contiguous(x).view(), axis, indices.values, y.write());
  if (!tracked(x)) return y;
  return record("scatter_add", y,
                arg(x, [axis, indices = share(indices)](const Tensor& g) { return gather(g, axis, *indices); }));
}

Tensor flip(const Tensor& x, const Axes& axes) {
  const auto flipped = axes.in("flip", x.shape());
  ConstView from = x.view();
  for (int i = 0; i < x.rank() && x.numel() > 0; ++i)
    if (flipped[i]) {
      from.data += (x.shape()[i] - 1) * from.strides[i];
      from.strides[i] = -from.strides[i];
    }
  Tensor y(x.shape());
  kernel::copy(from, y.write());
  return record("flip", y, arg(x, [axes](const Tensor& g) { return flip(g, axes); }));
}

Tensor stop_gradient(const Tensor& x) { return detach(x); }

}  // namespace GRADUS
