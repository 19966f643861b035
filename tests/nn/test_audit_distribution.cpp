// audit_distribution: passes every distribution of ours, and finds what is planted in others.
#include <doctest/doctest.h>

#include "nn/audit_distribution.h"
#include "nn/distributions.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

using In = std::span<const Tensor>;
const DistributionAuditOptions kQuiet{.print = false}, kUnit{.print = false, .low = 0, .high = 1},
    kPositive{.print = false, .low = 0}, kCounts{.print = false, .low = 0, .step = 1},
    kCoin{.print = false, .low = 0, .high = 1, .step = 1},
    kLevels{.print = false, .low = 0, .high = 1, .step = 1 / 255.};
const Tensor kLoc = tensor({2}, {Real(0.3), -1}), kScale = tensor({2}, {Real(-0.4), Real(0.5)});

void check_passes(const char* name, const Audit& audit, int unchecked) {
  CHECK_MESSAGE(audit.passed(), name, "\n", audit.text());
  int open = 0;
  for (const AuditRow& row : audit.rows) open += !row.checked;
  CHECK_MESSAGE(open == unchecked, name, "\n", audit.text());
}

/// A Laplace distribution with one thing wrong.
template <int fault>
struct Faulty {
  Tensor loc, log_scale;
  Laplace right() const { return {loc, log_scale}; }
  Tensor sample(Rng& rng) const {
    if constexpr (fault == 1) return Laplace{loc, log_scale + Real(0.2)}.sample(rng);
    if constexpr (fault == 2) return right().sample(rng) * 0 + normal(loc.shape(), rng);
    if constexpr (fault == 7) {
      static std::uint64_t calls = 0;
      Rng hidden{.seed = ++calls};
      rng.counter += 1;
      return right().sample(hidden);
    }
    return right().sample(rng);
  }
  Tensor rsample(Rng& rng) const {
    const Tensor x = right().rsample(rng);
    return fault == 3 ? x + log_scale - stop_gradient(log_scale) : x;
  }
  Tensor log_prob(const Tensor& x) const {
    const Tensor p = right().log_prob(x);
    return fault == 4 ? p + Real(0.05) : fault == 6 ? 2 * p - stop_gradient(p) : p;
  }
  Tensor entropy() const { return right().entropy() + (fault == 8 ? Real(0.1) : 0); }
  Tensor mean() const { return right().mean() + (fault == 9 ? Real(0.2) : 0); }
};
template <int fault>
Tensor kl_divergence(const Faulty<fault>& q, const Faulty<fault>& p) {
  const Tensor kl = gradus::kl_divergence(q.right(), p.right());
  return fault == 10 ? kl * Real(1.5) : fault == 11 ? kl - Real(1e-4) : kl;
}

template <int fault>
void check_finds(const char* row) {
  const Audit audit = audit_distribution([](auto in) { return Faulty<fault>{in[0], in[1]}; }, {kLoc, kScale}, kQuiet);
  CHECK_FALSE(audit.passed());
  CHECK_MESSAGE(!audit[row].passed, row, "\n", audit.text());
}

}  // namespace

TEST_CASE("audit_distribution: passes ours") {
  check_passes("normal", audit_distribution([](auto in) { return Normal{in[0], in[1]}; }, {kLoc, kScale}, kQuiet), 0);
  check_passes("unit normal", audit_distribution([](auto in) { return UnitNormal{in[0]}; }, {kLoc}, kQuiet), 0);
  check_passes("laplace", audit_distribution([](auto in) { return Laplace{in[0], in[1]}; }, {kLoc, kScale}, kQuiet), 0);
  check_passes("logistic", audit_distribution([](auto in) { return Logistic{in[0], in[1]}; }, {kLoc, kScale}, kQuiet),
               1);  // divergence
  check_passes("student t",
               audit_distribution([](auto in) { return StudentT{in[0], in[1], in[2]}; },
                                  {tensor({2}, {Real(1.1), Real(2.5)}), kLoc, kScale}, kQuiet),
               1);
  check_passes("gamma",
               audit_distribution([](auto in) { return Gamma{in[0], in[1]}; },
                                  {tensor({3}, {Real(-0.7), Real(0.5), 3}), scalar(Real(0.3))}, kPositive),
               0);
  check_passes("continuous bernoulli",
               audit_distribution([](auto in) { return ContinuousBernoulli{in[0]}; }, {kLoc * 3}, kUnit), 0);
  check_passes("bernoulli", audit_distribution([](auto in) { return Bernoulli{in[0]}; }, {kLoc * 2}, kCoin), 1);
  check_passes("poisson", audit_distribution([](auto in) { return Poisson{in[0]}; }, {kLoc + 2}, kCounts), 2);
  check_passes("discretized logistic",
               audit_distribution([](auto in) { return DiscretizedLogistic{in[0], in[1]}; },
                                  {tensor({1}, {Real(0.4)}), tensor({1}, {-3})}, kLevels),
               1);
  check_passes("categorical",
               audit_distribution([](auto in) { return Categorical{in[0]}; }, {tensor({2, 3}, {0, 1, 2, -1, 0, 1})},
                                  {.print = false, .low = 0, .high = 2, .step = 1}),
               2);
  check_passes("mixture",
               audit_distribution([](auto in) { return Mixture<Normal>{in[0], {in[1], in[2]}}; },
                                  {tensor({2}, {0, 1}), kLoc * 2, kScale}, kQuiet),
               3);
}

TEST_CASE("audit_distribution: finds what is planted") {
  check_finds<1>("draws");
  check_finds<2>("draws");
  check_finds<3>("rsample");
  check_finds<4>("normalisation");
  check_finds<6>("gradient");
  check_finds<7>("repetition");
  check_finds<8>("entropy");
  check_finds<9>("mean");
  check_finds<10>("divergence");
  check_finds<11>("divergence");
}

TEST_CASE("audit_distribution: a sentence for what it cannot try") {
  CHECK(contains(error_of([] { audit_distribution([](auto) { return UnitNormal{zeros({2})}; }, {}, kQuiet); }),
                 "[audit_distribution] there are no parameters\nhelp: "));
  const Audit audit = audit_distribution([](auto) { return UnitNormal{zeros({2})}; }, {zeros({2})}, kQuiet);
  CHECK(contains(audit["log_prob"].detail, "repeated parameters give draws of the shape (2)"));
  CHECK(audit.rows.size() == 1);
}
