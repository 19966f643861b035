// Reductions that are made of others: variance, standard deviation, length and product.
#include <cmath>
#include <limits>
#include <optional>

#include "autograd/op.h"
#include "autograd/ops.h"
#include "autograd/reduced.h"

namespace GRADUS {

using detail::Reduced;

static Real degrees_of_freedom(const char* op, const Tensor& x, const Axes& axes, Real correction) {
  const std::int64_t count = Reduced(op, x, axes).count;
  const Real left = static_cast<Real>(count) - correction;
  check(left > 0, "[{}] {} numbers behind each result, less a correction of {}, leave nothing to divide by", op, count,
        correction);
  return left;
}

Tensor var(const Tensor& x, const Axes& axes, bool keep, Real correction) {
  const Real divisor = degrees_of_freedom("var", x, axes, correction);
  const Tensor off = x - mean(x, axes, keepdim);
  return sum(off * off, axes, keep) / divisor;
}

Tensor stddev(const Tensor& x, const Axes& axes, bool keep, Real correction) {
  const Real divisor = degrees_of_freedom("stddev", x, axes, correction);
  return norm(x - mean(x, axes, keepdim), axes, keep) / std::sqrt(divisor);
}

// In units of the largest, so that squares neither overflow nor vanish.
static Tensor length(const Tensor& x, const Axes& axes) {
  const Tensor largest = max(abs(x), axes, keepdim);
  const Tensor unit = where((largest > 0) * (largest < std::numeric_limits<Real>::infinity()), largest, 1);
  const Tensor parts = x / unit;
  return unit * sqrt(sum(parts * parts, axes, keepdim));
}

Tensor norm(const Tensor& x, const Axes& axes, bool keep) {
  const Reduced r("norm", x, axes);
  const Tensor y = reshape(r.count > 0 ? length(detach(x), axes) : zeros(r.kept), keep ? r.kept : r.dropped);
  return record("norm", y, arg(x, [x, y, kept = r.kept](const Tensor& g) {
                  const Tensor length = reshape(y, kept), nowhere = equal(length, 0);  // there it has no direction
                  return reshape(g, kept) * where(nowhere, 0, x / where(nowhere, 1, length));
                }));
}

// In halves: a tree of multiplications, whose derivatives divide by nothing, and so are right where a factor is 0.
Tensor prod(const Tensor& x, const Axes& axes, bool keep) {
  const Reduced r("prod", x, axes);
  const Shape& shape = keep ? r.kept : r.dropped;
  if (r.count == 0) return sum(x, axes, keep) + 1;
  Tensor factors = reshape(permute(x, r.order(x.rank(), false)), {r.count, r.dropped.numel()});
  std::optional<Tensor> odd;  // of what halving leaves over
  for (std::int64_t n = r.count; n > 1; n /= 2) {
    if (n % 2 == 1) {
      const Tensor last = slice(factors, 0, n - 1, n);
      odd = odd ? *odd * last : last;
    }
    factors = slice(factors, 0, 0, n / 2) * slice(factors, 0, n / 2, n / 2 * 2);
  }
  return reshape(odd ? factors * *odd : factors, shape);
}

Tensor var(const Tensor& x) { return var(x, all_axes(x.shape())); }
Tensor stddev(const Tensor& x) { return stddev(x, all_axes(x.shape())); }
Tensor norm(const Tensor& x) { return norm(x, all_axes(x.shape())); }
Tensor prod(const Tensor& x) { return prod(x, all_axes(x.shape())); }

}  // namespace GRADUS
