// The values of the elementwise ops against the C library in extended precision, over the whole range; the others by
// their definitions; NaN and infinities everywhere.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "autograd/ops.h"
#include "tensor/random.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using Wide = long double;
using Limits = std::numeric_limits<Real>;
constexpr Real kInf = Limits::infinity();
constexpr Real kNaN = Limits::quiet_NaN();

/// The distance of `got` from the true value in units of the true value's last place; NaN where one is NaN.
double ulps(Real got, Wide truth) {
  const Real nearest = static_cast<Real>(truth);
  if (std::isinf(nearest) || std::isinf(got)) return got == nearest ? 0 : kInf;
  const Real size = std::max(std::abs(nearest), Limits::min());
  return static_cast<double>(std::abs(got - truth) / (std::nextafter(size, kInf) - size));
}

/// Whole range and small steps, both signs, the edges of the type.
std::vector<Real> points() {
  std::vector<Real> x{0, Limits::denorm_min(), Limits::min(), Limits::epsilon(), Limits::max(), kInf};
  for (Real at = Real(1e-30); at < Real(1e30); at *= Real(1.37)) x.push_back(at);
  for (int i = 1; i < 800; ++i) x.push_back(static_cast<Real>(i) / 64);
  for (Real at = 12; at < 100; at += Real(0.37)) x.push_back(at);
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i) x.push_back(-x[i]);
  return x;
}

struct Function {
  std::string name;
  Tensor (*op)(const Tensor&);
  Wide (*truth)(Wide);
  double bound;  // in ulp
};

const Function kFunctions[] = {
    {"exp", exp, std::exp, 2},
    {"log", log, std::log, 2},
    {"log1p", log1p, std::log1p, 2},
    {"expm1", expm1, std::expm1, 2},
    {"sqrt", sqrt, std::sqrt, 1},
    {"tanh", tanh, std::tanh, 3},
    {"sigmoid", sigmoid, [](Wide x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }, 3},
    {"softplus", softplus, [](Wide x) { return std::max(x, Wide(0)) + std::log1p(std::exp(-std::abs(x))); }, 3},
    {"erf", erf, std::erf, 3},
    {"abs", abs, std::fabs, 0},
    {"negation", operator-, [](Wide x) { return -x; }, 0},
    {"relu", relu, [](Wide x) { return x > 0 ? x : 0; }, 0},
    {"elu", [](const Tensor& x) { return elu(x, 2); }, [](Wide x) { return x > 0 ? x : 2 * std::expm1(x); }, 2},
    {"leaky_relu", [](const Tensor& x) { return leaky_relu(x, Real(0.25)); }, [](Wide x) { return x > 0 ? x : x / 4; },
     0.5},
    {"clamp", [](const Tensor& x) { return clamp(x, -2, 3); }, [](Wide x) { return std::clamp(x, Wide(-2), Wide(3)); },
     0},
    {"pow 3", [](const Tensor& x) { return pow(x, 3); }, [](Wide x) { return std::pow(x, Wide(3)); },
     sizeof(Real) == 4 ? 5 : 30},
    {"pow -0.5", [](const Tensor& x) { return pow(x, Real(-0.5)); }, [](Wide x) { return std::pow(x, Wide(-0.5)); },
     sizeof(Real) == 4 ? 5 : 30},
};

std::vector<Tensor (*)(const Tensor&)> unary_ops() {
  std::vector<Tensor (*)(const Tensor&)> ops{silu, gelu};
  for (const Function& f : kFunctions) ops.push_back(f.op);
  return ops;
}

Tensor random(const Shape& shape, std::uint64_t seed) {
  Rng rng{.seed = seed};
  return normal(shape, rng);
}

}  // namespace

TEST_CASE("values: elementwise functions over the whole range") {
  const std::vector<Real> x = points();
  const Tensor at = tensor({static_cast<std::int64_t>(x.size())}, x);
  for (const Function& f : kFunctions) {
    const std::vector<Real> y = f.op(at).values();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Wide truth = f.truth(x[i]);
      if (std::isnan(truth))
        CHECK_MESSAGE(std::isnan(y[i]), f.name, " of ", x[i]);
      else
        CHECK_MESSAGE(ulps(y[i], truth) <= f.bound, f.name, " of ", x[i], " is ", y[i]);
    }
  }
}

TEST_CASE("values: silu and gelu, to the rounding of their factors") {
  std::vector<Real> x = points();
  std::erase_if(x, [](Real x) { return std::isinf(x); });
  const Tensor at = tensor({static_cast<std::int64_t>(x.size())}, x);
  const std::vector<Real> s = silu(at).values(), g = gelu(at).values();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Wide w = x[i], e = std::exp(-std::abs(w));
    // Below -87 (-708 in double) the sigmoid is subnormal, and x scales its rounding.
    const Wide expected = w * (w < 0 ? e : 1) / (1 + e);
    const Wide near = 4 * Limits::epsilon() * std::abs(expected) + (1 + std::abs(w)) * Limits::denorm_min();
    CHECK_MESSAGE(std::abs(s[i] - expected) <= near, "silu of ", x[i]);
    const Wide truth = w / 2 * std::erfc(-w / std::numbers::sqrt2_v<Wide>);
    const Wide allowed = (sizeof(Real) == 4 ? 4 : 80) * Limits::epsilon() * std::abs(w) + Limits::denorm_min();
    CHECK_MESSAGE(std::abs(g[i] - truth) <= allowed, "gelu of ", x[i]);
  }
  CHECK(silu(scalar(kInf)).item() == kInf);
  CHECK(gelu(scalar(kInf)).item() == kInf);
}

TEST_CASE("values: arithmetic is that of the C language, element by element") {
  const Tensor a = random({37}, 1), b = random({37}, 2);
  const std::vector<Real> x = a.values(), y = b.values();
  const Real c = Real(1.7);
  const auto agree = [&](const Tensor& got, auto expected) {
    const std::vector<Real> z = got.values();
    for (std::size_t i = 0; i < x.size(); ++i)
      if (z[i] != expected(x[i], y[i])) return false;
    return true;
  };
  CHECK(agree(a + b, [](Real x, Real y) { return x + y; }));
  CHECK(agree(a - b, [](Real x, Real y) { return x - y; }));
  CHECK(agree(a * b, [](Real x, Real y) { return x * y; }));
  CHECK(agree(a / b, [](Real x, Real y) { return x / y; }));
  CHECK(agree(a + c, [=](Real x, Real) { return x + c; }));
  CHECK(agree(a - c, [=](Real x, Real) { return x - c; }));
  CHECK(agree(a * c, [=](Real x, Real) { return x * c; }));
  CHECK(agree(a / c, [=](Real x, Real) { return x / c; }));
  CHECK(agree(c + a, [=](Real x, Real) { return c + x; }));
  CHECK(agree(c - a, [=](Real x, Real) { return c - x; }));
  CHECK(agree(c * a, [=](Real x, Real) { return c * x; }));
  CHECK(agree(c / a, [=](Real x, Real) { return c / x; }));
  CHECK(agree(min(a, b), [](Real x, Real y) { return std::min(x, y); }));
  CHECK(agree(max(a, b), [](Real x, Real y) { return std::max(x, y); }));
  CHECK(agree(where(a > b, a, b * 2), [](Real x, Real y) { return x > y ? x : y * 2; }));
  CHECK(agree(a < b, [](Real x, Real y) { return Real(x < y); }));
  CHECK(agree(a <= a, [](Real, Real) { return Real(1); }));
  CHECK(agree(a > b, [](Real x, Real y) { return Real(x > y); }));
  CHECK(agree(a >= b, [](Real x, Real y) { return Real(x >= y); }));
  CHECK(agree(a < a, [](Real, Real) { return Real(0); }));
  CHECK(agree(equal(a, a), [](Real, Real) { return Real(1); }));
  CHECK(agree(equal(a, b), [](Real, Real) { return Real(0); }));
}

TEST_CASE("values: pow has the special values of C") {
  const std::vector<Real> special{0, Real(-0.0), 1, -1, 2, -2, Real(0.5), Real(-0.5), 3, -3, kInf, -kInf, kNaN};
  for (const Real x : special)
    for (const Real y : special) {
      const Wide truth = std::pow(static_cast<Wide>(x), static_cast<Wide>(y));
      const Real by_tensor = pow(scalar(x), scalar(y)).item(), by_number = pow(scalar(x), y).item();
      if (std::isnan(truth)) {
        CHECK_MESSAGE(std::isnan(by_tensor), x, " to the ", y);
        CHECK_MESSAGE(std::isnan(by_number), x, " to the ", y);
      } else {
        CHECK_MESSAGE(ulps(by_tensor, truth) <= 2, x, " to the ", y);
        CHECK_MESSAGE(ulps(by_number, truth) <= 2, x, " to the ", y);
      }
    }
}

TEST_CASE("values: one NaN stays where it is, and is not swallowed") {
  const Tensor x = random({37}, 3), other = random({37}, 4);
  for (const std::int64_t at : {0, 16, 36}) {
    Tensor bad = x;
    bad.write().data[at] = kNaN;
    const auto only_there = [&](const Tensor& clean, const Tensor& got) {
      for (std::int64_t i = 0; i < 37; ++i) {
        const Real a = clean.at({i}), b = got.at({i});
        if (i == at ? !std::isnan(b) : !(a == b || (std::isnan(a) && std::isnan(b)))) return false;
      }
      return true;
    };
    const auto ops = unary_ops();
    for (std::size_t i = 0; i < ops.size(); ++i) CHECK_MESSAGE(only_there(ops[i](x), ops[i](bad)), "op ", i);
    const auto both = [&](auto op, const std::string& name) {
      CHECK_MESSAGE(only_there(op(x, other), op(bad, other)), name);
      CHECK_MESSAGE(only_there(op(other, x), op(other, bad)), name);
    };
    both([](const Tensor& a, const Tensor& b) { return a + b; }, "add");
    both([](const Tensor& a, const Tensor& b) { return a - b; }, "sub");
    both([](const Tensor& a, const Tensor& b) { return a * b; }, "mul");
    both([](const Tensor& a, const Tensor& b) { return a / b; }, "div");
    both([](const Tensor& a, const Tensor& b) { return min(a, b); }, "min");
    both([](const Tensor& a, const Tensor& b) { return max(a, b); }, "max");
    both([](const Tensor& a, const Tensor& b) { return pow(abs(a) + 2, b); }, "pow");
    for (const Tensor& compared : {bad<other, bad <= other, bad> other, bad >= other, equal(bad, bad)})
      CHECK(compared.at({at}) == 0);
    for (const Tensor& reduced : {sum(bad), mean(bad), max(bad), logsumexp(bad)}) CHECK(std::isnan(reduced.item()));
    CHECK(std::isnan(sum(softmax(bad, 0)).item()));
    CHECK(argmax(bad, 0).values[0] == at);
    CHECK(std::isnan(max(reshape(bad, {37, 1}), {0}).item()));
  }
}

TEST_CASE("values: a gradient that is NaN or infinite is passed on by relu, max and clamp") {
  const Tensor x = tensor({3}, {kNaN, 1, 2});
  for (const auto& f : {+[](const Tensor& x) { return relu(x); }, +[](const Tensor& x) { return clamp(x, -9, 9); },
                        +[](const Tensor& x) { return max(x, scalar(-9)); }}) {
    Tape tape(x);
    const Tensor y = f(x);
    const Tensor gradient = tape.gradient(sum(y * y), x);
    CHECK(std::isnan(gradient.at({0})));
    CHECK(gradient.at({1}) == 2);
    CHECK(gradient.at({2}) == 4);
  }
}

TEST_CASE("values: shape ops move the right elements") {
  const Tensor x = reshape(arange(24), {2, 3, 4});
  const auto at = [](int i, int j, int k) { return static_cast<Real>(12 * i + 4 * j + k); };
  const Tensor t = transpose(x), p = permute(x, {2, 0, -2}), s = slice(x, 1, 1, 3), padded = pad(x, -1, 1, 2);
  CHECK(t.shape() == Shape{2, 4, 3});
  CHECK(p.shape() == Shape{4, 2, 3});
  CHECK(s.shape() == Shape{2, 2, 4});
  CHECK(padded.shape() == Shape{2, 3, 7});
  const Tensor flat = reshape(p, {24}), joined = concat({s, x}, 1), wide = broadcast_to(s, {3, 2, 2, 4});
  CHECK(joined.shape() == Shape{2, 5, 4});
  bool right = true;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k) {
        right = right && t.at({i, k, j}) == at(i, j, k) && p.at({k, i, j}) == at(i, j, k);
        right = right && flat.at({6 * k + 3 * i + j}) == at(i, j, k) && padded.at({i, j, k + 1}) == at(i, j, k);
        right = right && joined.at({i, j + 2, k}) == at(i, j, k);
        if (j > 0) right = right && s.at({i, j - 1, k}) == at(i, j, k) && joined.at({i, j - 1, k}) == at(i, j, k);
        if (j > 0) right = right && wide.at({2, i, j - 1, k}) == at(i, j, k);
      }
  CHECK(right);
  CHECK(sum(padded).item() == sum(x).item());
  CHECK(sum_to(wide, {2, 1, 4}).values() == (sum(s, 1, keepdim) * 3).values());

  const Indices rows({1, 2}, {1, 1});
  CHECK(gather(tensor({2, 2}, {1, 2, 3, 4}), 0, rows).values() == std::vector<Real>{3, 4});
  CHECK(gather(tensor({2, 2}, {1, 2, 3, 4}), 1, Indices({2, 3}, {1, 0, 1, 0, 0, 1})).values() ==
        std::vector<Real>{2, 1, 2, 3, 3, 4});
  CHECK(scatter_add(tensor({2, 2}, {1, 2, 3, 4}), 0, Indices({2, 2}, {2, 0, 2, 2}), 3).values() ==
        std::vector<Real>{0, 2, 0, 0, 4, 4});
}

TEST_CASE("values: reductions by their definitions, over any axes and layouts") {
  const Tensor original = random({3, 4, 5}, 6);
  const Tensor layouts[] = {original, permute(original, {2, 0, 1}), slice(original, 2, 1, 4),
                            broadcast_to(slice(original, 1, 0, 1), {3, 4, 5})};
  for (const Tensor& x : layouts)
    for (int axis = 0; axis < 3; ++axis) {
      const Tensor total = sum(x, axis), average = mean(x, axis), largest = max(x, {axis}), lse = logsumexp(x, axis);
      const Tensor soft = softmax(x, axis), log_soft = log_softmax(x, axis);
      const Indices place = argmax(x, axis);
      const std::int64_t n = x.shape()[axis];
      // The other two axes, as one.
      const Tensor lines = reshape(permute(x, axis == 0   ? Axes{1, 2, 0}
                                              : axis == 1 ? Axes{0, 2, 1}
                                                          : Axes{0, 1, 2}),
                                   {x.numel() / n, n});
      const std::vector<Real> t = total.values(), a = average.values(), m = largest.values(), l = lse.values();
      for (std::int64_t i = 0; i < x.numel() / n; ++i) {
        Wide sum_of = 0, exp_of = 0;
        std::int64_t best = 0;
        for (std::int64_t j = 0; j < n; ++j) {
          sum_of += lines.at({i, j});
          exp_of += std::exp(static_cast<Wide>(lines.at({i, j})));
          if (lines.at({i, j}) > lines.at({i, best})) best = j;
        }
        CHECK(std::abs(t[i] - sum_of) <= 4 * n * Limits::epsilon());
        CHECK(std::abs(a[i] - sum_of / n) <= 4 * n * Limits::epsilon());
        CHECK(std::abs(l[i] - std::log(exp_of)) <= 8 * Limits::epsilon());
        CHECK(m[i] == lines.at({i, best}));
        CHECK(place.values[i] == best);
      }
      const std::vector<Real> p = soft.values(), lp = log_soft.values();
      for (std::size_t e = 0; e < p.size(); ++e)
        CHECK(std::abs(p[e] - std::exp(static_cast<Wide>(lp[e]))) <= 4 * Limits::epsilon());
      for (const Real one : sum(soft, axis).values()) CHECK(std::abs(one - 1) <= 16 * Limits::epsilon());
    }
  CHECK(sum(original, {0, 2}, keepdim).shape() == Shape{1, 4, 1});
  CHECK(sum(original, {}).values() == original.values());
}

TEST_CASE("values: what all logits have in common takes no digits from their differences") {
  for (const Real common : {Real(0), Real(1e3), Real(-1e8), Real(1e30)}) {
    const Tensor x = full({2, 2}, common) + tensor({2}, {0, Real(common == 1000)});
    const Wide sum = 1 + std::exp(Wide(common == 1000)), first = std::log(sum);
    CHECK(std::abs(log_softmax(x, 1).at({0, 0}) + first) <= 4 * Limits::epsilon() * first);
    CHECK(std::abs(softmax(x, 1).at({1, 0}) - 1 / sum) <= 4 * Limits::epsilon());
    Tape tape(x);
    const Tensor gradient = tape.gradient(mean(logsumexp(x, 1)), x);
    CHECK(std::abs(gradient.at({0, 0}) - 1 / sum / 2) <= 4 * Limits::epsilon());
  }
  const Real infinity = std::numeric_limits<Real>::infinity();
  CHECK(softmax(tensor({3}, {1, -infinity, 1}), 0).values() == std::vector<Real>{Real(0.5), 0, Real(0.5)});
  for (const Tensor& x : {tensor({3}, {infinity, 1000, 2}), full({3}, -infinity)})
    for (const Tensor& y : {softmax(x, 0), log_softmax(x, 0)})
      for (const Real p : y.values()) CHECK(std::isnan(p));
}

TEST_CASE("values: max is the same to the bit with a tape and without") {
  Tensor x = full({3, 16}, -1);
  x.write().data[1] = Real(-0.0);  // of equals, lanes that are combined in pairs need not find the first
  x.write().data[4] = 0;
  for (const Axes& axes : {Axes{1}, Axes{0}, Axes{0, 1}}) {
    const std::vector<Real> without = max(x, axes).values();
    Tape tape(x);
    const std::vector<Real> with = max(x, axes).values();
    for (std::size_t i = 0; i < with.size(); ++i) CHECK(1 / with[i] == 1 / without[i]);
  }
}

TEST_CASE("values: gather and scatter_add along each of three axes, of any layout") {
  const Tensor original = random({3, 4, 5}, 31);
  for (const Tensor& x : {original, permute(original, {2, 0, 1}), slice(original, 2, 1, 4)})
    for (int axis = 0; axis < 3; ++axis) {
      const Shape shape = x.shape().with(axis, 7);
      Indices indices(shape);
      for (std::int64_t n = 0; n < shape.numel(); ++n) indices.values[n] = (n * n + 3 * n) % x.shape()[axis];
      const Tensor gathered = gather(x, axis, indices), back = scatter_add(gathered, axis, indices, x.shape()[axis]);
      Tensor expected = zeros(x.shape());
      const View sums = expected.write();
      std::int64_t n = 0;
      for (std::int64_t i = 0; i < shape[0]; ++i)
        for (std::int64_t j = 0; j < shape[1]; ++j)
          for (std::int64_t k = 0; k < shape[2]; ++k, ++n) {
            std::int64_t at[] = {i, j, k};
            at[axis] = indices.values[n];
            CHECK(gathered.at({i, j, k}) == x.at({at[0], at[1], at[2]}));
            sums.data[at[0] * sums.strides[0] + at[1] * sums.strides[1] + at[2]] += x.at({at[0], at[1], at[2]});
          }
      CHECK(back.values() == expected.values());
    }
}

TEST_CASE("values: the mean of equal numbers is that number") {
  for (int n = 1; n < 200; ++n) CHECK(mean(ones({n})).item() == 1);
}

TEST_CASE("values: reductions of nothing, of infinities and of huge numbers") {
  CHECK(sum(zeros({0})).item() == 0);
  CHECK(sum(zeros({2, 0}), 1).values() == std::vector<Real>{0, 0});
  CHECK(logsumexp(zeros({0})).item() == -kInf);
  CHECK(max(zeros({0, 3}), {1}).shape() == Shape{0});
  CHECK(logsumexp(tensor({2}, {-kInf, -kInf})).item() == -kInf);
  CHECK(logsumexp(tensor({2}, {kInf, 1})).item() == kInf);
  CHECK(std::abs(logsumexp(tensor({2}, {1000, 1000})).item() - (1000 + std::numbers::ln2)) <= 1000 * Limits::epsilon());
  CHECK(std::abs(logsumexp(tensor({2}, {-1000, -1000})).item() - (-1000 + std::numbers::ln2)) <=
        1000 * Limits::epsilon());
  CHECK(softmax(tensor({3}, {-1000, 0, 1000}), 0).values() == std::vector<Real>{0, 0, 1});
  CHECK(log_softmax(tensor({2}, {-1000, 1000}), 0).values() == std::vector<Real>{-2000, 0});
  CHECK(argmax(tensor({4}, {1, 3, 3, 2}), 0).values[0] == 1);
  CHECK(argmax(tensor({2, 2}, {1, 3, 4, 2}), -1, keepdim).shape == Shape{2, 1});
}

TEST_CASE("values: matrix products by their definition") {
  const Tensor a = random({5, 7}, 7), b = random({7, 3}, 8), bias = random({3}, 9);
  const Tensor c = matmul(a, b), d = linear(a, transpose(b), bias),
               e = linear(reshape(a, {5, 1, 7}), transpose(b), bias);
  CHECK(e.shape() == Shape{5, 1, 3});
  CHECK(e.values() == d.values());
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 3; ++j) {
      Wide dot = 0, size = 0;
      for (int k = 0; k < 7; ++k) {
        dot += static_cast<Wide>(a.at({i, k})) * b.at({k, j});
        size += std::abs(static_cast<Wide>(a.at({i, k})) * b.at({k, j}));
      }
      CHECK(std::abs(c.at({i, j}) - dot) <= 8 * Limits::epsilon() * size);
      CHECK(std::abs(d.at({i, j}) - (dot + bias.at({j}))) <= 9 * Limits::epsilon() * (size + 1));
    }
  CHECK(matmul(zeros({2, 0}), zeros({0, 2})).values() == std::vector<Real>{0, 0, 0, 0});
}

TEST_CASE("values: a layer of no features gives its bias, whatever the rank of its input") {
  const Tensor weight = zeros({2, 0}), bias = tensor({2}, {3, 4});
  CHECK(linear(zeros({3, 0}), weight, bias).values() == std::vector<Real>{3, 4, 3, 4, 3, 4});
  CHECK(linear(zeros({2, 1, 0}), weight, bias).values() == std::vector<Real>{3, 4, 3, 4});
  CHECK(linear(zeros({0}), weight, bias).values() == std::vector<Real>{3, 4});
  CHECK(linear(zeros({2, 0, 0}), weight, bias).shape() == Shape{2, 0, 2});
}

TEST_CASE("values: what cannot be is an error that names the op and the shapes") {
  const Tensor x = zeros({2, 3}), y = zeros({4, 3});
  CHECK(error_of([&] { x + y; }) == error_of([&] { broadcast("add", {2, 3}, {4, 3}); }));
  CHECK(contains(error_of([&] { x / y; }), "[div] "));
  CHECK(contains(error_of([&] { x / y; }), "(2, 3)"));
  CHECK(error_of([&] { matmul(x, y); }) ==
        "[matmul] inner dimensions differ: (2, 3) @ (4, 3)\nhelp: transpose the second argument");
  CHECK(error_of([&] { matmul(y, y); }).find("help") != std::string::npos);
  CHECK(error_of([&] { matmul(x, zeros({4, 5})); }) == "[matmul] inner dimensions differ: (2, 3) @ (4, 5)");
  CHECK(error_of([&] { matmul(x, zeros({3})); }) == "[matmul] two matrices are needed, not (2, 3) @ (3)");
  CHECK(contains(error_of([&] { linear(x, zeros({5, 4}), zeros({5})); }), "does not end in the 4 features"));
  CHECK(contains(error_of([&] { linear(x, zeros({5, 3}), zeros({4})); }), "[linear] weight (5, 3) and bias (4)"));
  CHECK(contains(error_of([&] { linear(scalar(1), zeros({5, 3}), zeros({5})); }), "[linear] "));
  CHECK(error_of([&] { reshape(x, {5}); }) == "[reshape] (2, 3) has 6 elements, (5) has 5");
  CHECK(contains(error_of([&] { transpose(zeros({3})); }), "[transpose] shape (3)"));
  CHECK(contains(error_of([&] { permute(x, {0, 0}); }), "[permute] "));
  CHECK(contains(error_of([&] { permute(x, 0); }), "[permute] "));
  CHECK(contains(error_of([&] { slice(x, 1, 2, 4); }), "[slice] 2 to 4 is out of range for axis 1 of shape (2, 3)"));
  CHECK(contains(error_of([&] { slice(x, 1, 2, 1); }), "[slice] "));
  CHECK(contains(error_of([&] { slice(x, 2, 0, 1); }), "[slice] "));
  CHECK(contains(error_of([&] { pad(x, 0, -1, 0); }), "[pad] "));
  CHECK(contains(error_of([&] { concat({x, zeros({2, 2, 3})}, 0); }), "[concat] "));
  CHECK(contains(error_of([&] { concat({x, zeros({2, 2})}, 0); }), "[concat] shapes differ off axis 0"));
  CHECK(contains(error_of([&] { concat(std::span<const Tensor>(), 0); }), "[concat] no parts"));
  CHECK(contains(error_of([&] { broadcast_to(x, {3, 3}); }), "[broadcast_to] "));
  CHECK(contains(error_of([&] { broadcast_to(x, {3}); }), "[broadcast_to] "));
  CHECK(contains(error_of([&] { sum_to(x, {2}); }), "[sum_to] "));
  CHECK(contains(error_of([&] { gather(x, 1, Indices({2, 1}, {0, 3})); }),
                 "index 3 is out of range for an axis of extent 3"));
  CHECK(contains(error_of([&] { gather(x, 1, Indices({2, 1}, {0, -1})); }), "index -1 is out of range"));
  CHECK(contains(error_of([&] { gather(x, 1, Indices{0, 1}); }), "[gather] indices of shape (2)"));
  CHECK(contains(error_of([&] { scatter_add(x, 0, Indices({2, 3}, {0, 0, 0, 1, 1, 2}), 2); }),
                 "index 2 is out of range"));
  CHECK(contains(error_of([&] { sum(x, 2); }), "[sum] "));
  CHECK(contains(error_of([&] { sum(x, {0, -2}); }), "[sum] "));
  CHECK(contains(error_of([&] { mean(zeros({0})); }), "[mean] shape (0)"));
  CHECK(contains(error_of([&] { max(zeros({2, 0}), {1}); }), "[max] shape (2, 0)"));
  CHECK(contains(error_of([&] { argmax(zeros({2, 0}), 1); }), "[argmax] axis 1 of shape (2, 0) is empty"));
  CHECK(contains(error_of([&] { clamp(x, 2, 1); }), "[clamp] "));
  CHECK(contains(error_of([&] { clamp(x, kNaN, 1); }), "[clamp] "));
}
