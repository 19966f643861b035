#include "tests/autograd/op_table.h"

#include <numeric>
#include <utility>

#include "autograd/ops.h"
#include "tensor/random.h"

namespace gradus::test {

namespace {

// Where an input may lie: each element is drawn from one of these intervals.
using Domain = std::vector<std::pair<Real, Real>>;
const Domain kAnywhere{{-1.6, 1.6}};
const Domain kOffZero{{-1.6, -0.4}, {0.4, 1.6}};
const Domain kPositive{{0.6, 1.8}};
// Two domains of which any two elements are far apart, one from each.
const Domain kOdd{{-1, -0.5}, {0.5, 1}};
const Domain kEven{{-1.8, -1.4}, {-0.1, 0.1}, {1.4, 1.8}};

class OpTable {
 public:
  std::vector<OpCase> cases;

  OpTable() {
    arithmetic();
    functions();
    shapes();
    reductions();
    linear_algebra();
    images();
    constants();
  }

 private:
  using Unary = Tensor (*)(const Tensor&);
  using Binary = Tensor (*)(const Tensor&, const Tensor&);

  Rng rng_{.seed = 11};

  Tensor draw(const Shape& shape, const Domain& domain) {
    std::vector<Real> values = uniform(shape, rng_).values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto [low, high] = domain[(i + i / domain.size()) % domain.size()];
      values[i] = low + (high - low) * values[i];
    }
    return tensor(shape, values);
  }
  // All elements far from each other.
  Tensor distinct(const Shape& shape) {
    const Indices order = permutation(shape.numel(), rng_);
    std::vector<Real> values;
    for (const std::int64_t i : order.values) values.push_back(Real(0.4) * static_cast<Real>(i) - 2);
    return tensor(shape, values);
  }
  Tensor transposed(const Shape& shape, const Domain& domain) { return transpose(draw({shape[1], shape[0]}, domain)); }
  Tensor sliced(const Shape& shape, const Domain& domain) {
    const Tensor wide = draw({shape[0] + 2, shape[1] + 3}, domain);
    return slice(slice(wide, 0, 1, 1 + shape[0]), 1, 2, 2 + shape[1]);
  }

  void add(std::string op, std::string inputs, TensorFunction f, std::vector<Tensor> at) {
    cases.push_back({std::move(op), std::move(inputs), std::move(f), std::move(at)});
  }

  // Elementwise of one tensor, in all shapes and layouts.
  template <class F>
  void unary(const std::string& op, const Domain& domain, const F& op_of) {
    const TensorFunction f = [op_of](std::span<const Tensor> in) { return op_of(in[0]); };
    add(op, "rank 0", f, {draw({}, domain)});
    add(op, "size 1", f, {draw({1}, domain)});
    add(op, "more than one register", f, {draw({37}, domain)});
    add(op, "nothing", f, {draw({0, 3}, domain)});
    add(op, "transposed", f, {transposed({5, 3}, domain)});
    add(op, "permuted", f, {permute(draw({2, 3, 4}, domain), {2, 0, 1})});
    add(op, "sliced", f, {sliced({4, 5}, domain)});
    add(op, "repeated", f, {broadcast_to(draw({3, 1}, domain), {3, 4})});
  }

  // Elementwise of two tensors, in all manners of broadcasting.
  template <class F>
  void binary(const std::string& op, const Domain& a, const Domain& b, const F& op_of) {
    const TensorFunction f = [op_of](std::span<const Tensor> in) { return op_of(in[0], in[1]); };
    add(op, "rank 0", f, {draw({}, a), draw({}, b)});
    add(op, "more than one register", f, {draw({37}, a), draw({37}, b)});
    add(op, "nothing", f, {draw({0, 3}, a), draw({1, 1}, b)});
    add(op, "a row", f, {draw({3, 4}, a), draw({4}, b)});
    add(op, "outer", f, {draw({3, 1}, a), draw({1, 4}, b)});
    add(op, "both ranks grow", f, {draw({2, 1, 3}, a), draw({5, 1}, b)});
    add(op, "a number and a matrix", f, {draw({}, a), transposed({3, 4}, b)});
    add(op, "size 1 and sliced", f, {sliced({3, 4}, a), draw({1}, b)});
    add(op, "repeated and transposed", f, {broadcast_to(draw({4}, a), {3, 4}), transposed({3, 4}, b)});
  }

  void arithmetic() {
    binary("operator+(Tensor, Tensor)", kAnywhere, kAnywhere, Binary(operator+));
    binary("operator-(Tensor, Tensor)", kAnywhere, kAnywhere, Binary(operator-));
    binary("operator*(Tensor, Tensor)", kAnywhere, kAnywhere, Binary(operator*));
    binary("operator/(Tensor, Tensor)", kAnywhere, kPositive, Binary(operator/));
    add("operator*(Tensor, Tensor)", "a tensor with itself", [](auto in) { return in[0] * in[0]; },
        {draw({7}, kAnywhere)});
    add("operator/(Tensor, Tensor)", "a tensor with itself", [](auto in) { return in[0] / (in[0] * in[0]); },
        {draw({7}, kPositive)});
    unary("operator-(Tensor)", kAnywhere, Unary(operator-));
    const Real c = Real(1.7);
    unary("operator+(Tensor, Real)", kAnywhere, [c](const Tensor& x) { return x + c; });
    unary("operator-(Tensor, Real)", kAnywhere, [c](const Tensor& x) { return x - c; });
    unary("operator*(Tensor, Real)", kAnywhere, [c](const Tensor& x) { return x * c; });
    unary("operator/(Tensor, Real)", kAnywhere, [c](const Tensor& x) { return x / c; });
    unary("operator+(Real, Tensor)", kAnywhere, [c](const Tensor& x) { return c + x; });
    unary("operator-(Real, Tensor)", kAnywhere, [c](const Tensor& x) { return c - x; });
    unary("operator*(Real, Tensor)", kAnywhere, [c](const Tensor& x) { return c * x; });
    unary("operator/(Real, Tensor)", kPositive, [c](const Tensor& x) { return c / x; });
  }

  void functions() {
    const Domain far_out{{-30, -20}, {-6, 6}, {20, 30}};
    unary("exp(Tensor)", kAnywhere, Unary(exp));
    unary("log(Tensor)", kPositive, Unary(log));
    unary("log1p(Tensor)", {{-0.4, 2}}, Unary(log1p));
    unary("expm1(Tensor)", kAnywhere, Unary(expm1));
    unary("sqrt(Tensor)", kPositive, Unary(sqrt));
    unary("tanh(Tensor)", kAnywhere, Unary(tanh));
    unary("tanh(Tensor)", far_out, Unary(tanh));
    unary("sigmoid(Tensor)", kAnywhere, Unary(sigmoid));
    unary("sigmoid(Tensor)", far_out, Unary(sigmoid));
    unary("softplus(Tensor)", kAnywhere, Unary(softplus));
    unary("softplus(Tensor)", far_out, Unary(softplus));
    unary("erf(Tensor)", kAnywhere, Unary(erf));
    unary("erf(Tensor)", far_out, Unary(erf));
    unary("sin(Tensor)", kAnywhere, Unary(sin));
    unary("sin(Tensor)", far_out, Unary(sin));
    unary("cos(Tensor)", kAnywhere, Unary(cos));
    unary("cos(Tensor)", far_out, Unary(cos));
    unary("lgamma(Tensor)", kPositive, Unary(lgamma));
    unary("lgamma(Tensor)", {{-2.7, -2.3}, {-0.7, -0.3}, {2, 9}, {20, 30}},
          [](const Tensor& x) { return lgamma(x) / 8; });
    unary("digamma(Tensor)", {{0.8, 3}}, Unary(digamma));
    unary("digamma(Tensor)", {{-2.65, -2.35}, {-0.65, -0.35}, {2, 9}, {20, 30}},
          [](const Tensor& x) { return digamma(x) / 8; });
    binary("pow(Tensor, Tensor)", kPositive, kAnywhere, Binary(pow));
    add("pow(Tensor, Tensor)", "a tensor with itself", [](auto in) { return pow(in[0], in[0]); },
        {draw({7}, kPositive)});
    unary("pow(Tensor, Real)", kPositive, [](const Tensor& x) { return pow(x, Real(-1.3)); });
    for (const Real y : {0, 1, 2, 3, -2})  // of a negative base only these
      unary("pow(Tensor, Real)", y < 0 ? Domain{{-1.6, -0.8}, {0.8, 1.6}} : kAnywhere,
            [y](const Tensor& x) { return pow(x, y); });
    unary("abs(Tensor)", kOffZero, Unary(abs));
    binary("min(Tensor, Tensor)", kOdd, kEven, Binary(min));
    binary("max(Tensor, Tensor)", kOdd, kEven, Binary(max));
    unary("clamp(Tensor, Real, Real)", {{-1.6, -0.9}, {-0.15, 0.4}, {1.1, 1.6}},
          [](const Tensor& x) { return clamp(x, Real(-0.5), Real(0.75)); });
    unary("relu(Tensor)", kOffZero, Unary(relu));
    unary("elu(Tensor, Real)", kOffZero, [](const Tensor& x) { return elu(x); });
    unary("elu(Tensor, Real)", kOffZero, [](const Tensor& x) { return elu(x, Real(0.3)); });
    unary("leaky_relu(Tensor, Real)", kOffZero, [](const Tensor& x) { return leaky_relu(x); });
    unary("leaky_relu(Tensor, Real)", kOffZero, [](const Tensor& x) { return leaky_relu(x, Real(0.3)); });
    unary("silu(Tensor)", kAnywhere, Unary(silu));
    unary("gelu(Tensor)", kAnywhere, Unary(gelu));

    const auto chosen = [](std::span<const Tensor> in) { return where(in[0], in[1], in[2]); };
    const Tensor condition = tensor({3, 1}, {1, 0, -2});
    // The condition has no derivative, so it is no input but where it stands far from its kink.
    const auto fixed = [condition](std::span<const Tensor> in) { return where(condition, in[0], in[1]); };
    add("where(Tensor, Tensor, Tensor)", "matrices", fixed, {transposed({3, 4}, kAnywhere), sliced({3, 4}, kAnywhere)});
    add("where(Tensor, Tensor, Tensor)", "broadcasting", fixed, {draw({}, kAnywhere), draw({2, 1, 4}, kAnywhere)});
    add("where(Tensor, Tensor, Tensor)", "by the condition", chosen,
        {draw({37}, kOffZero), draw({37}, kAnywhere), draw({1}, kAnywhere)});
    numbers();
    binary("operator<(Tensor, Tensor)", kOdd, kEven, Binary(operator<));
    binary("operator<=(Tensor, Tensor)", kOdd, kEven, Binary(operator<=));
    binary("operator>(Tensor, Tensor)", kOdd, kEven, Binary(operator>));
    binary("operator>=(Tensor, Tensor)", kOdd, kEven, Binary(operator>=));
    binary("equal(Tensor, Tensor)", kOdd, kEven, Binary(equal));
  }

  // An op that moves elements, of a contiguous, a transposed, a sliced and a repeated (4, 3), squared afterwards so
  // that there is something to differentiate twice.
  // The number lies between the elements.
  void numbers() {
    const double c = 0.1;
    const Tensor flags = tensor({4, 1}, {1, 0, 0, 1});
    moving("where(Tensor, Tensor, Number)", "by a column", [=](const Tensor& x) { return where(flags, x, c); });
    moving("where(Tensor, Number, Tensor)", "by a column", [=](const Tensor& x) { return where(flags, 1, x); });
    unary("where(Tensor, Number, Number)", kOffZero, [](const Tensor& x) { return x * where(x > 0, 2, 3.5); });
    unary("min(Tensor, Number)", kOffZero, [c](const Tensor& x) { return min(x, c); });
    unary("min(Number, Tensor)", kOffZero, [c](const Tensor& x) { return min(c, x); });
    unary("max(Tensor, Number)", kOffZero, [c](const Tensor& x) { return max(x, c); });
    unary("max(Number, Tensor)", kOffZero, [](const Tensor& x) { return max(0, x); });
    unary("operator<(Tensor, Number)", kOffZero, [](const Tensor& x) { return x * (x < 0); });
    unary("operator<(Number, Tensor)", kOffZero, [](const Tensor& x) { return x * (0 < x); });
    unary("operator<=(Tensor, Number)", kOffZero, [](const Tensor& x) { return x * (x <= 0); });
    unary("operator<=(Number, Tensor)", kOffZero, [](const Tensor& x) { return x * (0 <= x); });
    unary("operator>(Tensor, Number)", kOffZero, [](const Tensor& x) { return x * (x > 0); });
    unary("operator>(Number, Tensor)", kOffZero, [](const Tensor& x) { return x * (0 > x); });
    unary("operator>=(Tensor, Number)", kOffZero, [](const Tensor& x) { return x * (x >= 0); });
    unary("operator>=(Number, Tensor)", kOffZero, [](const Tensor& x) { return x * (0 >= x); });
    unary("equal(Tensor, Number)", kOffZero, [](const Tensor& x) { return x * equal(x, 0); });
    unary("equal(Number, Tensor)", kOffZero, [](const Tensor& x) { return x * equal(0, x); });
  }

  void moving(const std::string& op, const std::string& what, const std::function<Tensor(const Tensor&)>& move) {
    const TensorFunction f = [move](std::span<const Tensor> in) {
      const Tensor y = move(in[0]);
      return y * y;
    };
    add(op, what, f, {draw({4, 3}, kAnywhere)});
    add(op, what + ", transposed", f, {transposed({4, 3}, kAnywhere)});
    add(op, what + ", sliced", f, {sliced({4, 3}, kAnywhere)});
    add(op, what + ", repeated", f, {broadcast_to(draw({3}, kAnywhere), {4, 3})});
  }

  void shapes() {
    const auto squared = [](const auto& move) {
      return [move](std::span<const Tensor> in) { return move(in) * move(in); };
    };
    moving("transpose(Tensor)", "a matrix", [](const Tensor& x) { return transpose(x); });
    add("transpose(Tensor)", "a stack of matrices", squared([](auto in) { return transpose(in[0]); }),
        {draw({2, 3, 4}, kAnywhere)});
    moving("permute(Tensor, Axes)", "a matrix", [](const Tensor& x) { return permute(x, {1, 0}); });
    add("permute(Tensor, Axes)", "rank 4", squared([](auto in) { return permute(in[0], {2, 0, -1, 1}); }),
        {draw({2, 3, 1, 4}, kAnywhere)});
    add("permute(Tensor, Axes)", "rank 0", squared([](auto in) { return permute(in[0], {}); }), {draw({}, kAnywhere)});
    moving("reshape(Tensor, Shape)", "flat", [](const Tensor& x) { return reshape(x, {12}); });
    moving("reshape(Tensor, Shape)", "the same", [](const Tensor& x) { return reshape(x, {4, 3}); });
    add("reshape(Tensor, Shape)", "to rank 0", squared([](auto in) { return reshape(in[0], {}); }),
        {draw({1, 1}, kAnywhere)});
    moving("slice(Tensor, int, int64_t, int64_t)", "inside", [](const Tensor& x) { return slice(x, 0, 1, 3); });
    moving("slice(Tensor, int, int64_t, int64_t)", "the last axis", [](const Tensor& x) { return slice(x, -1, 0, 2); });
    moving("slice(Tensor, int, int64_t, int64_t)", "nothing", [](const Tensor& x) { return slice(x, 0, 2, 2); });
    moving("pad(Tensor, int, int64_t, int64_t)", "rows", [](const Tensor& x) { return pad(x, 0, 2, 1); });
    moving("pad(Tensor, int, int64_t, int64_t)", "columns", [](const Tensor& x) { return pad(x, -1, 0, 2); });
    for (const int axis : {0, 1, -1}) {
      const auto joined = [axis](auto in) { return concat({in[0], in[1], in[0]}, axis); };
      add("concat(initializer_list<Tensor>, int)", "with one part twice", squared(joined),
          {transposed({2, 3}, kAnywhere), draw({2, 3}, kAnywhere)});
    }
    add("concat(span<Tensor>, int)", "parts of different extents", squared([](auto in) { return concat(in, 1); }),
        {draw({2, 1, 2}, kAnywhere), draw({2, 0, 2}, kAnywhere), draw({2, 3, 2}, kAnywhere)});
    add("concat(span<Tensor>, int)", "one part", squared([](auto in) { return concat(in, 0); }),
        {draw({3}, kAnywhere)});
    for (const int axis : {0, 1, -1})
      add("stack(initializer_list<Tensor>, int)", "with one part twice",
          squared([axis](auto in) { return stack({in[0], in[1], in[0]}, axis); }),
          {transposed({2, 3}, kAnywhere), draw({2, 3}, kAnywhere)});
    add("stack(span<Tensor>, int)", "numbers", squared([](auto in) { return stack(in, 0); }),
        {draw({}, kAnywhere), draw({}, kAnywhere)});
    add("stack(span<Tensor>, int)", "nothing", squared([](auto in) { return stack(in, -1); }),
        {draw({0, 2}, kAnywhere), draw({0, 2}, kAnywhere)});
    moving("split(Tensor, initializer_list<int64_t>, int)", "three extents", [](const Tensor& x) {
      const std::vector<Tensor> parts = split(x, {1, 0, 3}, 0);
      return sum(parts[0] * parts[2], 0) * sum(parts[1]);
    });
    moving("split(Tensor, span<int64_t>, int)", "the last axis", [](const Tensor& x) {
      const std::vector<std::int64_t> sizes{2, 1};
      const std::vector<Tensor> parts = split(x, sizes, -1);
      return parts[0] * parts[1];
    });
    moving("split(Tensor, int64_t, int)", "equal parts, one unused", [](const Tensor& x) {
      const std::vector<Tensor> parts = split(x, 4, 0);
      return parts[0] * parts[1] + parts[3];
    });
    const Indices words({2, 3}, {3, 0, 1, 3, 3, 1});  // one row thrice, one never
    moving("embedding(Tensor, Indices)", "a matrix of indices", [=](const Tensor& x) { return embedding(x, words); });
    moving("embedding(Tensor, Indices)", "one index", [](const Tensor& x) { return embedding(x, Indices({}, {2})); });
    moving("embedding(Tensor, Indices)", "none", [](const Tensor& x) { return embedding(x, Indices({2, 0}, {})); });
    moving("scatter_rows(Tensor, Indices, int64_t)", "rows",
           [](const Tensor& x) { return scatter_rows(x, {4, 0, 4, 1}, 5); });
    add("scatter_rows(Tensor, Indices, int64_t)", "rank 3",
        squared([=](auto in) { return scatter_rows(in[0], words, 4); }),
        {permute(draw({3, 4, 2}, kAnywhere), {2, 0, 1})});
    add("scatter_rows(Tensor, Indices, int64_t)", "no rows",
        squared([](auto in) { return scatter_rows(in[0], Indices({0}, {}), 2); }), {draw({0, 3}, kAnywhere)});
    moving("broadcast_to(Tensor, Shape)", "a new axis", [](const Tensor& x) { return broadcast_to(x, {2, 4, 3}); });
    add("broadcast_to(Tensor, Shape)", "axes of 1", squared([](auto in) { return broadcast_to(in[0], {2, 3, 4}); }),
        {draw({3, 1}, kAnywhere)});
    add("broadcast_to(Tensor, Shape)", "a number", squared([](auto in) { return broadcast_to(in[0], {3, 4}); }),
        {draw({}, kAnywhere)});
    add("broadcast_to(Tensor, Shape)", "to nothing", squared([](auto in) { return broadcast_to(in[0], {0, 4}); }),
        {draw({1, 4}, kAnywhere)});
    moving("sum_to(Tensor, Shape)", "a row", [](const Tensor& x) { return sum_to(x, {3}); });
    moving("sum_to(Tensor, Shape)", "a column", [](const Tensor& x) { return sum_to(x, {4, 1}); });
    moving("sum_to(Tensor, Shape)", "a number", [](const Tensor& x) { return sum_to(x, {}); });
    moving("flip(Tensor, Axes)", "rows", [](const Tensor& x) { return flip(x, 0); });
    moving("flip(Tensor, Axes)", "both axes", [](const Tensor& x) { return flip(x, {0, -1}) * x; });
    add("flip(Tensor, Axes)", "rank 0", squared([](auto in) { return flip(in[0], {}); }), {draw({}, kAnywhere)});
    const Indices rows({2, 3}, {3, 0, 1, 3, 2, 1});  // one element twice
    const Indices columns({4, 2}, {2, 2, 0, 1, 1, 0, 2, 1});
    moving("gather(Tensor, int, Indices)", "axis 0", [=](const Tensor& x) { return gather(x, 0, rows); });
    moving("gather(Tensor, int, Indices)", "the last axis", [=](const Tensor& x) { return gather(x, -1, columns); });
    const Indices places({4, 3}, {4, 0, 4, 1, 1, 1, 0, 4, 2, 2, 3, 0});
    moving("scatter_add(Tensor, int, Indices, int64_t)", "axis 0",
           [=](const Tensor& x) { return scatter_add(x, 0, places, 5); });
    moving("scatter_add(Tensor, int, Indices, int64_t)", "the last axis",
           [=](const Tensor& x) { return scatter_add(x, -1, places, 6); });
  }

  // A factor that is constant around each point: the central difference agrees that it has no derivative.
  void constants() {
    add("stop_gradient(Tensor)", "of a sign",
        [](auto in) { return in[0] * in[0] * stop_gradient(where(in[0] > scalar(0), scalar(2), scalar(3))); },
        {draw({7}, kOffZero)});
  }

  // A reduction by its three ways of naming axes, of elements far apart.
  template <class All, class Some>
  void reduction(const std::string& name, const All& all, const Some& some) {
    const std::string by_axes = name + "(Tensor, Axes, bool)";
    const TensorFunction of_all = [all](std::span<const Tensor> in) { return all(in[0]) * all(in[0]); };
    const auto of = [some](const Axes& axes, bool keep) -> TensorFunction {
      return [=](std::span<const Tensor> in) {
        const Tensor y = some(in[0], axes, keep);
        return y * y;
      };
    };
    add(name + "(Tensor)", "rank 0", of_all, {distinct({})});
    add(name + "(Tensor)", "more than one register", of_all, {distinct({37})});
    add(name + "(Tensor)", "transposed", of_all, {transpose(distinct({5, 3}))});
    add(by_axes, "the first", of(0, false), {distinct({4, 3})});
    add(by_axes, "the last, kept", of(-1, keepdim), {distinct({4, 3})});
    add(by_axes, "the first, transposed", of(0, keepdim), {transpose(distinct({4, 3}))});
    add(by_axes, "the last, sliced", of(1, false), {slice(distinct({4, 7}), 1, 2, 6)});
    add(by_axes, "two of three", of({0, 2}, false), {distinct({2, 3, 4})});
    add(by_axes, "the middle of a permuted", of(-2, keepdim), {permute(distinct({2, 3, 4}), {2, 0, 1})});
    add(by_axes, "none", of({}, false), {distinct({2, 3})});
    add(by_axes, "of extent 1", of(1, false), {distinct({3, 1})});
    add(by_axes, "no results", of(1, keepdim), {distinct({0, 3})});
  }

  void reductions() {
    reduction(
        "sum", [](const Tensor& x) { return sum(x) * Real(0.1); },
        [](const Tensor& x, const Axes& axes, bool keep) { return sum(x, axes, keep); });
    reduction(
        "mean", [](const Tensor& x) { return mean(x); },
        [](const Tensor& x, const Axes& axes, bool keep) { return mean(x, axes, keep); });
    reduction(
        "max", [](const Tensor& x) { return max(x); },
        [](const Tensor& x, const Axes& axes, bool keep) { return max(x, axes, keep); });
    reduction(
        "logsumexp", [](const Tensor& x) { return logsumexp(x); },
        [](const Tensor& x, const Axes& axes, bool keep) { return logsumexp(x, axes, keep); });
    reduction(
        "norm", [](const Tensor& x) { return norm(x) * Real(0.1); },
        [](const Tensor& x, const Axes& axes, bool keep) { return norm(x + Real(0.2), axes, keep); });  // none is 0
    const auto spread = [this](const std::string& what, const Tensor& x, const Axes& axes, bool keep, Real correction) {
      add("var(Tensor, Axes, bool, Real)", what,
          [=](auto in) { return var(in[0], axes, keep, correction) * Real(0.1); }, {x});
      add("stddev(Tensor, Axes, bool, Real)", what, [=](auto in) { return stddev(in[0], axes, keep, correction); },
          {x});
    };
    spread("the first", distinct({4, 3}), 0, false, 1);
    spread("the last, kept, without correction", distinct({4, 3}), -1, keepdim, 0);
    spread("two of three, of a permuted", permute(distinct({2, 3, 4}), {2, 0, 1}), {0, 2}, false, Real(1.5));
    spread("no results", distinct({0, 3}), 1, false, 1);
    add("var(Tensor)", "all", [](auto in) { return var(in[0]) * Real(0.1); }, {distinct({4, 3})});
    add("stddev(Tensor)", "all", [](auto in) { return stddev(in[0]); }, {distinct({19})});
    for (const int n : {1, 2, 3, 7})
      add("prod(Tensor)", std::to_string(n), [](auto in) { return prod(in[0]); }, {draw({n}, kOffZero)});
    const auto product = [this](const std::string& what, const Tensor& x, const Axes& axes, bool keep) {
      add("prod(Tensor, Axes, bool)", what, [=](auto in) { return prod(in[0], axes, keep); }, {x});
    };
    product("the first", draw({4, 3}, kOffZero), 0, false);
    product("the last, kept, transposed", transposed({3, 5}, kOffZero), -1, keepdim);
    product("two of three", draw({3, 2, 2}, kOffZero), {0, 2}, false);
    product("none", draw({2, 3}, kOffZero), {}, false);
    product("of nothing", draw({2, 0}, kOffZero), 1, false);
    product("one zero, two, three", tensor({3, 4}, {1, 0, 2, 3, 0, 2, 0, Real(1.5), 0, 0, 2, 0}), 1, false);
    add("sum(Tensor)", "of nothing", [](auto in) { return sum(in[0]); }, {draw({0}, kAnywhere)});
    add("argmax(Tensor, int, bool)", "kept, to gather by",
        [](auto in) { return gather(in[0] * in[0], 1, argmax(in[0], 1, keepdim)); }, {distinct({4, 3})});
    for (const bool reverse : {false, true})
      for (const int axis : {0, 1, -1})
        moving("cumsum(Tensor, int, bool)", "axis " + std::to_string(axis),
               [=](const Tensor& x) { return cumsum(x, axis, reverse); });
    add("cumsum(Tensor, int, bool)", "the middle of rank 3", [](auto in) { return cumsum(in[0] * in[0], 1); },
        {draw({2, 3, 4}, kAnywhere)});
    add("cumsum(Tensor, int, bool)", "nothing", [](auto in) { return cumsum(in[0] * in[0], 0); },
        {draw({0, 3}, kAnywhere)});
    const auto wide = [this] { return draw({5}, kAnywhere) + tensor({5}, {-90, 0, 60, 60, 59}); };
    add("logsumexp(Tensor)", "of large numbers", [](auto in) { return logsumexp(in[0]); }, {wide()});
    add("softmax(Tensor, int)", "of large numbers", [](auto in) { return softmax(in[0], 0); }, {wide()});
    add("log_softmax(Tensor, int)", "of large numbers", [](auto in) { return log_softmax(in[0], 0) * Real(0.1); },
        {wide()});
    for (const int axis : {0, 1, -1}) {
      const auto soft = [axis](auto in) { return softmax(in[0], axis); };
      const auto log_soft = [axis](auto in) { return log_softmax(in[0], axis); };
      for (const Tensor& x : {draw({3, 4}, kAnywhere), transposed({3, 4}, kAnywhere), draw({2, 3, 2}, kAnywhere)}) {
        add("softmax(Tensor, int)", "axis " + std::to_string(axis), soft, {x});
        add("log_softmax(Tensor, int)", "axis " + std::to_string(axis), log_soft, {x});
      }
    }
  }

  void linear_algebra() {
    const TensorFunction product = [](std::span<const Tensor> in) { return matmul(in[0], in[1]); };
    const std::string mm = "matmul(Tensor, Tensor)";
    add(mm, "size 1", product, {draw({1, 1}, kAnywhere), draw({1, 1}, kAnywhere)});
    add(mm, "contiguous", product, {draw({3, 4}, kAnywhere), draw({4, 5}, kAnywhere)});
    add(mm, "both transposed", product, {transposed({3, 4}, kAnywhere), transposed({4, 5}, kAnywhere)});
    add(mm, "sliced and repeated", product, {sliced({3, 4}, kAnywhere), broadcast_to(draw({5}, kAnywhere), {4, 5})});
    add(mm, "more than one tile", product, {draw({13, 7}, kAnywhere), transposed({7, 19}, kAnywhere)});
    add(mm, "no inner dimension", product, {draw({2, 0}, kAnywhere), draw({0, 3}, kAnywhere)});
    add(mm, "no rows", product, {draw({0, 2}, kAnywhere), draw({2, 3}, kAnywhere)});
    add(mm, "a matrix with its transpose", [](auto in) { return matmul(in[0], transpose(in[0])); },
        {draw({3, 2}, kAnywhere)});

    const auto named = [this](const std::string& formula, const std::vector<Shape>& shapes) {
      std::vector<Tensor> at;
      for (const Shape& shape : shapes) at.push_back(draw(shape, kAnywhere));
      add("einsum(string_view, span<Tensor>)", formula, [=](auto in) { return einsum(formula, in); }, at);
    };
    named("bij,jbk->bik", {{2, 3, 4}, {4, 2, 5}});
    named("bi,bi->b", {{3, 4}, {3, 4}});
    named("ij,ij->ji", {{3, 4}, {3, 4}});
    named("i,j->ij", {{3}, {4}});
    named("ij,k->", {{2, 3}, {2}});
    named("ij,jk,kl->il", {{2, 3}, {3, 4}, {4, 2}});
    named("abc,cd->bad", {{2, 3, 0}, {0, 2}});
    named("ijk->ki", {{2, 3, 4}});
    add("einsum(string_view, Tensor)", "a transpose", [](auto in) { return einsum("ij->ji", in[0] * in[0]); },
        {draw({2, 3}, kAnywhere)});
    add("einsum(string_view, Tensor, Tensor)", "a tensor with itself",
        [](auto in) { return einsum("ij,kj->ik", in[0], in[0]); }, {transposed({2, 3}, kAnywhere)});
    add("einsum(string_view, initializer_list<Tensor>)", "three, one of them a number",
        [](auto in) { return einsum("ij,,i->j", {in[0], in[1], in[2]}); },
        {draw({3, 2}, kAnywhere), draw({}, kAnywhere), draw({3}, kAnywhere)});

    add(mm, "stacks", product, {draw({2, 3, 4}, kAnywhere), draw({2, 4, 5}, kAnywhere)});
    add(mm, "a stack and one matrix", product, {draw({2, 3, 4}, kAnywhere), transposed({4, 2}, kAnywhere)});
    add(mm, "one matrix and a stack", product, {draw({3, 4}, kAnywhere), draw({2, 1, 4, 2}, kAnywhere)});
    add(mm, "stacks that broadcast", product, {draw({2, 1, 3, 2}, kAnywhere), draw({3, 2, 4}, kAnywhere)});
    add(mm, "an empty stack", product, {draw({0, 3, 4}, kAnywhere), draw({1, 4, 2}, kAnywhere)});

    const TensorFunction affine = [](std::span<const Tensor> in) { return linear(in[0], in[1], in[2]); };
    const std::string wxb = "linear(Tensor, Tensor, Tensor)";
    add(wxb, "a vector", affine, {draw({3}, kAnywhere), draw({4, 3}, kAnywhere), draw({4}, kAnywhere)});
    add(wxb, "a batch", affine, {draw({5, 3}, kAnywhere), draw({4, 3}, kAnywhere), draw({4}, kAnywhere)});
    add(wxb, "two batch axes", affine, {draw({2, 3, 3}, kAnywhere), draw({4, 3}, kAnywhere), draw({4}, kAnywhere)});
    add(wxb, "transposed, sliced, repeated", affine,
        {transposed({5, 3}, kAnywhere), sliced({4, 3}, kAnywhere), broadcast_to(draw({1}, kAnywhere), {4})});
    add(wxb, "an empty batch", affine, {draw({0, 3}, kAnywhere), draw({4, 3}, kAnywhere), draw({4}, kAnywhere)});
    add(wxb, "more than one tile", affine, {draw({9, 5}, kAnywhere), draw({33, 5}, kAnywhere), draw({33}, kAnywhere)});
  }

  // The three that are each other's derivatives, for images, maps and a weight that belong together.
  void convolutions(const std::string& what, const Tensor& image, const Tensor& weight, const ConvSettings& s) {
    const Pair window{weight.shape()[2], weight.shape()[3]};
    const Tensor maps = draw(conv2d(image, weight, s).shape(), kAnywhere);
    ConvSettings back = s;
    const auto missing = [](std::int64_t extent, std::int64_t got) { return extent - got; };
    const Shape reached = conv_transpose2d(maps, weight, s).shape();
    back.output_padding = {missing(image.shape()[2], reached[2]), missing(image.shape()[3], reached[3])};
    const Tensor of_maps = draw({weight.shape()[0]}, kAnywhere), of_image = draw({image.shape()[1]}, kAnywhere);
    add("conv2d(Tensor, Tensor, ConvSettings)", what, [s](auto in) { return conv2d(in[0], in[1], s); },
        {image, weight});
    add("conv2d(Tensor, Tensor, Tensor, ConvSettings)", what, [s](auto in) { return conv2d(in[0], in[1], in[2], s); },
        {image, weight, of_maps});
    add("conv_transpose2d(Tensor, Tensor, ConvSettings)", what,
        [back](auto in) { return conv_transpose2d(in[0], in[1], back); }, {maps, weight});
    add("conv_transpose2d(Tensor, Tensor, Tensor, ConvSettings)", what,
        [back](auto in) { return conv_transpose2d(in[0], in[1], in[2], back); }, {maps, weight, of_image});
    add("conv2d_weight(Tensor, Tensor, Pair, ConvSettings)", what,
        [window, s](auto in) { return conv2d_weight(in[0], in[1], window, s); }, {image, maps});
  }

  void images() {
    const auto any = [this](const Shape& shape) { return draw(shape, kAnywhere); };
    convolutions("one by one", any({2, 2, 2, 3}), any({3, 2, 1, 1}), {});
    convolutions("padded", any({1, 2, 3, 4}), any({2, 2, 3, 2}), {.padding = {1, 2}});
    convolutions("strides, output padding", any({2, 1, 4, 6}), any({2, 1, 3, 3}), {.stride = {2, 3}, .padding = 1});
    convolutions("dilated", any({1, 1, 5, 4}), any({2, 1, 2, 2}), {.dilation = {3, 2}});
    convolutions("strided and dilated", any({1, 1, 4, 5}), any({2, 1, 2, 2}), {.stride = 2, .dilation = {1, 2}});
    convolutions("groups", any({2, 4, 3, 3}), any({2, 2, 2, 2}), {.stride = 2, .padding = 1, .groups = 2});
    convolutions("permuted", permute(any({3, 4, 2, 1}), {3, 2, 0, 1}), permute(any({2, 2, 3, 2}), {2, 1, 0, 3}),
                 {.padding = 1});
    convolutions("an empty batch", any({0, 2, 3, 3}), any({2, 2, 2, 2}), {});

    const std::string max_pool = "max_pool2d(Tensor, Pair, PoolSettings)";
    const std::string mean_pool = "avg_pool2d(Tensor, Pair, PoolSettings)";
    const auto pools = [&](const std::string& what, const Tensor& x, Pair window, const PoolSettings& s) {
      add(max_pool, what,
          [=](auto in) {
            const Tensor y = max_pool2d(in[0], window, s);
            return y * y;
          },
          {x});
      add(mean_pool, what,
          [=](auto in) {
            const Tensor y = avg_pool2d(in[0], window, s);
            return y * y;
          },
          {x});
    };
    pools("side by side", distinct({1, 2, 4, 5}), 2, {});
    pools("side by side, not square", distinct({1, 1, 6, 4}), {3, 2}, {});
    pools("overlapping, padded", distinct({2, 1, 4, 3}), {3, 2}, {.stride = {1, 2}, .padding = 1});
    pools("permuted", permute(distinct({4, 3, 2, 1}), {3, 2, 1, 0}), {1, 2}, {.stride = 1});
    pools("an empty batch", distinct({0, 2, 4, 4}), 2, {});
    pools("rounded up", distinct({1, 2, 5, 4}), {2, 3}, {.stride = {3, 2}, .padding = {0, 1}, .ceil_mode = true});
    add(max_pool, "dilated",
        [](auto in) {
          const Tensor y = max_pool2d(in[0], {2, 3}, {.stride = 1, .padding = {0, 1}, .dilation = {3, 2}});
          return y * y;
        },
        {distinct({1, 1, 5, 6})});
    const auto sequences = [&](const std::string& what, const Tensor& x, const Tensor& w, const Conv1dSettings& s) {
      add("conv1d(Tensor, Tensor, Conv1dSettings)", what, [s](auto in) { return conv1d(in[0], in[1], s); }, {x, w});
      add("conv1d(Tensor, Tensor, Tensor, Conv1dSettings)", what,
          [s](auto in) { return conv1d(in[0], in[1], in[2], s); }, {x, w, any({w.shape()[0]})});
    };
    sequences("plain", any({2, 2, 5}), any({3, 2, 3}), {});
    sequences("all settings", any({1, 4, 9}), any({2, 2, 3}), {.stride = 2, .padding = 1, .dilation = 2, .groups = 2});
    sequences("permuted", permute(any({6, 2, 2}), {1, 2, 0}), any({1, 2, 2}), {});
    const auto enlarged = [](auto in) {
      const Tensor y = upsample_nearest2d(in[0], {2, 3});
      return y * y;
    };
    add("upsample_nearest2d(Tensor, Pair)", "contiguous", enlarged, {any({2, 2, 3, 2})});
    add("upsample_nearest2d(Tensor, Pair)", "permuted", enlarged, {permute(any({3, 2, 2, 1}), {3, 2, 0, 1})});
    add("upsample_nearest2d(Tensor, Pair)", "an empty batch", enlarged, {any({0, 2, 3, 2})});
  }
};

}  // namespace

const std::vector<OpCase>& op_table() {
  static const OpTable table;
  return table.cases;
}

}  // namespace gradus::test
