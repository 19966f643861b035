// Norms of numbers whose squares no number holds: by scale, for multiplying the input by a power of two changes nothing
// but epsilon's part, and against plain sums in long double, whose range has room for all squares.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "nn/batch_norm.h"
#include "nn/clip.h"
#include "nn/group_norm.h"
#include "nn/layer_norm.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using Wide = long double;
using Limits = std::numeric_limits<Real>;

constexpr Real kHuge = sizeof(Real) == 4 ? Real(1e19) : Real(1e160);    // its square is infinite
constexpr Real kTiny = sizeof(Real) == 4 ? Real(1e-25) : Real(1e-170);  // and 0

/// y = (x - m)/√(v + ε), and the gradient of Σ w·y by x: (w - mean w - y·mean(w·y))/√(v + ε).
struct Truth {
  std::vector<Wide> y, gradient;
  Truth(const std::vector<Real>& x, const std::vector<Real>& w, Wide epsilon) {
    const Wide n = static_cast<Wide>(x.size());
    Wide mean = 0, variance = 0, mean_w = 0, mean_wy = 0;
    for (const Real v : x) mean += v / n;
    for (const Real v : x) variance += (v - mean) * (v - mean) / n;
    const Wide deviation = std::sqrt(variance + epsilon);
    for (const Real v : x) y.push_back((v - mean) / deviation);
    for (std::size_t i = 0; i < x.size(); ++i) mean_w += w[i] / n, mean_wy += w[i] * y[i] / n;
    for (std::size_t i = 0; i < x.size(); ++i) gradient.push_back((w[i] - mean_w - y[i] * mean_wy) / deviation);
  }
};

// A dozen roundings, of numbers of the size of the largest one.
void check_close(const std::vector<Real>& got, const std::vector<Wide>& truth, const char* what) {
  REQUIRE(got.size() == truth.size());
  Wide largest = 0;
  for (const Wide t : truth) largest = std::max(largest, std::abs(t));
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK_MESSAGE(std::abs(got[i] - truth[i]) <= 12 * Limits::epsilon() * largest, what, " ", i, ": ", got[i]);
}

const std::vector<Real> kNumbers{1, 2, -1, Real(0.5)}, kWeights{1, -2, Real(0.25), 3};

template <class Layer>
void check_layer(const Layer& layer, const Shape& shape, Real size, const char* what) {
  std::vector<Real> numbers = kNumbers;
  for (Real& v : numbers) v *= size;
  const Truth truth(numbers, kWeights, layer.epsilon);
  const Tensor x = tensor(shape, numbers);
  Tape tape(x);
  const Tensor y = layer(x);
  check_close(y.values(), truth.y, what);
  check_close(tape.gradient(sum(y * tensor(shape, kWeights)), x).values(), truth.gradient, what);
}

struct Training {  // BatchNorm as a function
  BatchNorm layer{1};
  Real epsilon = layer.epsilon;
  Tensor operator()(const Tensor& x) const {
    Rng rng;
    Context context{.training = true, .rng = rng};
    return BatchNorm(layer)(x, context);
  }
};

}  // namespace

TEST_CASE("norms: of large numbers, the value and the gradient") {
  const Real largest = Limits::max() / 2;
  for (const Real size : {Real(1), kHuge, -kHuge, largest, kTiny}) {
    check_layer(LayerNorm({4}), {4}, size, "layer norm");
    check_layer(GroupNorm(1, 2), {1, 2, 2}, size, "group norm");
    check_layer(Training(), {4, 1}, size, "batch norm");
  }
  const std::vector<Real> y = LayerNorm({4})(tensor({4}, kNumbers) * kHuge).values();
  for (const auto& [i, value] : {std::pair(0, 0.346410), {1, 1.270171}, {2, -1.501111}, {3, -0.115470}})
    CHECK(std::abs(y[i] - value) <= 1e-6);
}

TEST_CASE("norms: with next to no epsilon, of numbers whose squares vanish") {
  LayerNorm layer({4});
  layer.epsilon = Limits::min();
  const Real size = sizeof(Real) == 4 ? Real(1e-20) : Real(1e-155);  // the variance beside epsilon
  check_layer(layer, {4}, size, "beside epsilon");
  layer.epsilon = 0;
  check_layer(layer, {4}, kTiny, "no epsilon");
}

TEST_CASE("norms: a sample of large numbers leaves its neighbours their bits, and has the second derivative") {
  const LayerNorm layer({4});
  const Tensor x = tensor({4}, kNumbers);
  const Tensor both = layer(stack({x * kHuge, x}, 0));
  CHECK(slice(both, 0, 1, 2).values() == layer(x).values());

  // The layer's slope is of degree -1 in the size of x, the gradient of its square of degree -3.
  const auto curvature = [&](Real size) {
    const Tensor at = x * size, w = tensor({4}, kWeights);
    Tape outer(at), inner(at);
    const Tensor slope = inner.gradient(sum(layer(at) * w), at);
    return outer.gradient(sum(slope * slope), at).values();
  };
  const Real apart = sizeof(Real) == 4 ? Real(0x1p24) : Real(0x1p250);  // the result is still a number
  const std::vector<Real> base = curvature(Real(0x1p10)), scaled = curvature(Real(0x1p10) * apart);
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(scaled[i] * apart * apart * apart / base[i] - 1) <= 1e-4);
}

TEST_CASE("norms: numbers that are not finite stay visible") {
  const Real inf = Limits::infinity(), nan = Limits::quiet_NaN();
  for (const Real bad : {inf, -inf, nan})
    for (const Real v : LayerNorm({3})(tensor({3}, {1, bad, 2})).values()) CHECK(std::isnan(v));
}

TEST_CASE("batch norm: a batch of large numbers is forgotten like any other") {
  BatchNorm layer(1);
  Rng rng;
  Context context{.training = true, .rng = rng};
  const Tensor ordinary = tensor({4, 1}, kNumbers);
  layer(ordinary * (kHuge * 100), context);
  CHECK(layer.running_var.value.item() == Limits::max());
  CHECK(std::isfinite(layer.running_mean.value.item()));
  for (int step = 0; step < (sizeof(Real) == 4 ? 1100 : 7400); ++step) layer(ordinary, context);
  CHECK(std::abs(layer.running_var.value.item() - 1.5625) <= 1e-4);  // the unbiased variance of the four
  CHECK(std::abs(layer.running_mean.value.item() - 0.625) <= 1e-4);

  // The variance is a number, though the sum of squares is none.
  BatchNorm wide(1);
  const Real size = sizeof(Real) == 4 ? Real(0x1p63) : Real(0x1p511);
  wide(concat({full({512, 1}, size), full({512, 1}, -size)}, 0), context);
  CHECK(std::abs(wide.running_var.value.item() / (0.1 * size * size * (1024. / 1023)) - 1) <= 1e-5);
}

TEST_CASE("clip: norms whose squares no double holds, and scales that no Real holds") {
  const Real big = sizeof(Real) == 4 ? Real(1e25) : Real(1e200), small = sizeof(Real) == 4 ? Real(1e-30) : Real(1e-220);
  std::vector<Tensor> mixed{tensor({2}, {3 * big, small}), scalar(-4 * big)};
  CHECK(std::abs(clip_global_norm(mixed, 10) / (5.0 * big) - 1) <= 4 * Limits::epsilon());
  CHECK(std::abs(mixed[0].at({0}) - 6) <= 8 * Limits::epsilon() * 6);
  CHECK(std::abs(mixed[1].item() + 8) <= 8 * Limits::epsilon() * 8);
  CHECK(mixed[0].at({1}) >= 0);

  std::vector<Tensor> tiny{scalar(3 * small), scalar(4 * small)};
  CHECK(std::abs(global_norm(tiny) / (5.0 * small) - 1) <= 4 * Limits::epsilon());
  clip_global_norm(tiny, static_cast<double>(small));
  CHECK(std::abs(tiny[0].item() / small - Real(0.6)) <= 8 * Limits::epsilon());

  if constexpr (sizeof(Real) == 4) {  // a norm beyond floats, and 1/norm subnormal as one
    std::vector<Tensor> many{full({1 << 12}, Limits::max() / 4)};
    CHECK(clip_global_norm(many, 1) > 15.0 * Limits::max());
    CHECK(std::abs(many[0].at({0}) * 64 - 1) <= 8 * Limits::epsilon());
  }
  CHECK(global_norm(std::vector<Tensor>{tensor({2}, {Limits::infinity(), 1})}) == Limits::infinity());
}
