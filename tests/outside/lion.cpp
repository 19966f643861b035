// An optimiser of one's own: Lion (Chen and others 2023), against three steps by hand.
// Exits with 0 when all numbers are right.
#include <gradus/gradus.h>

#include <cstdio>

using namespace gradus;

namespace {

struct Lion {
  double lr = 1e-4, beta1 = 0.9, beta2 = 0.99, weight_decay = 0;
  static constexpr std::array kMoments{"m"};
  void step(Batch& x, Batch& m, Batch g) const {
    const Batch u = beta1 * m + (1 - beta1) * g;
    x -= lr * (where(u > 0, 1, where(u < 0, -1, u)) + weight_decay * x);
    m = beta2 * m + (1 - beta2) * g;
  }
};

struct Point {
  Tensor x;
  void members(auto&& visit) { visit("x", x); }
};

bool is(const char* what, const Tensor& x, const std::vector<Real>& expected) {
  const bool same = x.values() == expected;
  if (!same) std::printf("%s: not as by hand\n", what);
  return same;
}

}  // namespace

int main() {
  Point point{tensor({3}, {1, 1, 8})};
  Optimizer optimizer(Lion{.lr = 0.25, .weight_decay = 0.5});
  // m = 0 gives u = 0.1·g, of the sign of g: x ← x - (sign(g) + x/2)/4, and m = g/100.
  optimizer.step(point, std::vector{tensor({3}, {4, -8, 0})});
  bool right = is("step 1", point.x, {Real(0.625), Real(1.125), 7});
  // With -g/100 after it, u = 0.9·g/100 - 0.1·g/100: the sign is still that of g. At half the rate.
  optimizer.step(point, std::vector{tensor({3}, {Real(-0.04), Real(0.08), 0})}, 0.5);
  right &= is("step 2", point.x, {Real(0.625 - 0.125 * 1.3125), Real(1.125 + 0.125 * 0.4375), Real(7 - 0.125 * 3.5)});
  // With -g, u = 0.9·m - 0.1·g has the other sign.
  const std::vector<Real> before = point.x.values();
  optimizer.step(point, std::vector{tensor({3}, {-4, 8, 0})});
  const std::vector<Real> after = point.x.values();
  right &= after[0] > before[0] && after[1] < before[1] && after[2] == before[2] - before[2] / 8;
  std::printf(right ? "Lion steps as by hand\n" : "Lion does not step as by hand\n");
  return right ? 0 : 1;
}
