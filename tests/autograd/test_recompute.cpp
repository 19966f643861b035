// recompute: the same derivatives with less memory, and no wrong ones in silence.
#include <doctest/doctest.h>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "autograd/recompute.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using In = std::span<const Tensor>;
using Numbers = std::vector<Real>;

Tensor block(const Tensor& x, const Tensor& w) { return tanh(matmul(x, w) + x) * sigmoid(x); }

Tensor noisy(const Tensor& x, Rng& rng) {
  const Tensor once = x * normal(x.shape(), rng);
  return exp(once) * bernoulli(x.shape(), Real(0.5), rng);
}

}  // namespace

TEST_CASE("recompute: value and gradients are to the bit those of the function itself") {
  Rng rng{.seed = 1};
  const Tensor x = normal({9, 7}, rng), w = normal({7, 7}, rng), target = normal({9, 7}, rng);
  const auto run = [&](auto f) {
    const Tensor watched[] = {x, w};
    Tape tape(watched);
    const Tensor y = f(x, w), off = y - target;
    const auto gradients = tape.gradient(sum(off * off));
    return std::array{y.values(), gradients[0].values(), gradients[1].values()};
  };
  CHECK(run([](const Tensor& x, const Tensor& w) { return recompute(block, x, w); }) == run(block));
  const auto nested = [](const Tensor& x, const Tensor& w) {
    return recompute([](const Tensor& x, const Tensor& w) { return exp(-recompute(block, x, w)); }, x, w);
  };
  CHECK(run(nested) == run([](const Tensor& x, const Tensor& w) { return exp(-block(x, w)); }));
}

TEST_CASE("recompute: gradcheck at order 2, whatever is watched and however often it is used") {
  Rng rng{.seed = 2};
  const Tensor x = normal({3, 3}, rng) * Real(0.5), w = normal({3, 3}, rng) * Real(0.5);
  const auto of = [](auto f, std::vector<Tensor> at) {
    const GradcheckResult result = gradcheck(f, std::move(at), {.order = 2});
    CHECK_MESSAGE(result.passed, result.message);
  };
  of([](In in) { return recompute(block, in[0], in[1]); }, {x, w});
  of([w](In in) { return recompute(block, in[0], w); }, {x});
  of([x](In in) { return recompute(block, x, in[0]); }, {w});
  of([](In in) { return recompute(block, in[0], in[0]); }, {x});
  of([](In in) { return recompute(block, recompute(block, in[0], in[1]), in[1]); }, {x, w});
  of(
      [](In in) {
        return recompute([](const Tensor& x, const Tensor& w) { return recompute(block, x, w) * x; }, in[0], in[1]);
      },
      {x, w});
  of(
      [](In in) {
        Rng rng{.seed = 3};
        return recompute(noisy, rng, in[0]);
      },
      {x});
}

TEST_CASE("recompute: the second run draws what the first drew, and the generator moves on once") {
  const Tensor x = tensor({4}, {Real(0.1), Real(0.2), Real(-0.3), 1});
  const auto run = [&](auto f) {
    Rng rng{.seed = 7, .counter = 5};
    Tape tape(x);
    const Tensor y = f(rng);
    const Numbers gradient = tape.gradient(sum(y * y)).front().values();
    return std::tuple(y.values(), gradient, rng.counter);
  };
  CHECK(run([&](Rng& rng) { return recompute(noisy, rng, x); }) == run([&](Rng& rng) { return noisy(x, rng); }));
}

TEST_CASE("recompute: functions of no input, of an input unchanged, and with no derivative") {
  const Tensor x = tensor({2}, {1, -2});
  const auto gradient = [&](auto f) {
    Tape tape(x);
    return tape.gradient(sum(recompute(f, x) + x)).front().values();
  };
  CHECK(gradient([](const Tensor&) { return ones({2}); }) == Numbers{1, 1});
  CHECK(gradient([](const Tensor& x) { return x; }) == Numbers{2, 2});
  CHECK(gradient([](const Tensor& x) { return x > scalar(0); }) == Numbers{1, 1});
  CHECK(recompute([](const Tensor& x) { return x * x; }, x).values() == Numbers{1, 4});  // no tape
}

TEST_CASE("recompute: generic lambdas, with a generator and without") {
  const Tensor x = tensor({2}, {1, -2});
  Rng rng{.seed = 7};
  CHECK(recompute([](auto x) { return x + x; }, x).values() == Numbers{2, -4});
  CHECK(recompute([](const auto& a, const auto& b) { return a * b; }, x, x).values() == Numbers{1, 4});
  CHECK(recompute([](const auto& x, auto& rng) { return x + uniform(x.shape(), rng); }, rng, x).shape() == Shape{2});
}

TEST_CASE("recompute: a captured tensor that a tape watches is refused, other captures are constants") {
  const Tensor x = tensor({2}, {1, 2}), w = tensor({2}, {3, 4}), constant = tensor({2}, {5, 6});
  const Tensor watched[] = {x, w};
  const std::string refusal =
      "[recompute] the function depends on a tensor that a tape watches and that is not among its inputs\nhelp: pass "
      "it as an input, or stop_gradient(it) to make it a constant";
  Tape tape(watched);
  CHECK(error_of([&] { recompute([=](const Tensor& x) { return x * w; }, x); }) == refusal);
  CHECK(error_of([&] { recompute([=](const Tensor&) { return w; }, x); }) == refusal);
  CHECK(error_of([&] { recompute([=](const Tensor& c) { return c * x; }, constant); }) == refusal);
  const Tensor y = recompute([=](const Tensor& x) { return x * constant * stop_gradient(w); }, x);
  CHECK(tape.gradient(sum(y), x).values() == Numbers{15, 24});
}

TEST_CASE("recompute: a function that gives another value the second time is refused") {
  const Tensor x = tensor({3}, {1, 2, 3});
  const std::string refusal =
      "[recompute] the function gave another value when it was run again\nhelp: it must depend on its inputs alone; "
      "one that draws takes its generator as an argument: recompute(f, rng, x)";
  {
    Rng rng{.seed = 1};
    Tape tape(x);
    const Tensor y = recompute([&rng](const Tensor& x) { return x * normal(x.shape(), rng); }, x);
    CHECK(error_of([&] { tape.gradient(sum(y)); }) == refusal);
  }
  {
    Tensor factor = tensor({3}, {1, 2, 3});
    Tape tape(x);
    const Tensor y = recompute([&factor](const Tensor& x) { return x * factor; }, x);
    factor.write().data[1] += Real(1e-4);
    CHECK(error_of([&] { tape.gradient(sum(y)); }) == refusal);
  }
  {
    bool again = false;  // the same numbers in another order
    Tape tape(x);
    const Tensor y = recompute(
        [&again](const Tensor& x) { return std::exchange(again, true) ? gather(x, 0, Indices{2, 1, 0}) : x * 1; }, x);
    CHECK(error_of([&] { tape.gradient(sum(y)); }) == refusal);
  }
  {
    std::int64_t rows = 1;
    Tape tape(x);
    const Tensor y = recompute([&rows](const Tensor& x) { return broadcast_to(x, {rows, 3}); }, x);
    rows = 2;
    CHECK(error_of([&] { tape.gradient(sum(y)); }) == refusal);
  }
}

TEST_CASE("recompute: a deep chain needs memory for its pieces, not for all of it") {
  constexpr int kPieces = 8, kSteps = 8;
  constexpr std::int64_t kSide = 128, kBytes = kSide * kSide * static_cast<std::int64_t>(sizeof(Real));
  Rng rng{.seed = 4};
  const Tensor x = normal({kSide, kSide}, rng);
  const auto piece = [](Tensor h) {
    for (int i = 0; i < kSteps; ++i) h = tanh(h * Real(1.1));  // keeps one tensor per step
    return h;
  };
  const auto run = [&](bool again) {
    const std::int64_t before = pool_statistics().live_bytes;
    reset_pool_peak();
    Tape tape(x);
    Tensor h = x;
    for (int i = 0; i < kPieces; ++i) h = again ? recompute(piece, h) : piece(h);
    const Tensor loss = sum(h);
    h = Tensor();
    const Numbers gradient = tape.gradient(loss).front().values();
    return std::pair((pool_statistics().peak_live_bytes - before) / kBytes, gradient);
  };
  const auto [kept, gradient] = run(false);
  const auto [recomputed, same] = run(true);
  CHECK(same == gradient);
  CHECK(kept >= kPieces * kSteps);
  CHECK(recomputed <= kPieces + kSteps + 6);  // the inputs of the pieces, one piece at work, a few on their way
}
