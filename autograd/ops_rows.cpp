// Rows of a table by number.
#include "autograd/op.h"
#include "autograd/ops.h"
#include "tensor/rows.h"
#include "tensor/scatter.h"

namespace GRADUS {

static void check_rows(const char* op, const Indices& indices, std::int64_t rows) {
  indices.check_filled(op);
  for (const std::int64_t i : indices.values)
    check(i >= 0 && i < rows, "[{}] index {} is out of range for a table of {} rows", op, i, rows);
}

Tensor embedding(const Tensor& table, const Indices& indices) {
  check(table.rank() == 2, "[embedding] a table of shape {} is not (rows, features)", table.shape());
  check(indices.shape.rank() < kMaxRank, "[embedding] indices of shape {} leave no room for the axis of features",
        indices.shape);
  const std::int64_t rows = table.shape()[0], width = table.shape()[1];
  check_rows("embedding", indices, rows);
  Tensor y(indices.shape.inserted(indices.shape.rank(), width));
  const std::int64_t count = indices.shape.numel();
  kernel::take_rows(table.view(), indices.values, {y.write().data, {count, width}, {width, 1}});
  if (!tracked(table)) return y;  // nobody asks: the indices need not be copied
  return record("embedding", y, arg(table, [indices = share(indices), rows](const Tensor& g) {
                  return scatter_rows(g, *indices, rows);
                }));
}

Tensor scatter_rows(const Tensor& x, const Indices& indices, std::int64_t rows) {
  check(x.rank() >= 1 && indices.shape == x.shape().without(x.rank() - 1),
        "[scatter_rows] indices of shape {} are not one for each row of {}", indices.shape, x.shape());
  check(rows >= 0, "[scatter_rows] a table cannot have {} rows", rows);
  check_rows("scatter_rows", indices, rows);
  const std::int64_t count = indices.shape.numel(), width = x.extent(-1);
  Tensor y = zeros({rows, width});
  const Tensor packed = detach_contiguous(x);
  kernel::add_rows({packed.view().data, {count, width}, {width, 1}}, indices.values, y.write());
  if (!tracked(x)) return y;
  return record("scatter_rows", y,
                arg(x, [indices = share(indices)](const Tensor& g) { return embedding(g, *indices); }));
}

}  // namespace GRADUS
