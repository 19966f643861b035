// Corruption of what the encoder sees: how much, where, and only in training.
#include <doctest/doctest.h>

#include <cmath>

#include "models/corruption.h"
#include "tensor/parallel.h"

using namespace gradus;

namespace {

constexpr std::int64_t kCount = 40000;
/// Five standard deviations of a count with that probability.
double slack(double p) { return 5 * std::sqrt(kCount * p * (1 - p)); }

std::int64_t count_if(const Tensor& x, const auto& is) {
  std::int64_t count = 0;
  for (const Real value : x.values()) count += is(value) ? 1 : 0;
  return count;
}

Tensor damaged(const Corruptions& corruption, const Tensor& x, bool training = true) {
  Rng rng{.seed = 11};
  Context context{.training = training, .rng = rng};
  return corrupted({x}, corruption, context).x;
}

const Corruptions kAll[] = {
    {MaskCorruption{0.2}}, {SaltPepperCorruption{0.2}}, {GaussianCorruption{0.2}}, {DropoutCorruption{0.2}}};

}  // namespace

TEST_CASE("mask blackens its share of the pixels and leaves the others") {
  const Tensor x = full({100, 400}, Real(0.75)), seen = damaged({MaskCorruption{0.2}}, x);
  const std::int64_t black = count_if(seen, [](Real v) { return v == 0; });
  CHECK(std::abs(static_cast<double>(black) - 0.2 * kCount) <= slack(0.2));
  CHECK(count_if(seen, [](Real v) { return v == Real(0.75); }) == kCount - black);
  CHECK(damaged({MaskCorruption{0}}, x).values() == x.values());
  CHECK(damaged({MaskCorruption{1}}, x).values() == zeros(x.shape()).values());
}

TEST_CASE("salt-pepper makes half of its share black and half white") {
  const Tensor x = full({100, 400}, Real(0.75)), seen = damaged({SaltPepperCorruption{0.2}}, x);
  const std::int64_t black = count_if(seen, [](Real v) { return v == 0; });
  const std::int64_t white = count_if(seen, [](Real v) { return v == 1; });
  CHECK(std::abs(static_cast<double>(black) - 0.1 * kCount) <= slack(0.1));
  CHECK(std::abs(static_cast<double>(white) - 0.1 * kCount) <= slack(0.1));
  CHECK(count_if(seen, [](Real v) { return v == Real(0.75); }) == kCount - black - white);
}

TEST_CASE("dropout blackens its share and makes the others brighter by as much") {
  const Tensor x = full({100, 400}, Real(0.5)), seen = damaged({DropoutCorruption{0.2}}, x);
  const std::int64_t black = count_if(seen, [](Real v) { return v == 0; });
  CHECK(std::abs(static_cast<double>(black) - 0.2 * kCount) <= slack(0.2));
  const Real brighter = Real(0.5) * (1 / static_cast<Real>(1 - 0.2));
  CHECK(count_if(seen, [&](Real v) { return v == brighter; }) == kCount - black);
  CHECK(damaged({DropoutCorruption{0}}, x).values() == x.values());
}

TEST_CASE("gaussian adds noise of its deviation") {
  const Tensor x = full({100, 400}, Real(0.75)), noise = damaged({GaussianCorruption{0.2}}, x) - x;
  const double average = mean(noise).item(), variance = mean(noise * noise).item();
  CHECK(std::abs(average) <= 5 * 0.2 / std::sqrt(kCount));
  CHECK(std::abs(variance - 0.04) <= 5 * 0.04 * std::sqrt(2.0 / kCount));
}

TEST_CASE("evaluation sees images as they are, and draws nothing, so does no corruption in training") {
  Rng rng{.seed = 11};
  const Tensor x = uniform({3, 5}, rng);
  const Rng before = rng;
  Context evaluation{.training = false, .rng = rng}, training{.training = true, .rng = rng};
  for (const Corruptions& kind : kAll) CHECK(corrupted({x}, kind, evaluation).x.values() == x.values());
  CHECK(corrupted({x}, {}, training).x.values() == x.values());
  CHECK(rng.counter == before.counter);
}

TEST_CASE("the condition is not corrupted, and any number of threads damages the same pixels") {
  const Tensor x = full({100, 400}, Real(0.5)), label = ones({100, 3});
  const int usual = threads();
  for (const Corruptions& kind : kAll) {
    Rng rng;
    Context context{.training = true, .rng = rng};
    CHECK(corrupted({x, label}, kind, context).condition->values() == label.values());
    const std::vector<Real> expected = damaged(kind, x).values();
    for (const int number : {1, 2, 3, 7}) {
      set_threads(number);
      CHECK(damaged(kind, x).values() == expected);
    }
    set_threads(usual);
  }
}
