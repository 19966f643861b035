// PyTorch's word on distributions: tests/golden/distributions.safetensors, made in float64 by
// tests/golden/make_distributions.py. Values, gradients, gradients of gradients; and gradcheck at the same points.
#include <doctest/doctest.h>

#include <set>

#include "autograd/gradcheck.h"
#include "nn/distributions.h"
#include "tests/golden/golden.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using In = std::span<const Tensor>;
using Function = Tensor (*)(In);

// The parameters that begin at input `i`.
Normal gaussian(In in, int i) { return {in[i], in[i + 1]}; }
Laplace laplace(In in, int i) { return {in[i], in[i + 1]}; }
Logistic logistic(In in, int i) { return {in[i], in[i + 1]}; }
DiscretizedLogistic discretized(In in, int i) { return {in[i], in[i + 1]}; }

Tensor levels(const Shape& shape) {
  std::vector<Real> values;
  for (std::int64_t i = 0; i < shape.numel(); ++i)
    values.push_back(static_cast<Real>(static_cast<double>(i * 85 % 256) / 255));
  return tensor(shape, values);
}

Indices classes(const Shape& logits) {
  const Shape shape = logits.without(logits.rank() - 1);
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < shape.numel(); ++i) values.push_back(i * 2 % logits[logits.rank() - 1]);
  return {shape, values};
}

const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> all{
      {"normal_log_prob", [](In in) { return gaussian(in, 1).log_prob(in[0]); }},
      {"normal_entropy", [](In in) { return gaussian(in, 0).entropy(); }},
      {"normal_mean", [](In in) { return gaussian(in, 0).mean(); }},
      {"unit_normal_log_prob", [](In in) { return UnitNormal{in[1]}.log_prob(in[0]); }},
      {"unit_normal_entropy", [](In in) { return UnitNormal{in[0]}.entropy() + 0 * in[0]; }},
      {"standard_normal_log_prob", [](In in) { return StandardNormal{}.log_prob(in[0]); }},
      {"bernoulli_log_prob", [](In in) { return Bernoulli{in[1]}.log_prob(in[0]); }},
      {"bernoulli_entropy", [](In in) { return Bernoulli{in[0]}.entropy(); }},
      {"bernoulli_mean", [](In in) { return Bernoulli{in[0]}.mean(); }},
      {"continuous_bernoulli_log_prob", [](In in) { return ContinuousBernoulli{in[1]}.log_prob(in[0]); }},
      {"continuous_bernoulli_entropy", [](In in) { return ContinuousBernoulli{in[0]}.entropy(); }},
      {"continuous_bernoulli_mean", [](In in) { return ContinuousBernoulli{in[0]}.mean(); }},
      {"continuous_bernoulli_variance", [](In in) { return ContinuousBernoulli{in[0]}.variance(); }},
      {"laplace_log_prob", [](In in) { return laplace(in, 1).log_prob(in[0]); }},
      {"laplace_entropy", [](In in) { return laplace(in, 0).entropy(); }},
      {"laplace_mean", [](In in) { return laplace(in, 0).mean(); }},
      {"logistic_log_prob", [](In in) { return logistic(in, 1).log_prob(in[0]); }},
      {"discretized_logistic_log_prob",
       [](In in) { return discretized(in, 0).log_prob(levels(broadcast("test", in[0].shape(), in[1].shape()))); }},
      {"discretized_logistic_entropy", [](In in) { return discretized(in, 0).entropy(); }},
      {"discretized_logistic_mean", [](In in) { return discretized(in, 0).mean(); }},
      {"kl_discretized_logistic", [](In in) { return kl_divergence(discretized(in, 0), discretized(in, 2)); }},
      {"kl_normal", [](In in) { return kl_divergence(gaussian(in, 0), gaussian(in, 2)); }},
      {"kl_standard_normal", [](In in) { return kl_divergence(gaussian(in, 0), StandardNormal{}); }},
      {"kl_unit_normal", [](In in) { return kl_divergence(UnitNormal{in[0]}, UnitNormal{in[1]}); }},
      {"kl_bernoulli", [](In in) { return kl_divergence(Bernoulli{in[0]}, Bernoulli{in[1]}); }},
      {"kl_continuous_bernoulli",
       [](In in) { return kl_divergence(ContinuousBernoulli{in[0]}, ContinuousBernoulli{in[1]}); }},
      {"kl_continuous_bernoulli_normal",
       [](In in) { return kl_divergence(ContinuousBernoulli{in[0]}, gaussian(in, 1)); }},
      {"kl_laplace", [](In in) { return kl_divergence(laplace(in, 0), laplace(in, 2)); }},
      {"kl_normal_laplace", [](In in) { return kl_divergence(gaussian(in, 0), laplace(in, 2)); }},
      {"kl_laplace_normal", [](In in) { return kl_divergence(laplace(in, 0), gaussian(in, 2)); }},
      {"categorical_log_prob", [](In in) { return Categorical{in[0]}.log_prob(classes(in[0].shape())); }},
      {"categorical_one_hot_log_prob", [](In in) { return Categorical{in[1]}.log_prob(in[0]); }},
      {"categorical_entropy", [](In in) { return Categorical{in[0]}.entropy(); }},
      {"categorical_mean", [](In in) { return Categorical{in[0]}.mean(); }},
      {"kl_categorical", [](In in) { return kl_divergence(Categorical{in[0]}, Categorical{in[1]}); }},
      {"poisson_log_prob", [](In in) { return Poisson{in[1]}.log_prob(in[0]); }},
      {"poisson_mean", [](In in) { return Poisson{in[0]}.mean(); }},
      {"kl_poisson", [](In in) { return kl_divergence(Poisson{in[0]}, Poisson{in[1]}); }},
      {"gamma_log_prob", [](In in) { return Gamma{in[1], in[2]}.log_prob(in[0]); }},
      {"gamma_entropy", [](In in) { return Gamma{in[0], in[1]}.entropy(); }},
      {"gamma_mean", [](In in) { return Gamma{in[0], in[1]}.mean(); }},
      {"gamma_variance", [](In in) { return Gamma{in[0], in[1]}.variance(); }},
      {"kl_gamma", [](In in) { return kl_divergence(Gamma{in[0], in[1]}, Gamma{in[2], in[3]}); }},
      {"student_t_log_prob", [](In in) { return StudentT{in[1], in[2], in[3]}.log_prob(in[0]); }},
      {"student_t_entropy", [](In in) { return StudentT{in[0], in[1], in[2]}.entropy(); }},
      {"student_t_mean", [](In in) { return StudentT{in[0], in[1], in[2]}.mean(); }},
      {"student_t_variance", [](In in) { return StudentT{in[0], in[1], in[2]}.variance(); }},
      {"mixture_normal_log_prob", [](In in) { return Mixture<Normal>{in[1], gaussian(in, 2)}.log_prob(in[0]); }},
      {"mixture_laplace_log_prob", [](In in) { return Mixture<Laplace>{in[1], laplace(in, 2)}.log_prob(in[0]); }},
      {"mixture_normal_mean", [](In in) { return Mixture<Normal>{in[0], gaussian(in, 1)}.mean(); }},
  };
  return all;
}

}  // namespace

TEST_CASE("pytorch: values and derivatives of distributions") {
  const Golden golden("distributions.safetensors");
  std::set<std::string> met;
  int cases = 0, empty = 0;
  for (const std::string& name : golden.names_with("/value")) {
    const std::string function = name.substr(0, name.find(':'));
    const auto found = functions().find(function);
    REQUIRE_MESSAGE(found != functions().end(), "no function for ", name);
    met.insert(function);
    ++cases;
    const std::vector<Tensor> in = golden.list(name + "/in");
    const std::vector<Tensor> first = golden.list(name + "/gradient"), second = golden.list(name + "/second");
    REQUIRE_FALSE(in.empty());
    REQUIRE(first.size() == in.size());
    REQUIRE(second.size() == in.size());

    // PyTorch's trigamma ends its series at 1/42x⁷, which leaves it 1.5e-9 off in double.
    const bool by_trigamma = function == "kl_gamma" || function == "student_t_log_prob";
    const double bound = by_trigamma ? std::max(kGoldenBound, 5e-9) : kGoldenBound;

    Tape outer(in);
    Tape inner(in);
    const Tensor value = found->second(in);
    CHECK_MESSAGE(distance(value, golden[name + "/value"]) <= kGoldenBound, name);
    empty += value.numel() == 0;
    const std::vector<Tensor> gradients = inner.gradient(sum(value * golden[name + "/weight"]));
    Tensor slope = 0 * sum(in[0]);
    for (std::size_t i = 0; i < in.size(); ++i) {
      CHECK_MESSAGE(distance(gradients[i], first[i]) <= bound, name, ", gradient ", i);
      slope = slope + sum(gradients[i] * detach(in[i]));
    }
    const std::vector<Tensor> curvature = outer.gradient(slope);
    for (std::size_t i = 0; i < in.size(); ++i)
      CHECK_MESSAGE(distance(curvature[i], second[i]) <= bound, name, ", second ", i, ": ",
                    distance(curvature[i], second[i]));
  }
  CHECK(cases >= 200);
  CHECK(empty >= 50);
  for (const auto& entry : functions()) CHECK_MESSAGE(met.count(entry.first) == 1, "no reference for ", entry.first);
}

TEST_CASE("gradcheck: distributions, at orders 1 and 2") {
  const Golden golden("distributions.safetensors");
  int checked = 0;
  for (const auto& entry : functions())
    for (const char* shapes : {":same", ":grow", ":outer", ":empty"}) {
      const std::string name = entry.first + shapes;
      const std::vector<Tensor> in = golden.list(name + "/in");
      if (in.empty()) continue;  // a pair of shapes that this one has not
      const GradcheckResult result = gradcheck([f = entry.second](In in) { return f(in); }, in, {.order = 2});
      CHECK_MESSAGE(result.passed, name, ": ", result.message);
      ++checked;
    }
  CHECK(checked >= 100);
}
