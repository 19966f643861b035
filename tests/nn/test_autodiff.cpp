// PyTorch's word on Jacobian-vector and Hessian-vector products: tests/golden/autodiff.safetensors, made in float64 by
// tests/golden/make_autodiff.py.
#include <doctest/doctest.h>

#include <set>

#include "autograd/functional.h"
#include "nn/distributions.h"
#include "tests/files.h"
#include "tests/golden/golden.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using In = std::span<const Tensor>;

Tensor perceptron(In in) {
  const Tensor none = zeros({3});
  return linear(tanh(linear(in[0], in[1], in[2])), in[3], none);
}
Tensor square(const Tensor& x) { return x * x; }

Tensor rosenbrock(In in) {
  const Tensor &x = in[0], before = slice(x, 0, 0, 8), after = slice(x, 0, 1, 9);
  return sum(100 * square(after - square(before)) + square(1 - before));
}

const std::map<std::string, TensorFunction>& functions() {
  static const std::map<std::string, TensorFunction> all{
      {"jvp perceptron", perceptron},
      {"hvp perceptron", [](In in) { return sum(square(perceptron(in))); }},
      {"jvp quotient", [](In in) { return exp(in[0]) / in[1]; }},
      {"hvp quotient", [](In in) { return sum(exp(in[0]) / in[1]); }},
      {"jvp transposed", [](In in) { return matmul(transpose(in[0]), transpose(sigmoid(in[1]))); }},
      {"jvp softmax", [](In in) { return softmax(in[0], 1); }},
      {"jvp number", [](In in) { return logsumexp(in[0]); }},
      {"hvp rosenbrock", rosenbrock},
      {"hvp logsumexp", [](In in) { return sum(logsumexp(in[0], 1)); }},
      {"hvp bce", [](In in) { return -sum(Bernoulli{in[0]}.log_prob(in[1])); }},
  };
  return all;
}

}  // namespace

TEST_CASE("pytorch: Jacobian-vector and Hessian-vector products") {
  const Golden golden("autodiff.safetensors");
  std::set<std::string> met;
  int cases = 0;
  for (const std::string& name : golden.names_with("/value")) {
    const std::string function = name.substr(0, name.find(':'));
    REQUIRE_MESSAGE(functions().count(function) == 1, "no function for ", name);
    const TensorFunction& f = functions().at(function);
    met.insert(function);
    ++cases;

    const std::vector<Tensor> in = golden.list(name + "/in"), v = golden.list(name + "/v");
    const std::vector<Tensor> expected = golden.list(name + "/product");
    REQUIRE_FALSE(in.empty());
    ValueAndProducts given;
    if (name.starts_with("jvp")) {
      const auto [value, product] = jvp(f, in, v);
      given = {value, {product}};
    } else {
      given = hvp(f, in, v);
    }
    CHECK_MESSAGE(distance(given.value, golden[name + "/value"]) <= kGoldenBound, name);
    REQUIRE(given.products.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK_MESSAGE(distance(given.products[i], expected[i]) <= kGoldenBound, name, ", product ", i);
  }
  CHECK(cases == 18);
  for (const auto& entry : functions()) CHECK_MESSAGE(met.count(entry.first) == 1, "no reference for ", entry.first);
}
