// recompute for layers: the gradients of every parameter, the same draws, buffers written once.
#include <doctest/doctest.h>

#include "nn/activation.h"
#include "nn/dropout.h"
#include "nn/linear.h"
#include "nn/recompute.h"
#include "nn/state.h"

using namespace gradus;

namespace {

using Numbers = std::vector<Real>;

/// Adds up what it sees, as running statistics do.
struct Total {
  Tensor gain = ones({4});
  mutable Buffer total{scalar(0)};
  Tensor operator()(const Tensor& x) const {
    total.value = detach(total.value + sum(detach(x)));
    return x * gain;
  }
  void members(auto&& visit) {
    visit("gain", gain);
    visit("total", total);
  }
};

struct Result {
  Numbers value;
  std::vector<Numbers> gradients;
  Real total;
  std::uint64_t counter;
  bool operator==(const Result&) const = default;
};

template <class Apply>
Result run(bool training, const Apply& apply) {
  Rng rng{.seed = 5};
  const Sequential net{Linear(3, 4, Init::he, rng), Activation{Activation::tanh}, Dropout(Real(0.5)), Total{}};
  const Tensor x = normal({6, 3}, rng);
  Context context{.training = training, .rng = rng};
  std::vector<Tensor> watched = parameters(net);
  watched.push_back(x);
  Tape tape(watched);
  const Tensor y = apply(net, x, context);
  Result result{y.values(), {}, 0, 0};
  for (const Tensor& gradient : tape.gradient(sum(y * y))) result.gradients.push_back(gradient.values());
  result.counter = rng.counter;
  struct Totals final : TensorVisitor {
    Real total = 0;
    void parameter(const MemberPath&, Tensor&) override {}
    void buffer(const MemberPath&, Tensor& x) override { total = x.item(); }
  } totals;
  walk(const_cast<Sequential&>(net), MemberPath{}, totals);
  result.total = totals.total;
  return result;
}

}  // namespace

TEST_CASE("recompute: a layer's value, gradients, draws and buffers are to the bit what they are without") {
  for (const bool training : {true, false}) {
    const Result plain = run(training, [](auto& net, auto& x, Context& context) { return net(x, context); });
    const Result recomputed =
        run(training, [](auto& net, auto& x, Context& context) { return recompute(net, x, context); });
    CHECK(plain == recomputed);
    CHECK(plain.gradients.size() == 4);
    CHECK(plain.total != 0);
  }
}

TEST_CASE("recompute: a layer used twice keeps the buffers of its last use, also after the way back") {
  const Sequential net{Total{}};
  const Tensor x = ones({2, 4}), more = full({2, 4}, 3);
  Rng rng;
  Context context{.training = true, .rng = rng};
  const auto total = [&] { return state(net).at("0.total").item(); };
  Tape tape(parameters(net));
  const Tensor y = recompute(net, x, context) * recompute(net, more, context);
  CHECK(total() == 32);
  tape.gradient(sum(y));
  CHECK(total() == 32);
}

TEST_CASE("recompute: a layer without context, and layers one after the other") {
  Rng rng{.seed = 6};
  const Linear first(3, 4, Init::he, rng), second(4, 2, Init::he, rng);
  const Tensor x = normal({5, 3}, rng);
  Context context{.training = true, .rng = rng};
  std::vector<Tensor> watched = parameters(first);
  for (const Tensor& parameter : parameters(second)) watched.push_back(parameter);
  const auto gradients = [&](auto apply) {
    Tape tape(watched);
    std::vector<Numbers> all;
    for (const Tensor& gradient : tape.gradient(sum(apply()))) all.push_back(gradient.values());
    return all;
  };
  CHECK(gradients([&] { return recompute(second, tanh(recompute(first, x, context)), context); }) ==
        gradients([&] { return second(tanh(first(x))); }));
}
