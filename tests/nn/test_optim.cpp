// Optimisers against the textbook in plain doubles, clipping, and what they refuse.

#include <cmath>
#include <limits>
#include <map>
#include <map>

#include "autograd/ops.h"
#include "nn/clip.h"
#include "nn/optim.h"
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
