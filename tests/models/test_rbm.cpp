// The restricted Boltzmann machine against what adding up over all its states gives.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/tape.h"
#include "models/rbm.h"
#include "nn/distributions.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr std::int64_t D = 5, H = 3;

Rbm small_rbm(bool centred) {
  Rng rng{.seed = 4};
  const auto some = [&](const Shape& shape) { return normal(shape, rng); };
  return {.weight = some({D, H}),
          .visible = some({D}),
          .hidden = some({H}),
          .visible_offset = {centred ? uniform({D}, rng) : zeros({D})},
          .hidden_offset = {centred ? uniform({H}, rng) : zeros({H})}};
}

double at(const Tensor& x, std::int64_t i, std::int64_t j) { return static_cast<double>(x.at({i, j})); }
double at(const Tensor& x, std::int64_t i) { return static_cast<double>(x.at({i})); }

/// -E(v, h) of states whose bits are those of two numbers, by the definition.
double minus_energy(const Rbm& rbm, int v, int h) {
  double e = 0;
  for (int i = 0; i < D; ++i) {
    const double x = (v >> i & 1) - at(rbm.visible_offset.value, i);
    e += x * at(rbm.visible, i);
    for (int j = 0; j < H; ++j) e += x * at(rbm.weight, i, j) * ((h >> j & 1) - at(rbm.hidden_offset.value, j));
  }
  for (int j = 0; j < H; ++j) e += at(rbm.hidden, j) * ((h >> j & 1) - at(rbm.hidden_offset.value, j));
  return e;
}

Tensor all_visible() {
  Tensor v({1 << D, D});
  const View view = v.write();
  for (int s = 0; s < 1 << D; ++s)
    for (int i = 0; i < D; ++i) view.data[s * D + i] = static_cast<Real>(s >> i & 1);
  return v;
}

struct Enumerated {
  double log_z = 0;
  std::vector<double> p;  // of each v
};
Enumerated enumerated(const Rbm& rbm) {
  Enumerated all;
  double z = 0;
  for (int v = 0; v < 1 << D; ++v) {
    all.p.push_back(0);
    for (int h = 0; h < 1 << H; ++h) all.p.back() += std::exp(minus_energy(rbm, v, h));
    z += all.p.back();
  }
  for (double& p : all.p) p /= z;
  all.log_z = std::log(z);
  return all;
}

constexpr double kRbmRounding = sizeof(Real) == 4 ? 2e-6 : 1e-14;  // relative, of sums of some tens of terms

}  // namespace

TEST_CASE("rbm: free energy, log Z and likelihood are those of all states added up, with offsets and without") {
  const Tensor v = all_visible();
  for (const bool centred : {false, true}) {
    Rbm rbm = small_rbm(centred);
    const Enumerated all = enumerated(rbm);
    const Tensor F = rbm.free_energy(v), plain = rbm.plain().free_energy(v);
    for (int s = 0; s < 1 << D; ++s) {
      CHECK(std::abs(-at(F, s) - all.log_z - std::log(all.p[s])) <= 20 * kRbmRounding);
      CHECK(std::abs(at(plain, s) - at(F, s) - at(plain, 0) + at(F, 0)) <= 20 * kRbmRounding);
    }
    CHECK(std::abs(exact_log_z(rbm) - all.log_z) <= 10 * kRbmRounding);
    double mean = 0;
    for (const double p : all.p) mean += std::log(p) / (1 << D);
    CHECK(std::abs(log_likelihood(rbm, v, exact_log_z(rbm)) - mean) <= 20 * kRbmRounding);
  }
  Rbm large = small_rbm(false);
  large.hidden = zeros({21});
  CHECK(error_of([&] { exact_log_z(large); }) ==
        "[exact_log_z] 21 hidden units have too many states to be added up: 20 at most");
}

TEST_CASE("rbm: the gradient of the loss is that of -log p when the samples are the model's own") {
  // The loss is linear in the samples' weights: all v, each as often as p(v) says.
  const Tensor v = all_visible(), data = slice(v, 0, 3, 9);
  for (const bool centred : {false, true}) {
    Rbm rbm = small_rbm(centred);
    const Enumerated all = enumerated(rbm);
    Tensor p({1 << D});
    for (int s = 0; s < 1 << D; ++s) p.write().data[s] = static_cast<Real>(all.p[s]);
    Tape tape(parameters(rbm));
    const auto gradients = tape.gradient(mean(rbm.free_energy(data)) - sum(rbm.free_energy(v) * p));
    REQUIRE(gradients.size() == 3);
    // By differences of the enumerated likelihood, in double: its parameters moved by h, the error of order h².
    const auto minus_log_p = [&](const Rbm& moved) {
      const Enumerated there = enumerated(moved);
      double mean = 0;
      for (int s = 3; s < 9; ++s) mean -= std::log(there.p[s]) / 6;
      return mean;
    };
    constexpr Real h = sizeof(Real) == 4 ? Real(0x1p-8) : Real(0x1p-16);
    constexpr double kTolerance = sizeof(Real) == 4 ? 2e-4 : 1e-7;
    for (const std::int64_t i : {0, 4, 7, 14}) {
      Rbm up = rbm, down = rbm;
      up.weight.write().data[i] += h, down.weight.write().data[i] -= h;
      CHECK(std::abs((minus_log_p(up) - minus_log_p(down)) / (2 * static_cast<double>(h)) -
                     static_cast<double>(gradients[0].values()[i])) <= kTolerance);
    }
    for (const std::int64_t i : {0, 2}) {
      Rbm up = rbm, down = rbm;
      up.hidden.write().data[i] += h, down.hidden.write().data[i] -= h;
      CHECK(std::abs((minus_log_p(up) - minus_log_p(down)) / (2 * static_cast<double>(h)) -
                     static_cast<double>(gradients[2].values()[i])) <= kTolerance);
    }
  }
}

TEST_CASE("rbm: draws in turn leave the model's own distribution as it is") {
  const Rbm rbm = small_rbm(true);
  const Enumerated all = enumerated(rbm);
  Rng rng{.seed = 8};
  constexpr std::int64_t n = 20000;
  const Tensor v = rbm.gibbs(bernoulli({n, D}, Real(0.5), rng), 100, rng);
  std::vector<double> seen(1 << D);
  const std::vector<Real> bits = v.values();
  for (std::int64_t s = 0; s < n; ++s) {
    int state = 0;
    for (int i = 0; i < D; ++i) state |= static_cast<int>(bits[s * D + i]) << i;
    seen[state] += 1;
  }
  double chi = 0;
  for (int s = 0; s < 1 << D; ++s) chi += (seen[s] - n * all.p[s]) * (seen[s] - n * all.p[s]) / (n * all.p[s]);
  MESSAGE("chi² of 31 degrees of freedom: ", chi);
  CHECK(chi < 31 + 4.5 * std::sqrt(62.0));
}

TEST_CASE("rbm: annealed importance sampling, there and back, is within its error of the exact log Z") {
  Rng rng{.seed = 9};
  for (const bool centred : {false, true}) {
    const Rbm rbm = small_rbm(centred);
    const double exact = enumerated(rbm).log_z;
    const Tensor data = bernoulli({50, D}, Real(0.3), rng);
    const AnnealedLogZ there = forward_ais(rbm, data, 500, 40, rng);
    const Tensor samples = rbm.gibbs(bernoulli({500, D}, Real(0.5), rng), 100, rng);
    const AnnealedLogZ back = reverse_ais(rbm, data, samples, 40, rng);
    for (const AnnealedLogZ& found : {there, back}) {
      INFO(found.log_z, " ± ", found.standard_error, ", exact ", exact, ", ", found.effective_samples, " effective");
      CHECK(std::abs(found.log_z - exact) <= 4.5 * found.standard_error);
      CHECK(found.standard_error > 0);
      CHECK(found.standard_error < 0.1);
      CHECK(found.effective_samples > 50);
      CHECK(found.effective_samples <= 500 * (1 + 1e-9));
    }
  }
  // Of a machine without weights the path is a straight line, and every weight the same where both ends are.
  Rbm none = small_rbm(false);
  none.weight = zeros({D, H});
  none.hidden = zeros({H});
  const Tensor data = bernoulli({50, D}, Real(0.3), rng);
  none.visible = log((sum(data, {0}) + 1) * (Real(1) / 52)) - log(1 - (sum(data, {0}) + 1) * (Real(1) / 52));
  const AnnealedLogZ same = forward_ais(none, data, 20, 5, rng);
  CHECK(std::abs(same.log_z - enumerated(none).log_z) <= 20 * kRbmRounding);
  CHECK(std::abs(same.effective_samples - 20) <= 1e-3);
}

TEST_CASE("rbm: training by CD and PCD, centred or not, finds more than the frequencies of bits") {
  // Each of four bits as its neighbour: 4 bits told by 2, so that the best is 2·log 2 and frequencies give 4·log 2.
  Tensor data({200, 4});
  Rng rng{.seed = 3};
  const std::vector<Real> coins = bernoulli({200, 2}, Real(0.5), rng).values();
  for (std::int64_t i = 0; i < 800; ++i) data.write().data[i] = coins[i / 2];
  for (const bool persistent : {false, true})
    for (const bool centred : {false, true}) {
      RbmTrainer trainer({.hidden = 6, .persistent = persistent, .centred = centred, .lr = 0.1, .batch_size = 20},
                         data);
      const double before = log_likelihood(trainer.rbm(), data, exact_log_z(trainer.rbm()));
      for (int epoch = 0; epoch < 100; ++epoch) trainer.epoch();
      const double after = log_likelihood(trainer.rbm(), data, exact_log_z(trainer.rbm()));
      INFO(persistent, centred, ": ", before, " to ", after);
      CHECK(after > -1.9);
      CHECK(after <= -2 * std::log(2.0) + 0.05);  // as the coins fell
    }
  CHECK(error_of([&] { RbmTrainer({.batch_size = 201}, data); }) == "[rbm] 200 images are fewer than a batch of 201");
  // Its offsets are the data's and what is told is what the data say of bits alone.
  const Rbm fresh = new_rbm({.hidden = 2}, data, rng);
  for (int i = 0; i < 4; ++i) {
    double ones = 0;
    for (int s = 0; s < 200; ++s) ones += static_cast<double>(data.at({s, i}));
    CHECK(std::abs(at(fresh.visible_offset.value, i) - (ones + 1) / 202) <= kRbmRounding);
    CHECK(std::abs(at(fresh.visible, i) - std::log((ones + 1) / (201 - ones))) <= 10 * kRbmRounding);
  }
}
