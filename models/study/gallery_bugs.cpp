// What hangs in the gallery. Each bug has been found in a published program or an issue of a known framework.
#include <cmath>

#include "autograd/explain.h"
#include "autograd/op.h"
#include "autograd/ops.h"
#include "models/study/gallery.h"
#include "models/study/problems.h"
#include "nn/state.h"

namespace study {

// ----- graphs of plain numbers ------------------------------------------------------------------------------------

namespace {

// A chain of doublings, v₀, v₁ = v₀ + v₀, …: the slope of the last by the first is 2ⁿ.
enum class Way { in_order, overwriting, at_once, every_path };
struct Doublings {
  std::vector<double> d;
  double visits = 0;

  explicit Doublings(int n) : d(n + 1) {}
  double slope(Way way) {
    const int n = static_cast<int>(d.size()) - 1;
    d[n] = way == Way::every_path ? 0 : 1;
    if (way == Way::in_order)
      for (int i = n; i > 0; --i) d[i - 1] += 2 * d[i];
    else if (way == Way::every_path)
      walk(n, 1);
    else
      hand_on(n, way);
    return d[0];
  }
  void hand_on(int n, Way way) {
    for (int argument = 0; argument < 2 && n > 0; ++argument) {
      d[n - 1] = d[n] + (way == Way::at_once ? d[n - 1] : 0);
      hand_on(n - 1, way);
    }
  }
  void walk(int n, double g) {
    ++visits;
    d[n] += g;
    for (int argument = 0; argument < 2 && n > 0; ++argument) walk(n - 1, g);
  }
};
Subject doublings(int n, Way way) {
  return {.closed_form = {{[=] { return Doublings(n).slope(way); }, std::pow(2, n)}},
          .visits = {{[=] {
                        Doublings graph(n);
                        graph.slope(way);
                        return way == Way::every_path ? graph.visits : n + 1.0;
                      },
                      n + 1.0}}};
}

Subject number(const std::function<double()>& value, double right) { return {.closed_form = {{value, right}}}; }

// d/dx [x · d/dy (x + y)] by pairs of a value and a derivative; with one kind of derivative, x has one inside as well.
double nested(bool one_epsilon) {
  const double x = 3, x_slope = 1, inner = 1 + (one_epsilon ? x_slope : 0);
  return x_slope * inner + x * 0;
}

// ----- ops --------------------------------------------------------------------------------------------------------

Tensor value_of(const auto& f) {
  const Pause pause;
  return f();
}
Subject op(const TensorFunction& f, const std::vector<Tensor>& inputs) { return {.op = {{f, inputs}}}; }
Subject at(const std::function<Tensor(const Tensor&)>& f, Real x, Real slope, const Tensor& elsewhere) {
  return {.op = {{[f](auto in) { return f(in[0]); }, {elsewhere}}}, .point = {{f, scalar(x), scalar(slope)}}};
}
Tensor some(const Shape& shape) { return sin(reshape(arange(shape.numel()), shape) + 1); }

Tensor add_bias(const Tensor& x, const Tensor& b, bool summed) {
  return record("add_bias", value_of([&] { return x + b; }), arg(x, [](const Tensor& g) { return g; }),
                arg(b, [s = b.shape(), summed](const Tensor& g) { return summed ? sum_to(g, s) : g; }));
}
Tensor total(const Tensor& x, Real divisor) {
  return record("total", value_of([&] { return sum(x); }),
                arg(x, [s = x.shape(), divisor](const Tensor& g) { return broadcast_to(g, s) / divisor; }));
}
Tensor product(const Tensor& a, const Tensor& b, bool transposed) {
  return record("product", value_of([&] { return matmul(a, b); }),
                arg(a, [b, transposed](const Tensor& g) { return matmul(g, transposed ? transpose(b) : b); }),
                arg(b, [a](const Tensor& g) { return matmul(transpose(a), g); }));
}
Tensor bent(const Tensor& x, bool by_value) {
  const Tensor y = value_of([&] { return tanh(x); });
  return record("bent", y, arg(x, [x, y, by_value](const Tensor& g) {
                  const Tensor t = by_value ? y : x;
                  return g * (1 - t * t);
                }));
}
Tensor power(const Tensor& x, bool hidden) {
  const Tensor y = value_of([&] { return exp(x); });
  return record("power", y,
                arg(x, [x, y, kept = detach(y), hidden](const Tensor& g) { return g * (hidden ? kept : y); }));
}

// ----- probability: z ~ N(0, 1), x ~ N(z, 1), x = 1.5; the posterior is N(0.75, 0.5) ------------------------------------

const double kLogP = -0.5 * (std::log(4 * std::numbers::pi) + 1.5 * 1.5 / 2);

Tensor draws(Rng& rng, Real mu, Real log_variance, bool squared) {
  return mu + exp(full({100'000}, log_variance) / (squared ? 1 : 2)) * normal({100'000}, rng);
}
double bound_of(bool squared, double kl_factor) {
  Rng rng{.seed = 7};
  const Tensor off = Real(1.5) - draws(rng, Real(0.75), Real(std::log(0.5)), squared);
  const double likelihood = -0.5 * (std::log(2 * std::numbers::pi) + static_cast<double>(mean(off * off).item()));
  return likelihood - kl_factor * 0.5 * (0.75 * 0.75 + 0.5 - 1 - std::log(0.5));
}
Subject reparameterized(bool squared) {
  const auto f = [squared](auto in) { return in[0] + exp(in[1] / Real(squared ? 1 : 2)) * in[2]; };
  return {.op = {{f, {some({4}), some({4}) + 2, some({4})}}},
          .draws = {{[squared](Rng& rng) { return draws(rng, 0, 1, squared); }, 0, std::exp(1)}},
          .bound = {{[squared] { return bound_of(squared, 1); }, kLogP}}};
}
Subject kl_term(double factor) {
  const auto f = [factor](auto in) {
    return Real(factor) * sum(Real(0.5) * (in[0] * in[0] + expm1(in[1]) - in[1]), {1});
  };
  return {.op = {{f, {some({3, 2}), some({3, 2})}}}, .bound = {{[factor] { return bound_of(false, factor); }, kLogP}}};
}

bool reaches_encoder(Draw draw) {
  const Small net = small(1);
  Rng rng{.seed = 2};
  Explain look(parameter_names(net));
  Tape tape(parameters(net));
  look.name("the likelihood", terms(net, patterns(), draw, rng).log_likelihood);
  return look.text().find("no path from the likelihood to encoder") == std::string::npos;
}

}  // namespace

std::vector<Exhibit> exhibits() {
  const auto softplus_by_parts = [](const Tensor& x) { return max(x, 0) + log1p(exp(-abs(x))); };
  const auto usual_sigmoid = [](const Tensor& x) { return exp(x) / (1 + exp(x)); };
  const auto guarded = [](const Tensor& x) { return where(x > 0, sqrt(x), 0); };
  const auto guarded_twice = [](const Tensor& x) { return where(x > 0, sqrt(where(x > 0, x, 1)), 0); };
  const auto as_is = [](Tensor (*f)(const Tensor&)) { return [f](const Tensor& x) { return f(x); }; };
  const Tensor x = some({4}), positive = some({4}) + 3;
  return {
      {"= for +=", doublings(2, Way::overwriting), doublings(2, Way::in_order)},
      {"recursion that hands on at once", doublings(2, Way::at_once), doublings(2, Way::in_order)},
      {"every path on its own", doublings(24, Way::every_path), doublings(24, Way::in_order)},
      {"a second backward adds to the first", number([] { return 4.0 + 4.0; }, 4), number([] { return 4.0; }, 4)},
      {"a saved value overwritten in place",
       number(
           [] {
             double x = 3;
             const double& saved = x;  // of x², for its slope
             x = 5;
             return 2 * saved;
           },
           6),
       number(
           [] {
             Tensor x = scalar(3);
             Tape tape(x);
             const Tensor y = x * x, before = x;
             x.write().data[0] = 5;  // law 1: whoever has kept x does not see this
             return static_cast<double>(tape.gradient(y, before).item());
           },
           6)},
      {"one ε for two derivatives", number([] { return nested(true); }, 1), number([] { return nested(false); }, 1)},
      {"a broadcast that is not summed",
       op([](auto in) { return add_bias(in[0], in[1], false); }, {some({2, 3}), some({3})}),
       op([](auto in) { return add_bias(in[0], in[1], true); }, {some({2, 3}), some({3})})},
      {"the mean's VJP for a sum", op([](auto in) { return total(in[0], 4); }, {x}),
       op([](auto in) { return total(in[0], 1); }, {x})},
      {"matmul not transposed, b = ones",
       op([](auto in) { return product(in[0], in[1], false); }, {some({2, 3}), ones({3, 3})}),
       op([](auto in) { return product(in[0], in[1], true); }, {some({2, 3}), ones({3, 3})})},
      {"the same, b random", op([](auto in) { return product(in[0], in[1], false); }, {some({2, 3}), some({3, 3})}),
       op([](auto in) { return product(in[0], in[1], true); }, {some({2, 3}), some({3, 3})})},
      {"tanh' as 1 - x², at 0", op([](auto in) { return bent(in[0], false); }, {zeros({2})}),
       op([](auto in) { return bent(in[0], true); }, {zeros({2})})},
      {"the same, elsewhere", op([](auto in) { return bent(in[0], false); }, {x}),
       op([](auto in) { return bent(in[0], true); }, {x})},
      {"a detached term", op([](auto in) { return in[0] * in[0] + detach(in[0]); }, {x}),
       op([](auto in) { return in[0] * in[0] + in[0]; }, {x})},
      {"x·stop_gradient(x) for x²", op([](auto in) { return in[0] * stop_gradient(in[0]); }, {x}),
       op([](auto in) { return in[0] * in[0]; }, {x})},
      {"a hidden intermediate", op([](auto in) { return power(in[0], true); }, {x}),
       op([](auto in) { return power(in[0], false); }, {x})},
      {"softplus as max(x, 0) + log1p(e^-|x|)", at(softplus_by_parts, 0, Real(0.5), x),
       at(as_is(softplus), 0, Real(0.5), x)},
      {"sigmoid as eˣ/(1 + eˣ)", at(usual_sigmoid, 1000, 0, x), at(as_is(sigmoid), 1000, 0, x)},
      {"NaN through where", at(guarded, 0, 0, positive), at(guarded_twice, 0, 0, positive)},
      {"relu at 0 (right: a false alarm)", at(as_is(relu), 0, 0, zeros({1})), at(as_is(relu), 0, 0, positive)},
      {"σ² for σ in the draw", reparameterized(true), reparameterized(false)},
      {"KL with the wrong sign", kl_term(-1), kl_term(1)},
      {"KL averaged over the codes", kl_term(0.5), kl_term(1)},
      {"sample for rsample",
       {.path = [] { return reaches_encoder(Draw::sample); }},
       {.path = [] { return reaches_encoder(Draw::rsample); }}},
  };
}

}  // namespace study
