// Every public op. Each is differentiable, and so is its derivative, to order 2 at least, except comparisons, argmax
// and stop_gradient. Smooth ones (arithmetic, pow, and exp to gelu but for lgamma and digamma) have every order.
//
// Binary ops broadcast by the numpy rule. At a kink the derivative is that of the branch that `where` takes. Where the
// derivative of an elementwise op is exactly 0, as relu's below 0, it passes 0 whatever arrives, also an infinite
// gradient or NaN: so sqrt(relu(x)) has slope 0 at -1. The price: a saturated tanh passes 0, too. (A product passes
// NaN: 0·∞. A gradient of 0 that arrives at an infinite slope is NaN as well: sqrt(where(x > 0, x, 1)) has none.)
// The definitions stand with their derivatives in ops_*.cpp, one file a kind. Errors are `Error` sentences that
// name the op and the shapes.
#pragma once

#include <string_view>

#include "autograd/tape.h"
#include "tensor/conv.h"

namespace GRADUS {

// ----- arithmetic (ops_arithmetic.cpp) --------------------------------------------------------------------------

Tensor operator+(const Tensor& a, const Tensor& b);
Tensor operator-(const Tensor& a, const Tensor& b);
Tensor operator*(const Tensor& a, const Tensor& b);
Tensor operator/(const Tensor& a, const Tensor& b);
Tensor operator-(const Tensor& x);
Tensor operator+(const Tensor& x, Real c);
Tensor operator-(const Tensor& x, Real c);
Tensor operator*(const Tensor& x, Real c);
Tensor operator/(const Tensor& x, Real c);
Tensor operator+(Real c, const Tensor& x);
Tensor operator-(Real c, const Tensor& x);
Tensor operator*(Real c, const Tensor& x);
Tensor operator/(Real c, const Tensor& x);

// ----- elementwise functions (ops_elementwise.cpp) --------------------------------------------------------------

Tensor exp(const Tensor& x);
/// Natural logarithm.
Tensor log(const Tensor& x);
/// log(1 + x), exact near 0.
Tensor log1p(const Tensor& x);
/// eˣ - 1, exact near 0.
Tensor expm1(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor tanh(const Tensor& x);
/// 1 / (1 + e⁻ˣ)
Tensor sigmoid(const Tensor& x);
/// log(1 + eˣ), without overflow.
Tensor softplus(const Tensor& x);
/// 2/√π ∫₀ˣ e^(-t²) dt.
Tensor erf(const Tensor& x);
/// Of x in radians; NaN of ±inf.
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
/// log |Γ(x)|, +inf at 0, -1, -2, …; derivative ψ.
Tensor lgamma(const Tensor& x);
/// ψ = (log Γ)′; NaN at -1, -2, …
Tensor digamma(const Tensor& x);
/// xʸ as C's pow. By x: y·xʸ⁻¹; by y: xʸ·log x, 0 where x = 0.
Tensor pow(const Tensor& x, const Tensor& y);
Tensor pow(const Tensor& x, Real y);
/// |x|; derivative 0 at 0.
Tensor abs(const Tensor& x);
/// The smaller / the larger; NaN if either is; at a tie the derivative goes to `a`. (With numbers: see below.)
Tensor min(const Tensor& a, const Tensor& b);
Tensor max(const Tensor& a, const Tensor& b);
/// x limited to [low, high]; derivative 1 inside and at the bounds, 0 outside.
Tensor clamp(const Tensor& x, Real low, Real high);

/// max(x, 0); derivative 0 at 0.
Tensor relu(const Tensor& x);
/// x where x > 0, else alpha·(eˣ - 1) (Clevert, Unterthiner, Hochreiter 2015); derivative alpha at 0.
Tensor elu(const Tensor& x, Real alpha = 1);
/// x where x > 0, else slope·x; derivative `slope` at 0.
Tensor leaky_relu(const Tensor& x, Real slope = Real(0.01));
/// x·sigmoid(x)
Tensor silu(const Tensor& x);
/// x·Φ(x) with the normal distribution function Φ (Hendrycks, Gimpel 2016).
Tensor gelu(const Tensor& x);

/// a where condition ≠ 0, else b. No derivative by the condition. Both sides are computed, and the gradient of 0 that
/// the other side gets is NaN at an infinite slope: where(x > 0, sqrt(x), 0) has gradient NaN at 0. Inside one
/// elementwise lambda it is 0; between tensors choose first, sqrt(where(x > 0, x, 1)), then choose again.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
// Comparisons: 1 where true, else 0. Never tracked: their derivative is zero wherever it exists.
Tensor operator<(const Tensor& a, const Tensor& b);
Tensor operator<=(const Tensor& a, const Tensor& b);
Tensor operator>(const Tensor& a, const Tensor& b);
Tensor operator>=(const Tensor& a, const Tensor& b);
Tensor equal(const Tensor& a, const Tensor& b);

// ----- a tensor and a number, of any type, which is captured (ops_number.cpp) -----------------------------------
//
// As with a tensor of that one number. A reduction names its axes in braces: max(x, 0) is the larger of each number and
// 0, max(x, {0}) the largest along axis 0.

namespace with_number {
Tensor where(const Tensor& condition, const Tensor& a, Real b);
Tensor where(const Tensor& condition, Real a, const Tensor& b);
Tensor where(const Tensor& condition, Real a, Real b);
Tensor min(const Tensor& a, Real b);
Tensor min(Real a, const Tensor& b);
Tensor max(const Tensor& a, Real b);
Tensor max(Real a, const Tensor& b);
Tensor less(const Tensor& a, Real b);
Tensor less_equal(const Tensor& a, Real b);
Tensor greater(const Tensor& a, Real b);
Tensor greater_equal(const Tensor& a, Real b);
Tensor equal(const Tensor& a, Real b);
}  // namespace with_number

// Templates, so that a list in braces is not taken for a number.
Tensor where(const Tensor& condition, const Tensor& a, Number auto b) {
  return with_number::where(condition, a, Real(b));
}
Tensor where(const Tensor& condition, Number auto a, const Tensor& b) {
  return with_number::where(condition, Real(a), b);
}
Tensor where(const Tensor& condition, Number auto a, Number auto b) {
  return with_number::where(condition, Real(a), Real(b));
}
Tensor min(const Tensor& a, Number auto b) { return with_number::min(a, Real(b)); }
Tensor min(Number auto a, const Tensor& b) { return with_number::min(Real(a), b); }
Tensor max(const Tensor& a, Number auto b) { return with_number::max(a, Real(b)); }
Tensor max(Number auto a, const Tensor& b) { return with_number::max(Real(a), b); }
Tensor operator<(const Tensor& a, Number auto b) { return with_number::less(a, Real(b)); }
Tensor operator<(Number auto a, const Tensor& b) { return with_number::greater(b, Real(a)); }
Tensor operator<=(const Tensor& a, Number auto b) { return with_number::less_equal(a, Real(b)); }
Tensor operator<=(Number auto a, const Tensor& b) { return with_number::greater_equal(b, Real(a)); }
Tensor operator>(const Tensor& a, Number auto b) { return with_number::greater(a, Real(b)); }
Tensor operator>(Number auto a, const Tensor& b) { return with_number::less(b, Real(a)); }
Tensor operator>=(const Tensor& a, Number auto b) { return with_number::greater_equal(a, Real(b)); }
Tensor operator>=(Number auto a, const Tensor& b) { return with_number::less_equal(b, Real(a)); }
Tensor equal(const Tensor& a, Number auto b) { return with_number::equal(a, Real(b)); }
Tensor equal(Number auto a, const Tensor& b) { return with_number::equal(b, Real(a)); }

// ----- shape (ops_shape.cpp, ops_broadcast.cpp): transposes, slices, broadcasts copy nothing ----

/// The last two axes swapped: (…, n, m) -> (…, m, n).
Tensor transpose(const Tensor& x);
/// Axis i of the result is axis order[i] of x.
Tensor permute(const Tensor& x, const Axes& order);
/// The same elements in row-major order under another shape of as many.
Tensor reshape(const Tensor& x, const Shape& shape);
/// The elements begin … end-1 along an axis, 0 ≤ begin ≤ end ≤ extent.
Tensor slice(const Tensor& x, int axis, std::int64_t begin, std::int64_t end);
/// Zeros before and after along an axis.
Tensor pad(const Tensor& x, int axis, std::int64_t before, std::int64_t after);
/// Joined along an axis; the other extents agree.
Tensor concat(std::span<const Tensor> parts, int axis);
Tensor concat(std::initializer_list<Tensor> parts, int axis);
/// Tensors of one shape side by side along a new axis.
Tensor stack(std::span<const Tensor> parts, int axis);
Tensor stack(std::initializer_list<Tensor> parts, int axis);
/// The opposite of concat: cut along an axis into parts of these extents, which add up, or into so many equal ones.
std::vector<Tensor> split(const Tensor& x, std::span<const std::int64_t> sizes, int axis);
std::vector<Tensor> split(const Tensor& x, std::initializer_list<std::int64_t> sizes, int axis);
std::vector<Tensor> split(const Tensor& x, std::int64_t parts, int axis);
/// Repeated to `shape` by the numpy rule.
Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// The opposite: summed over the axes along which `shape` would be repeated to give x's shape.
Tensor sum_to(const Tensor& x, const Shape& shape);
/// out[…, i, …] = x[…, indices[…, i, …], …] along `axis`: `indices` has x's rank, and its extents except along it.
Tensor gather(const Tensor& x, int axis, const Indices& indices);
/// The opposite: zeros of `extent` along the axis, to which out[…, indices[…, i, …], …] += x[…, i, …].
Tensor scatter_add(const Tensor& x, int axis, const Indices& indices, std::int64_t extent);

/// The order along these axes turned round.
Tensor flip(const Tensor& x, const Axes& axes);

/// x as a constant: its value, through which no derivative passes at any order. It is detach(x) under the name that
/// formulas call it by.
Tensor stop_gradient(const Tensor& x);

// ----- rows of a table (ops_rows.cpp) ---------------------------------------------------------------------------

/// out[…, :] = table[indices[…], :]: (V, D), indices of any shape (…) -> (…, D)
Tensor embedding(const Tensor& table, const Indices& indices);
/// The opposite: zeros (rows, D), to which out[indices[…], :] += x[…, :].
Tensor scatter_rows(const Tensor& x, const Indices& indices, std::int64_t rows);

// ----- reductions (ops_reduce.cpp): the reduced axes go, or stay with extent 1 ----------------------------------

inline constexpr bool keepdim = true;

/// Over all axes, to a rank-0 tensor; or over the axes named. The sum of nothing is 0.
Tensor sum(const Tensor& x);
Tensor sum(const Tensor& x, const Axes& axes, bool keep = false);
/// The mean of nothing is an Error.
Tensor mean(const Tensor& x);
Tensor mean(const Tensor& x, const Axes& axes, bool keep = false);
/// The largest, NaN if there is one; ties give their derivative to the first. Of nothing: Error. The axes stand in
/// braces, for max(x, 0) is elementwise.
Tensor max(const Tensor& x);
Tensor max(const Tensor& x, const Axes& axes, bool keep = false);
/// Positions of the largest along an axis, the first of equals, the first NaN if there is one; Error when it is empty.
/// With `keep` the axis stays, with extent 1.
Indices argmax(const Tensor& x, int axis, bool keep = false);
/// log Σ eˣ, without overflow; -inf of nothing.
Tensor logsumexp(const Tensor& x);
Tensor logsumexp(const Tensor& x, const Axes& axes, bool keep = false);
/// out[…, i, …] = Σ x[…, j, …] over j ≤ i along an axis; over j ≥ i when `reverse`.
Tensor cumsum(const Tensor& x, int axis, bool reverse = false);
/// eˣ / Σ eˣ along an axis, and its logarithm.
Tensor softmax(const Tensor& x, int axis);
Tensor log_softmax(const Tensor& x, int axis);

// ----- reductions made of others (ops_statistics.cpp) -----------------------------------------------------------

/// Σ (x - mean)² / (n - correction) over n numbers: by default without bias, 0 for the mean square. Error when nothing
/// is left to divide by.
Tensor var(const Tensor& x);
Tensor var(const Tensor& x, const Axes& axes, bool keep = false, Real correction = 1);
/// √var, also where var overflows; derivative 0 where all numbers are equal. (`std` is the standard library's.)
Tensor stddev(const Tensor& x);
Tensor stddev(const Tensor& x, const Axes& axes, bool keep = false, Real correction = 1);
/// The Euclidean norm √Σ x², also where x² overflows or underflows; derivative 0 at 0.
Tensor norm(const Tensor& x);
Tensor norm(const Tensor& x, const Axes& axes, bool keep = false);
/// The product, 1 of nothing. Its derivatives are right where factors are 0.
Tensor prod(const Tensor& x);
Tensor prod(const Tensor& x, const Axes& axes, bool keep = false);

// ----- linear algebra (ops_linalg.cpp) --------------------------------------------------------------------------

/// (…, n, k) @ (…, k, m) -> (…, n, m); the leading axes broadcast.
Tensor matmul(const Tensor& a, const Tensor& b);
/// x·Wᵀ + b: (…, in), (out, in), (out) -> (…, out)
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

/// Sums of products over named axes (ops_einsum.cpp): a letter for each axis of each operand and of the result, and
/// what the result does not name is summed over. einsum("bij,jbk->bik", a, b)[b, i, k] = Σⱼ a[b, i, j]·b[j, b, k]. Axes
/// of one name have one extent: nothing is broadcast. Error when an operand names an axis twice. Operands are taken in
/// order, two at a time, each pair as one product of stacks of matrices of at most kMaxRank axes.
Tensor einsum(std::string_view formula, const Tensor& x);
Tensor einsum(std::string_view formula, const Tensor& a, const Tensor& b);
Tensor einsum(std::string_view formula, std::span<const Tensor> operands);
Tensor einsum(std::string_view formula, std::initializer_list<Tensor> operands);

// ----- images (N, C, H, W) and sequences (N, C, L) (ops_conv.cpp, ops_pool.cpp) ----------------------------------

/// Convolution (in statistics' terms, cross-correlation): (N, C, H, W), (O, C/groups, kh, kw), (O) -> (N, O, h, w) with
/// h = ⌊(H + 2·padding - dilation·(kh - 1) - 1) / stride⌋ + 1. The formula stands in tensor/conv.h.
Tensor conv2d(const Tensor& x, const Tensor& weight, const ConvSettings& settings = {});
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvSettings& settings = {});
/// Its transpose: (N, C, h, w), (C, O/groups, kh, kw), (O) -> (N, O, H, W) with
/// H = (h - 1)·stride - 2·padding + dilation·(kh - 1) + 1 + output_padding, which is less than the stride or the
/// dilation.
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const ConvSettings& settings = {});
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvSettings& settings = {});
/// conv2d's gradient by its weight, given that by its result: (N, C, H, W), (N, O, h, w) -> (O, C/groups, window).
Tensor conv2d_weight(const Tensor& x, const Tensor& g, const Pair& window, const ConvSettings& settings = {});

struct Conv1dSettings {
  std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;

  void members(auto&& visit) {
    visit("stride", stride);
    visit("padding", padding);
    visit("dilation", dilation);
    visit("groups", groups);
  }
};
/// conv2d along one axis: (N, C, L), (O, C/groups, k), (O) -> (N, O, l).
Tensor conv1d(const Tensor& x, const Tensor& weight, const Conv1dSettings& settings = {});
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv1dSettings& settings = {});

struct PoolSettings {
  Pair stride = 0;         // 0: the window
  Pair padding = 0;        // at most half a window
  Pair dilation = 1;       // of max_pool2d alone
  bool ceil_mode = false;  // a last window may reach beyond the padding, though not begin in it

  void members(auto&& visit) {
    visit("stride", stride);
    visit("padding", padding);
    visit("dilation", dilation);
    visit("ceil_mode", ceil_mode);
  }
};
/// The largest of each window, NaN if there is one; padding never wins; ties give their derivative to the first.
/// (N, C, H, W) -> (N, C, h, w) with h as for conv2d, in ceil_mode rounded up. Error when a window sees only padding.
Tensor max_pool2d(const Tensor& x, const Pair& window, const PoolSettings& settings = {});
/// The mean of each window, padding counted as zeros: the sum of what it sees, divided by how many of its places lie in
/// the image or its padding, which are all but for windows that reach beyond.
Tensor avg_pool2d(const Tensor& x, const Pair& window, const PoolSettings& settings = {});
/// Each pixel repeated: (N, C, H, W) -> (N, C, H·factors.h, W·factors.w).
Tensor upsample_nearest2d(const Tensor& x, const Pair& factors);

}  // namespace GRADUS
