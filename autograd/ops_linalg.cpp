// Matrix products.
#include "autograd/op.h"
#include "autograd/ops.h"
#include "tensor/gemm.h"
#include "tensor/gemm_stack.h"

namespace GRADUS {

Tensor matmul(const Tensor& a, const Tensor& b) {
  check(a.rank() >= 2 && b.rank() >= 2, "[matmul] two matrices are needed, not {} @ {}", a.shape(), b.shape());
  const std::int64_t k = a.extent(-1), m = b.extent(-1);
  check(k == b.extent(-2), "[matmul] inner dimensions differ: {} @ {}{}", a.shape(), b.shape(),
        k == m ? "\nhelp: transpose the second argument" : "");
  const auto shape = broadcast(a.shape().with(a.rank() - 1, 1), b.shape().with(b.rank() - 2, 1));  // (…, n, m)
  check(shape.has_value(),
        "[matmul] stacks of matrices do not broadcast: {} @ {}\nhelp: in front of the last two axes, aligned at the "
        "right, extents must agree or be 1",
        a.shape(), b.shape());
  Tensor c(*shape);
  kernel::gemm_stack(a.view(), b.view(), c.write());
  return record("matmul", std::move(c),
                arg(a, [b, s = a.shape()](const Tensor& g) { return sum_to(matmul(g, transpose(b)), s); }),   // (n, k)
                arg(b, [a, s = b.shape()](const Tensor& g) { return sum_to(matmul(transpose(a), g), s); }));  // (k, m)
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check(weight.rank() == 2 && bias.rank() == 1 && bias.shape()[0] == weight.shape()[0],
        "[linear] weight {} and bias {} are not (out, in) and (out)", weight.shape(), bias.shape());
  const std::int64_t out = weight.shape()[0], in = weight.shape()[1];
  check(x.rank() >= 1 && x.extent(-1) == in,
        "[linear] an input of shape {} does not end in the {} features of weight {}", x.shape(), in, weight.shape());
  if (x.rank() != 2) {
    const std::int64_t rows = x.shape().without(x.rank() - 1).numel();
    return reshape(linear(reshape(x, {rows, in}), weight, bias), x.shape().with(x.rank() - 1, out));
  }
  Tensor y({x.shape()[0], out});
  const Tensor start = detach_contiguous(bias);
  const ConstView w = weight.view();
  kernel::gemm(x.view(), {w.data, {in, out}, {w.strides[1], w.strides[0]}}, y.write(), start.view().data);
  return record("linear", std::move(y),
                arg(x, [weight](const Tensor& g) { return matmul(g, weight); }),        // (n, out) @ (out, in)
                arg(weight, [x](const Tensor& g) { return matmul(transpose(g), x); }),  // (out, n) @ (n, in)
                arg(bias, [shape = bias.shape()](const Tensor& g) { return sum_to(g, shape); }));
}

}  // namespace GRADUS
