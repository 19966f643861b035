// Optimisers against the textbook in plain doubles, clipping, and what they refuse.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "autograd/ops.h"
#include "nn/accumulate.h"
#include "nn/average.h"
#include "nn/clip.h"
#include "nn/optim.h"
#include "nn/schedule.h"
#include "tensor/parallel.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

struct Parameters {
  std::vector<Tensor> x;
  void members(auto&& visit) { visit("x", x); }
};

/// The textbook on one number.
struct Reference {
  double x, velocity = 0, m = 0, v = 0;

  void step(const Sgd& sgd, double g, int) {
    velocity = sgd.momentum * velocity + g;
    x -= sgd.lr * velocity;
  }
  void step(const Adam& adam, double g, int t) {
    m = adam.beta1 * m + (1 - adam.beta1) * g;
    v = adam.beta2 * v + (1 - adam.beta2) * g * g;
    const double m_hat = m / (1 - std::pow(adam.beta1, t)), v_hat = v / (1 - std::pow(adam.beta2, t));
    x -= adam.lr * m_hat / (std::sqrt(v_hat) + adam.epsilon);
  }
};

/// The largest difference to the reference after `steps` steps of random gradients, of tensors of several sizes.
template <class Rule>
double off_after(const Rule& rule, int steps) {
  Rng rng{.seed = 1};
  Parameters module;
  std::vector<std::vector<Reference>> reference;
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{37}, Shape{5, 13}, Shape{0}, Shape{20'011}}) {
    module.x.push_back(normal(shape, rng));
    reference.emplace_back();
    for (const Real value : module.x.back().values()) reference.back().push_back({value});
  }
  Optimizer optimizer(rule);
  for (int t = 1; t <= steps; ++t) {
    std::vector<Tensor> gradients;
    for (std::size_t i = 0; i < module.x.size(); ++i) {
      gradients.push_back(normal(module.x[i].shape(), rng));
      const std::vector<Real> g = gradients.back().values();
      for (std::size_t e = 0; e < g.size(); ++e) reference[i][e].step(rule, g[e], t);
    }
    optimizer.step(module, gradients);
  }
  double worst = 0;
  for (std::size_t i = 0; i < module.x.size(); ++i) {
    const std::vector<Real> x = module.x[i].values();
    for (std::size_t e = 0; e < x.size(); ++e) {
      const double off = std::abs(x[e] - reference[i][e].x);
      if (!(off <= worst)) worst = off;
    }
  }
  CHECK(optimizer.steps == steps);
  return worst;
}

// Numbers of order 1 that move by order 1 in all: a few roundings of the type.
constexpr double kBound = 40 * std::numeric_limits<Real>::epsilon();

}  // namespace

TEST_CASE("optim: sgd, with and without momentum, is the textbook's") {
  CHECK(off_after(Sgd{.lr = 0.01}, 20) <= kBound);
  CHECK(off_after(Sgd{.lr = 0.01, .momentum = 0.9}, 20) <= kBound);
}

TEST_CASE("optim: adam is the textbook's, with its corrections from the first step on") {
  CHECK(off_after(Adam{}, 1) <= kBound);
  CHECK(off_after(Adam{}, 50) <= kBound);
  CHECK(off_after(Adam{.lr = 0.02, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 1e-3}, 20) <= kBound);
}

TEST_CASE("optim: adam's first step is lr, whatever the size of the gradient") {
  for (const Real g : {Real(1e-3), Real(1), Real(1e6), Real(-1e6)}) {
    Parameters module{{scalar(0)}};
    Optimizer optimizer(Adam{.lr = 0.125});
    optimizer.step(module, std::vector<Tensor>{scalar(g)});
    CHECK(std::abs(module.x[0].item() + (g > 0 ? 0.125 : -0.125)) <= 1e-5);
  }
}

TEST_CASE("optim: each finds the least of a parabola") {
  for (const Optimizer::Rule& rule :
       {Optimizer::Rule(Sgd{.lr = 0.1}), Optimizer::Rule(Sgd{.lr = 0.05, .momentum = 0.8}),
        Optimizer::Rule(Adam{.lr = 0.1})}) {
    Parameters module{{tensor({2}, {5, -4})}};
    const Tensor least = tensor({2}, {1, 2});
    Optimizer optimizer(rule);
    for (int step = 0; step < 400; ++step) {
      Tape tape(parameters(module));
      const Tensor off = module.x[0] - least;
      optimizer.step(module, tape.gradient(sum(off * off)));
    }
    CHECK(std::abs(module.x[0].at({0}) - 1) <= 1e-3);
    CHECK(std::abs(module.x[0].at({1}) - 2) <= 1e-3);
  }
}

TEST_CASE("optim: a gradient of any strides will do, and is not written to") {
  Parameters module{{zeros({2, 3})}};
  const Tensor g = transpose(tensor({3, 2}, {1, 2, 3, 4, 5, 6}));
  Optimizer optimizer(Sgd{.lr = 1});
  optimizer.step(module, std::vector<Tensor>{g});
  CHECK(module.x[0].values() == std::vector<Real>{-1, -3, -5, -2, -4, -6});
  optimizer.step(module, std::vector<Tensor>{broadcast_to(scalar(1), {2, 3})});
  CHECK(module.x[0].values() == std::vector<Real>{-2, -4, -6, -3, -5, -7});
  CHECK(g.values() == std::vector<Real>{1, 3, 5, 2, 4, 6});
}

TEST_CASE("optim: a warm step updates in place, and a tensor that someone else looks at not") {
  Parameters module{{zeros({64})}};
  const std::vector<Tensor> gradients{ones({64})};
  Optimizer optimizer(Adam{});
  optimizer.step(module, gradients);
  const Real* place = module.x[0].view().data;
  optimizer.step(module, gradients);
  CHECK(module.x[0].view().data == place);
  const Tensor snapshot = module.x[0];
  const std::vector<Real> before = snapshot.values();
  optimizer.step(module, gradients);
  CHECK(snapshot.values() == before);
  CHECK_FALSE(module.x[0].values() == before);
}

TEST_CASE("optim: moments have names, are there from the start, and can be put back") {
  Rng rng{.seed = 6};
  Parameters module{{normal({3}, rng), normal({2, 2}, rng)}};
  const std::vector<Tensor> gradients{normal({3}, rng), normal({2, 2}, rng)};
  const auto names = [&](Optimizer& optimizer) {
    std::vector<std::string> all;
    optimizer.for_each_moment(module, [&](const std::string& name, Tensor&) { all.push_back(name); });
    return all;
  };
  Optimizer adam(Adam{}), momentum(Sgd{.momentum = 0.9}), plain(Sgd{});
  CHECK(names(adam) == std::vector<std::string>{"m.x.0", "v.x.0", "m.x.1", "v.x.1"});
  CHECK(names(momentum) == std::vector<std::string>{"velocity.x.0", "velocity.x.1"});
  CHECK(names(plain).empty());

  adam.step(module, gradients);
  std::map<std::string, Tensor> kept;
  adam.for_each_moment(module, [&](const std::string& name, Tensor& x) { kept[name] = x; });
  Parameters other = module;
  Optimizer resumed(Adam{});
  resumed.steps = adam.steps;
  resumed.for_each_moment(other, [&](const std::string& name, Tensor& x) { x = detach(kept.at(name)); });
  adam.step(module, gradients);
  resumed.step(other, gradients);
  for (int i = 0; i < 2; ++i) CHECK(other.x[i].values() == module.x[i].values());
}

TEST_CASE("optim: an optimiser is a value") {
  Parameters module{{scalar(1)}}, other = module;
  const std::vector<Tensor> g{scalar(2)};
  Optimizer a(Adam{.lr = 0.1});
  a.step(module, g);
  other = module;
  Optimizer b = a;
  a.step(module, g);
  a.step(module, g);
  b.step(other, g);
  b.step(other, g);
  CHECK(other.x[0].item() == module.x[0].item());
}

TEST_CASE("optim: gradients that do not fit are errors") {
  const auto error = [](std::vector<Tensor> gradients) {
    Parameters module{{zeros({2}), zeros({3})}};
    Optimizer optimizer(Sgd{});
    const std::string sentence = error_of([&] { optimizer.step(module, gradients); });
    CHECK(optimizer.steps == (sentence == "no error"));  // a step that is refused does not count
    return sentence;
  };
  CHECK(error({zeros({2}), zeros({3})}) == "no error");
  CHECK(contains(error({zeros({2})}), "[optimizer] 1 gradients for "));
  CHECK(error({zeros({2}), zeros({3}), zeros({3})}) == "[optimizer] 3 gradients for 2 parameters");
  CHECK(error({zeros({2}), zeros({4})}) == "[optimizer] parameter 1 of shape (3) has a gradient of shape (4)");
}

TEST_CASE("optim: the same bits for any number of threads") {
  const auto train = [](int count) {
    set_threads(count);
    Rng rng{.seed = 8};
    Parameters module{{normal({100'003}, rng)}};
    Optimizer optimizer(Adam{});
    for (int step = 0; step < 3; ++step) {
      std::vector<Tensor> gradients{normal({100'003}, rng)};
      clip_global_norm(gradients, 1);
      optimizer.step(module, gradients);
    }
    return module.x[0].values();
  };
  const int usual = threads();
  const std::vector<Real> one = train(1);
  for (const int count : {2, 3, 7}) CHECK(train(count) == one);
  set_threads(usual);
}

// ---- rules of one's own ----

namespace {

/// Chen and others 2023, with decoupled weight decay.
struct Lion {
  double lr = 1e-4, beta1 = 0.9, beta2 = 0.99, weight_decay = 0;
  static constexpr std::array kMoments{"m"};
  void step(Batch& x, Batch& m, Batch g) const {
    const Batch u = beta1 * m + (1 - beta1) * g;
    x -= lr * (where(u > 0, 1, where(u < 0, -1, u)) + weight_decay * x);
    m = beta2 * m + (1 - beta2) * g;
  }
};

/// x ← x - lr·g/t: the count of steps, no moments, settings with a range, and numbers that must go together.
struct Harmonic {
  Real lr = 0.5;
  double least = 0, most = 1;
  int rest = 0;  // so many steps in which nothing moves
  static constexpr const char* kName = "harmonic";
  auto step(std::int64_t t) const {
    const double rate = t <= rest ? 0 : std::clamp(static_cast<double>(lr) / static_cast<double>(t), least, most);
    return [rate](Batch& x, Batch g) { x -= rate * g; };
  }
  void settings(auto&& is) {
    is("lr", lr, RealRange{.min = 0, .max = 10}, "learning rate");
    is("least", least, RealRange{.min = 0, .max = 1}, "of the rate");
    is("rest", rest, IntegerRange{0, 9}, "steps");
  }
  void check_numbers() const { check(least <= most, "[harmonic] nothing lies between {} and {}", least, most); }
};

}  // namespace

TEST_CASE("optim: Lion as a rule of one's own, by hand") {
  // Step 1: u = 0.1·g, so x moves by the sign of g; m = 0.01·g. Step 2 with -g/100: u = 0.9·0.01·g - 0.1·0.01·g =
  // 0.008·g, so the sign is still that of the first gradient. Step 3 with -g: u = 0.9·m - 0.1·g is of the other sign.
  Parameters module{{tensor({4}, {1, 1, 1, 1})}};
  Optimizer optimizer(Lion{.lr = 0.25});
  const Tensor g = tensor({4}, {4, -8, 0, Real(1e-3)});
  const auto step = [&](Real scale, double factor = 1) {
    optimizer.step(module, std::vector<Tensor>{g * scale}, factor);
    return module.x[0].values();
  };
  CHECK(step(1) == std::vector<Real>{Real(0.75), Real(1.25), 1, Real(0.75)});
  CHECK(step(Real(-0.01)) == std::vector<Real>{Real(0.5), Real(1.5), 1, Real(0.5)});
  CHECK(step(-1, 0.5) == std::vector<Real>{Real(0.625), Real(1.375), 1, Real(0.625)});
  // The decay: x ← x - lr·weight_decay·x where there is no gradient.
  Parameters decayed{{tensor({2}, {8, -4})}};
  Optimizer(Lion{.lr = 0.25, .weight_decay = 0.5}).step(decayed, std::vector<Tensor>{zeros({2})});
  CHECK(decayed.x[0].values() == std::vector<Real>{7, Real(-3.5)});
  // A NaN is not swallowed.
  optimizer.step(module, std::vector<Tensor>{full({4}, std::numeric_limits<Real>::quiet_NaN())});
  CHECK(std::isnan(module.x[0].at({0})));
}

TEST_CASE("optim: a rule of one's own has schedules, clipping, accumulation, averages and resuming") {
  const Schedule schedule{.kind = Schedule::cosine, .decay_steps = 8, .factor = 0.1, .warmup = 2};
  const Lion lion{.lr = 0.01, .weight_decay = 0.3};
  Rng rng{.seed = 4};
  Parameters module{{normal({20'011}, rng), normal({3, 5}, rng)}};
  std::vector<std::vector<double>> x, m;  // the naive twin, in double
  for (const Tensor& t : module.x) {
    x.emplace_back();
    for (const Real value : t.values()) x.back().push_back(value);
    m.emplace_back(x.back().size());
  }
  Optimizer optimizer(lion);
  Average<Parameters> average{module, 0.5};
  std::vector<std::vector<double>> averaged = x;
  double worst = 0, worst_average = 0;
  for (int t = 0; t < 10; ++t) {
    std::vector<Tensor> sum;
    for (int part = 0; part < 2; ++part) accumulate(sum, {normal({20'011}, rng), normal({3, 5}, rng)}, 0.5);
    clip_global_norm(sum, 2);
    const double factor = schedule(optimizer.steps);
    optimizer.step(module, sum, factor);
    average.update(module);
    const double kept = std::min(0.5, (1.0 + t) / (10.0 + t));
    for (std::size_t i = 0; i < 2; ++i) {
      const std::vector<Real> g = sum[i].values(), now = module.x[i].values(), mean = average.module.x[i].values();
      for (std::size_t e = 0; e < g.size(); ++e) {
        const double u = 0.9 * m[i][e] + (1 - 0.9) * g[e];
        // Where u is a rounding from 0 its sign is anybody's: there the twin takes ours.
        if (std::abs(u) <= 1e-9)
          x[i][e] = now[e];
        else
          x[i][e] -= lion.lr * factor * ((u > 0) - (u < 0) + lion.weight_decay * x[i][e]);
        m[i][e] = 0.99 * m[i][e] + (1 - 0.99) * g[e];
        averaged[i][e] = kept * averaged[i][e] + (1 - kept) * x[i][e];
        const double off = std::abs(now[e] - x[i][e]), off_average = std::abs(mean[e] - averaged[i][e]);
        if (!(off <= worst)) worst = off;
        if (!(off_average <= worst_average)) worst_average = off_average;
      }
    }
  }
  CHECK(worst <= kBound);
  CHECK(worst_average <= kBound);
  std::vector<std::string> names;
  optimizer.for_each_moment(module, [&](const std::string& name, Tensor&) { names.push_back(name); });
  CHECK(names == std::vector<std::string>{"m.x.0", "m.x.1"});
}

TEST_CASE("optim: a rule of one's own may count steps, keep nothing, and say what its numbers may be") {
  Parameters module{{tensor({2}, {1, 2})}};
  Optimizer optimizer(Harmonic{});
  for (int t = 1; t <= 4; ++t) optimizer.step(module, std::vector<Tensor>{tensor({2}, {12, -24})}, 0.5);
  // 0.25·(1 + 1/2 + 1/3 + 1/4) = 25/48 of the gradient
  CHECK(std::abs(module.x[0].at({0}) - (1 - 6.25)) <= kBound * 10);
  CHECK(std::abs(module.x[0].at({1}) - (2 + 12.5)) <= kBound * 20);
  CHECK(error_of([] { Optimizer(Harmonic{.lr = 0}); }) ==
        "[optimizer] lr cannot be 0: it must be a number above 0 and at most 1000000000000");
  CHECK(error_of([] { Optimizer(Harmonic{.lr = 11}); }) ==
        "[optimizer] lr cannot be 11: it must be a number from 0 to 10");
  CHECK(error_of([] { Optimizer(Harmonic{.rest = 10}); }) ==
        "[optimizer] rest cannot be 10: it must be a whole number from 0 to 9");
  CHECK(error_of([] { Optimizer(Harmonic{.least = 2}); }) ==
        "[optimizer] least cannot be 2: it must be a number from 0 to 1");
  CHECK(error_of([] { Optimizer(Harmonic{.least = 0.75, .most = 0.5}); }) ==
        "[harmonic] nothing lies between 0.75 and 0.5");
}

TEST_CASE("optim: a number that is out of its range as Real is refused") {
  const bool f32 = sizeof(Real) == 4;
  const auto refused = [&](auto&& make, const std::string& sentence) {
    CHECK(error_of(make) == (f32 ? sentence : "no error"));
  };
  const std::string above = "it must be a number above 0 and at most 1000000000000";
  refused([] { Optimizer(Adam{.epsilon = 1e-46}); },
          "[optimizer] epsilon cannot be 1e-46, which is 0 in float: " + above);
  refused([] { Optimizer(RmsProp{.epsilon = 1e-60}); },
          "[optimizer] epsilon cannot be 1e-60, which is 0 in float: " + above);
  refused([] { Optimizer(Sgd{.lr = 1e-60}); }, "[optimizer] lr cannot be 1e-60, which is 0 in float: " + above);
  refused([] { Optimizer(Adam{.beta2 = 0.99999999}); },
          "[optimizer] beta2 cannot be 0.99999999, which is 1 in float: it must be a number from 0 to below 1");
  CHECK(error_of([] { Optimizer(Adam{.epsilon = 1e-40}); }) == "no error");
  for (const double nothing : {0.0, -0.0, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK(contains(error_of([&] { Optimizer(Adam{.epsilon = nothing}); }), "[optimizer] epsilon cannot be "));
    CHECK(contains(error_of([&] { Optimizer(AdamW{.epsilon = nothing}); }), "[optimizer] epsilon cannot be "));
    CHECK(contains(error_of([&] { Optimizer(Adagrad{.epsilon = nothing}); }), "[optimizer] epsilon cannot be "));
    CHECK(contains(error_of([&] { Optimizer(RmsProp{.epsilon = nothing}); }), "[optimizer] epsilon cannot be "));
    CHECK(contains(error_of([&] { Optimizer(Nadam{.epsilon = nothing}); }), "[optimizer] epsilon cannot be "));
  }
}

// ---- clipping ----

TEST_CASE("clip: the norm is that of all gradients as one vector") {
  std::vector<Tensor> gradients{tensor({2}, {3, 0}), tensor({1, 1}, {4}), zeros({0}), scalar(12)};
  CHECK(global_norm(gradients) == 13);
  CHECK(global_norm({}) == 0);
  // In double: a float sum of these squares would overflow, and one of a million ones would be off.
  CHECK(std::abs(global_norm(std::vector<Tensor>{full({4}, Real(1e30))}) / 2e30 - 1) <= 1e-6);
  CHECK(global_norm(std::vector<Tensor>{ones({1 << 20}), ones({3, 1 << 20})}) == 2048);
  CHECK(global_norm(std::vector<Tensor>{broadcast_to(scalar(2), {5, 5})}) == 10);
  CHECK(std::isnan(global_norm(std::vector<Tensor>{scalar(std::numeric_limits<Real>::quiet_NaN())})));
}

TEST_CASE("clip: scales what is too long, and leaves the rest alone") {
  std::vector<Tensor> gradients{tensor({2}, {3, 0}), transpose(tensor({1, 2}, {0, 4}))};
  const std::vector<Tensor> before = gradients;
  CHECK(clip_global_norm(gradients, 5) == 5);
  CHECK(gradients[0].id() == before[0].id());
  CHECK(clip_global_norm(gradients, 2.5) == 5);
  CHECK(gradients[0].values() == std::vector<Real>{Real(1.5), 0});
  CHECK(gradients[1].values() == std::vector<Real>{0, 2});
  CHECK(before[0].values() == std::vector<Real>{3, 0});
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK(contains(error_of([&] { clip_global_norm(gradients, bad); }), "[clip_global_norm] "));
}

TEST_CASE("clip: a NaN reaches every gradient instead of vanishing") {
  std::vector<Tensor> gradients{scalar(std::numeric_limits<Real>::quiet_NaN()), ones({3})};
  CHECK(std::isnan(clip_global_norm(gradients, 1)));
  CHECK(std::isnan(gradients[0].item()));
}
