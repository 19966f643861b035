// Addition, subtraction, negation, scaling and multiplication: their VJPs are made of each other, so they have
// derivatives of every order. (Division is a lambda, and has them by Smooth.)
#include "autograd/elementwise.h"
#include "autograd/ops.h"

namespace GRADUS {

// Brings both to their common shape, then gives them to `op`.
template <class Op>
static Tensor broadcasting(const char* name, const Tensor& a, const Tensor& b, const Op& op) {
  if (a.shape() == b.shape()) return op(a, b);
  const Shape shape = broadcast(name, a.shape(), b.shape());
  return op(broadcast_to(a, shape), broadcast_to(b, shape));
}

Tensor operator+(const Tensor& a, const Tensor& b) {
  return broadcasting("add", a, b, [](const Tensor& a, const Tensor& b) {
    Tensor c(a.shape());
    kernel::map([](Batch x, Batch y) { return x + y; }, c.write(), {a.view(), b.view()});
    return record("add", std::move(c), arg(a, [](const Tensor& g) { return g; }),
                  arg(b, [](const Tensor& g) { return g; }));
  });
}

Tensor operator-(const Tensor& a, const Tensor& b) {
  return broadcasting("sub", a, b, [](const Tensor& a, const Tensor& b) {
    Tensor c(a.shape());
    kernel::map([](Batch x, Batch y) { return x - y; }, c.write(), {a.view(), b.view()});
    return record("sub", std::move(c), arg(a, [](const Tensor& g) { return g; }),
                  arg(b, [](const Tensor& g) { return -g; }));
  });
}

Tensor operator*(const Tensor& a, const Tensor& b) {
  return broadcasting("mul", a, b, [](const Tensor& a, const Tensor& b) {
    Tensor c(a.shape());
    kernel::map([](Batch x, Batch y) { return x * y; }, c.write(), {a.view(), b.view()});
    // As `b = b` it can be moved to the tape; captured as `b`, it would be const like the argument.
    return record("mul", std::move(c), arg(a, [b = b](const Tensor& g) { return g * b; }),
                  arg(b, [a = a](const Tensor& g) { return g * a; }));
  });
}

Tensor operator/(const Tensor& a, const Tensor& b) {
  return elementwise<"div">(
      Smooth{[](auto a, auto b) { return a / b; }, [](const Tensor&, const Tensor& b) { return 1 / b; },
             [](const Tensor& a, const Tensor& b) { return -(a / b) / b; }},
      a, b);
}

Tensor operator-(const Tensor& x) {
  Tensor y(x.shape());
  kernel::map([](Batch x) { return -x; }, y.write(), {x.view()});
  return record("neg", std::move(y), arg(x, [](const Tensor& g) { return -g; }));
}

Tensor operator+(const Tensor& x, Real c) {
  Tensor y(x.shape());
  kernel::map([c](Batch x) { return x + c; }, y.write(), {x.view()});
  return record("shift", std::move(y), arg(x, [](const Tensor& g) { return g; }));
}

Tensor operator*(const Tensor& x, Real c) {
  Tensor y(x.shape());
  kernel::map([c](Batch x) { return x * c; }, y.write(), {x.view()});
  return record("scale", std::move(y), arg(x, [c](const Tensor& g) { return g * c; }));
}

Tensor operator/(const Tensor& x, Real c) {  // not x * (1 / c), which is rounded twice
  Tensor y(x.shape());
  kernel::map([c](Batch x) { return x / c; }, y.write(), {x.view()});
  return record("div", std::move(y), arg(x, [c](const Tensor& g) { return g / c; }));
}

Tensor operator/(Real c, const Tensor& x) {
  return elementwise<"div">(Smooth{[c](auto x) { return c / x; }, [c](const Tensor& x) { return -(c / x) / x; }}, x);
}

Tensor operator-(const Tensor& x, Real c) { return x + -c; }
Tensor operator+(Real c, const Tensor& x) { return x + c; }
Tensor operator-(Real c, const Tensor& x) { return -x + c; }
Tensor operator*(Real c, const Tensor& x) { return x * c; }

}  // namespace GRADUS
