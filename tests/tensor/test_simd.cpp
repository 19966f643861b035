// Lanes against the scalar functions of the standard library, computed in a wider type.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

#include "tensor/shuffle.h"
#include "tensor/simd_erf.h"
#include "tensor/simd_normal.h"
#include "tensor/simd_trig.h"

using namespace gradus;

namespace {

using Wide = std::conditional_t<sizeof(Real) == 4, double, long double>;
using Limits = std::numeric_limits<Real>;
constexpr Real kInf = Limits::infinity();
constexpr Real kNan = Limits::quiet_NaN();
constexpr bool kFloat = sizeof(Real) == 4;

Real first(const Batch& x) {
  Real lanes[kLanes];
  x.store(lanes);
  return lanes[0];
}
Real first(const Mask& m) { return first(where(m, 1, 0)); }
/// Equal as numbers with their sign, or both NaN.
bool same(Real a, Real b) { return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b); }

/// |got - want| in units of the last place of `want` rounded to Real; infinite where one is finite and one is not.
double ulps(Real got, Wide want) {
  const Real rounded = static_cast<Real>(want);
  if (std::isnan(rounded) || std::isinf(rounded) || !std::isfinite(got)) return same(got, rounded) ? 0 : kInf;
  const Real size = std::min(std::fabs(rounded), std::nextafter(Limits::max(), Real(0)));
  return static_cast<double>(std::fabs(got - want) / (std::nextafter(size, kInf) - size));
}

const Real kSpecial[] = {0,
                         Real(-0.0),
                         1,
                         -1,
                         2,
                         -2,
                         3,
                         -3,
                         7,
                         -7,
                         kInf,
                         -kInf,
                         Real(0.5),
                         Real(-0.5),
                         Real(0.9),
                         Real(-0.9),
                         kNan,
                         Real(1.5),
                         Limits::max(),
                         -Limits::max(),
                         Limits::min(),
                         Limits::denorm_min(),
                         -Limits::denorm_min()};

/// The worst error over numbers of every sign and exponent between lo and hi, and at the special values among them.
template <class F, class G>
double worst_ulps(F f, G reference, Real lo, Real hi) {
  std::vector<Real> inputs(std::begin(kSpecial), std::end(kSpecial));
  std::erase_if(inputs, [&](Real x) { return x < lo || x > hi; });
  // Steps of a prime number of representable values visit all exponents and all kinds of last digits.
  const detail::Bits step = kFloat ? 4001 : static_cast<detail::Bits>(86028157) * 200003;
  const detail::Bits count = std::numeric_limits<detail::Bits>::max() / step;
  for (detail::Bits i = 0; i <= count; ++i) {
    const Real x = std::bit_cast<Real>(i * step);
    if (x >= lo && x <= hi) inputs.push_back(x);
  }
  // Evenly spread numbers where the functions have their bends.
  for (Real x = std::max<Real>(lo, -20); x <= std::min<Real>(hi, 20); x += Real(0.00123)) inputs.push_back(x);
  while (inputs.size() % kLanes != 0) inputs.push_back(inputs[0]);
  double worst = 0;
  for (std::size_t at = 0; at < inputs.size(); at += kLanes) {
    Real results[kLanes];
    f(Batch::load(&inputs[at])).store(results);
    for (int i = 0; i < kLanes; ++i) {
      const double error = ulps(results[i], reference(static_cast<Wide>(inputs[at + i])));
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}

Wide wide_sigmoid(Wide x) { return 1 / (1 + std::exp(-x)); }
Wide wide_softplus(Wide x) { return std::max<Wide>(x, 0) + std::log1p(std::exp(-std::fabs(x))) + (x != x ? x : 0); }

}  // namespace

TEST_CASE("comparisons follow IEEE 754") {
  for (const Real a : kSpecial)
    for (const Real b : kSpecial) {
      CAPTURE(a);
      CAPTURE(b);
      CHECK(first(Batch(a) < b) == (a < b));
      CHECK(first(Batch(a) <= b) == (a <= b));
      CHECK(first(Batch(a) > b) == (a > b));
      CHECK(first(Batch(a) >= b) == (a >= b));
      CHECK(first(Batch(a) == b) == (a == b));
      CHECK(first(Batch(a) != b) == (a != b));
    }
}

TEST_CASE("masks compute lane by lane") {
  Real numbers[kLanes];
  for (int i = 0; i < kLanes; ++i) numbers[i] = i;
  const Batch x = Batch::load(numbers);
  const Mask low = x < 2, even = (floor(x / 2) * 2 == x), all = x >= 0, none = x < 0;
  const auto lanes = [](const Mask& m) {
    std::vector<Real> values(kLanes);
    where(m, 1, 0).store(values.data());
    return values;
  };
  const std::vector<Real> bl = lanes(low), be = lanes(even);
  for (int i = 0; i < kLanes; ++i) {
    CHECK(bl[i] == (i < 2));
    CHECK(lanes(low & even)[i] == (i < 2 && i % 2 == 0));
    CHECK(lanes(low | even)[i] == (i < 2 || i % 2 == 0));
    CHECK(lanes(low ^ even)[i] == ((i < 2) != (i % 2 == 0)));
    CHECK(lanes(!even)[i] == (i % 2 != 0));
  }
  CHECK(all.all());
  CHECK(all.any());
  CHECK_FALSE(none.any());
  CHECK_FALSE(even.all());
  CHECK(even.any());
}

TEST_CASE("where takes numbers on either side") {
  const Batch x = 3;
  const Mask yes = x > 0;
  CHECK(first(where(yes, x, 0)) == 3);
  CHECK(first(where(!yes, x, 0)) == 0);
  CHECK(first(where(yes, 1, x)) == 1);
  CHECK(first(where(!yes, 1, 0)) == 0);
  CHECK(first(where(yes, 2.5, 0)) == Real(2.5));
}

TEST_CASE("arithmetic is that of numbers") {
  for (const Real a : kSpecial)
    for (const Real b : kSpecial) {
      CAPTURE(a);
      CAPTURE(b);
      CHECK(same(first(Batch(a) + b), a + b));
      CHECK(same(first(a - Batch(b)), a - b));
      CHECK(same(first(Batch(a) * b), a * b));
      CHECK(same(first(a / Batch(b)), a / b));
      CHECK(same(first(-Batch(a)), -a));
      CHECK(same(first(abs(Batch(a))), std::fabs(a)));
      CHECK(same(first(sqrt(Batch(a))), std::sqrt(a)));
      CHECK(same(first(floor(Batch(a))), std::floor(a)));
    }
  Batch x = 8;
  x += 2;
  x -= 4;
  x *= 3;
  x /= 2;
  CHECK(first(x) == 9);
}

TEST_CASE("min and max pass NaN on from either side and prefer the first of equals") {
  for (const Real a : kSpecial)
    for (const Real b : kSpecial) {
      CAPTURE(a);
      CAPTURE(b);
      const bool nan = std::isnan(a) || std::isnan(b);
      CHECK(same(first(max(Batch(a), b)), nan ? kNan : a >= b ? a : b));
      CHECK(same(first(min(Batch(a), b)), nan ? kNan : a <= b ? a : b));
    }
}

TEST_CASE("copysign takes the magnitude of one and the sign of the other") {
  for (const Real a : kSpecial)
    for (const Real b : kSpecial) {
      CAPTURE(a);
      CAPTURE(b);
      const Real result = first(copysign(Batch(a), b));
      CHECK(same(std::abs(result), std::abs(a)));
      CHECK(std::signbit(result) == std::signbit(b));
    }
}

TEST_CASE("fma rounds once where the instruction exists") {
  const Real e = Limits::epsilon();
  // (1 + e)(1 - e) = 1 - e², which rounds to 1 in a product of its own.
  CHECK(first(fma(Batch(1 + e), Batch(1 - e), -1)) == (kFusedMultiplyAdd ? -e * e : 0));
  CHECK(first(fma(Batch(2), 3, 4)) == 10);
}

TEST_CASE("sum and max of the lanes") {
  Real numbers[kLanes];
  for (int i = 0; i < kLanes; ++i) numbers[i] = i + 1;
  CHECK(sum(Batch::load(numbers)) == kLanes * (kLanes + 1) / 2);
  for (int i = 0; i < kLanes; ++i) {
    numbers[i] += 100;
    CHECK(max(Batch::load(numbers)) == numbers[i]);
    numbers[i] -= 100;
  }
  for (int i = 0; i < kLanes; ++i) {
    const Real before = std::exchange(numbers[i], kNan);
    CHECK(std::isnan(max(Batch::load(numbers))));
    CHECK(std::isnan(sum(Batch::load(numbers))));
    numbers[i] = before;
  }
}

TEST_CASE("partial loads and stores touch no more than they say") {
  for (int count = 0; count <= kLanes; ++count) {
    // Of exactly that size, for the sanitizer; not null when empty, for QEMU reads what the mask leaves out.
    const std::unique_ptr<Real[]> from(new Real[count]);
    for (int i = 0; i < count; ++i) from[i] = i + 1;
    Real loaded[kLanes];
    const Batch x = Batch::load(from.get(), count);
    x.store(loaded);
    std::vector<Real> stored(kLanes, -1);
    x.store(stored.data(), count);
    for (int i = 0; i < kLanes; ++i) {
      CHECK(loaded[i] == (i < count ? i + 1 : 0));
      CHECK(stored[i] == (i < count ? i + 1 : -1));
    }
  }
}

TEST_CASE("load_transposed turns rows into columns") {
  Real numbers[kLanes][kPer16Bytes + 1];
  const Real* rows[kLanes];
  for (int i = 0; i < kLanes; ++i) {
    rows[i] = numbers[i];
    for (int j = 0; j < kPer16Bytes + 1; ++j) numbers[i][j] = i * 100 + j;
  }
  for (const int at : {0, 1}) {
    Batch columns[kPer16Bytes];
    load_transposed(rows, at, columns);
    for (int j = 0; j < kPer16Bytes; ++j) {
      Real column[kLanes];
      columns[j].store(column);
      for (int i = 0; i < kLanes; ++i) CHECK(column[i] == numbers[i][at + j]);
    }
  }
}

TEST_CASE("elementary functions keep their error bounds over the whole range") {
  const Real most = kInf;
  CHECK(worst_ulps([](Batch x) { return exp(x); }, [](Wide x) { return std::exp(x); }, -most, most) <= 1.5);
  CHECK(worst_ulps([](Batch x) { return expm1(x); }, [](Wide x) { return std::expm1(x); }, -most, most) <= 2.5);
  CHECK(worst_ulps([](Batch x) { return expm1_slope(x); }, [](Wide x) { return std::exp(x); },
                   kFloat ? Real(-86.98) : Real(-707.9), most) <= 1.5);
  CHECK(worst_ulps([](Batch x) { return log(x); }, [](Wide x) { return std::log(x); }, -most, most) <= 1);
  CHECK(worst_ulps([](Batch x) { return log1p(x); }, [](Wide x) { return std::log1p(x); }, -most, most) <= 1);
  CHECK(worst_ulps([](Batch x) { return tanh(x); }, [](Wide x) { return std::tanh(x); }, -most, most) <= 2);
  CHECK(worst_ulps([](Batch x) { return sigmoid(x); }, wide_sigmoid, -most, most) <= 2.5);
  // Together with their slopes, which keep their digits where the values have come next to 1.
  const auto wide_slope = [](Wide x) {
    const Wide high = wide_sigmoid(std::fabs(x));
    return std::exp(-std::fabs(x)) * high * high;
  };
  CHECK(worst_ulps([](Batch x) { return sigmoid_sloped(x).value; }, wide_sigmoid, -most, most) <= 2.5);
  CHECK(worst_ulps([](Batch x) { return sigmoid_sloped(x).slope; }, wide_slope, -most, most) <= 3.5);
  CHECK(worst_ulps([](Batch x) { return tanh_sloped(x).value; }, [](Wide x) { return std::tanh(x); }, -most, most) <=
        3);
  CHECK(worst_ulps([](Batch x) { return tanh_sloped(x).slope; }, [&](Wide x) { return 4 * wide_slope(2 * x); }, -most,
                   most) <= 5);
  CHECK(worst_ulps([](Batch x) { return softplus(x); }, wide_softplus, -most, most) <= 2.5);
  CHECK(worst_ulps([](Batch x) { return erf(x); }, [](Wide x) { return std::erf(x); }, -most, most) <= 2.5);
  CHECK(worst_ulps([](Batch x) { return exp_minus_half_square(x); }, [](Wide x) { return std::exp(-x * x / 2); }, -most,
                   most) <= 2);
  CHECK(worst_ulps([](Batch x) { return normal_cdf(x); },
                   [](Wide x) { return std::erfc(-x / std::numbers::sqrt2_v<Wide>) / 2; }, -most,
                   most) <= (kFloat ? 5.5 : 8));
  CHECK(worst_ulps([](Batch x) { return sin(x); }, [](Wide x) { return std::sin(x); }, -most, most) <= 1);
  CHECK(worst_ulps([](Batch x) { return cos(x); }, [](Wide x) { return std::cos(x); }, -most, most) <= 1);
  const Real eighth = Real(0.785);  // of a turn
  CHECK(worst_ulps([](Batch x) { return detail::sin_near_zero(x); }, [](Wide x) { return std::sin(x); }, -eighth,
                   eighth) <= 1.5);
  CHECK(worst_ulps([](Batch x) { return detail::cos_near_zero(x); }, [](Wide x) { return std::cos(x); }, -eighth,
                   eighth) <= 1.5);
}

TEST_CASE("sin and cos keep their digits next to their zeros, and far out") {
  const long double half_turn = std::numbers::pi_v<long double> / 2;
  std::vector<Real> at;
  for (int k = 1; k < 100000; k = k * 17 / 16 + 1) at.push_back(static_cast<Real>(k * half_turn));
  for (const Real x : {Real(1e5), Real(131071.9), Real(131072.1), Real(1e9), Real(2.2e9), Real(1e22), Limits::max()})
    at.push_back(x);
  at.push_back(kFloat ? Real(16367173) * Real(0x1p72) : Real(6381956970095103.0) * Real(0x1p797));  // next to a zero
  for (const Real x : at) {
    CAPTURE(x);
    CHECK(ulps(first(sin(Batch(x))), std::sin(static_cast<Wide>(x))) <= 1);
    CHECK(ulps(first(cos(Batch(-x))), std::cos(static_cast<Wide>(x))) <= 1);
  }
  for (const Real x : {kInf, -kInf, kNan}) {
    CHECK(std::isnan(first(sin(Batch(x)))));
    CHECK(std::isnan(first(cos(Batch(x)))));
  }
  CHECK(same(first(sin(Batch(Real(-0.0)))), Real(-0.0)));
  CHECK(first(cos(Batch(0))) == 1);
}

TEST_CASE("NaN, zeros and infinities go through the elementary functions") {
  for (const Real x : {kNan, Real(0), Real(-0.0), kInf, -kInf}) {
    CAPTURE(x);
    CHECK(same(first(exp(Batch(x))), std::exp(x)));
    CHECK(same(first(expm1(Batch(x))), std::expm1(x)));
    CHECK(std::isnan(first(log(Batch(x)))) == std::isnan(std::log(x)));
    CHECK((std::isnan(x) || x < 0 || first(log(Batch(x))) == std::log(x)));
    CHECK((x == -kInf || same(first(log1p(Batch(x))), std::log1p(x))));
    CHECK(same(first(tanh(Batch(x))), std::tanh(x)));
    CHECK(same(first(erf(Batch(x))), std::erf(x)));
    CHECK(std::isnan(first(sigmoid(Batch(x)))) == std::isnan(x));
    CHECK(std::isnan(first(softplus(Batch(x)))) == std::isnan(x));
  }
  CHECK(std::isnan(first(log(Batch(-1)))));
  CHECK(std::isnan(first(log1p(Batch(-2)))));
  CHECK(first(log1p(Batch(-1))) == -kInf);
}

TEST_CASE("exp reaches both ends of the range") {
  const Real top = kFloat ? Real(88.7228) : Real(709.782), bottom = kFloat ? Real(-103.97) : Real(-745.13);
  CHECK(std::isfinite(first(exp(Batch(top)))));
  CHECK(std::isfinite(first(expm1(Batch(top)))));
  CHECK(first(exp(Batch(top + Real(0.01)))) == kInf);
  CHECK(first(exp(Batch(bottom))) == Limits::denorm_min());
  CHECK(first(exp(Batch(bottom - 1))) == 0);
  CHECK(first(expm1_slope(Batch(bottom))) == 0);
  CHECK(first(expm1_slope(Batch(-kInf))) == 0);
  CHECK(std::isnan(first(expm1_slope(Batch(kNan)))));
}

TEST_CASE("sigmoid and softplus far out are what the formulas tend to") {
  CHECK(first(sigmoid(Batch(-100))) == first(exp(Batch(-100))));
  CHECK(first(sigmoid(Batch(100))) == 1);
  CHECK(first(softplus(Batch(-100))) == first(exp(Batch(-100))));
  CHECK(first(softplus(Batch(1000))) == 1000);
  CHECK(first(softplus(Batch(-1e6))) == 0);
}

TEST_CASE("pow has the special values of C99") {
  for (const Real x : kSpecial)
    for (const Real y : kSpecial) {
      CAPTURE(x);
      CAPTURE(y);
      const Real got = first(pow(Batch(x), Batch(y))), want = std::pow(x, y);
      const bool exact = !std::isfinite(want) || want == 0 || want == 1;
      CHECK((exact ? same(got, want) : ulps(got, std::pow(static_cast<Wide>(x), static_cast<Wide>(y))) <= 4));
    }
}

TEST_CASE("pow is accurate") {
  std::mt19937 generator(7);
  std::uniform_real_distribution<double> uniform(-1, 1);
  const auto worst = [&](double span) {  // over |y log x| ≤ span
    double result = 0;
    for (int round = 0; round < 100'000 / kLanes; ++round) {
      Real x[kLanes], y[kLanes], results[kLanes];
      for (int i = 0; i < kLanes; ++i) {
        const double log_x = uniform(generator) * (round % 2 ? 1 : 30);
        x[i] = static_cast<Real>(std::exp(log_x));
        y[i] = static_cast<Real>(span * uniform(generator) / log_x);
      }
      pow(Batch::load(x), Batch::load(y)).store(results);
      for (int i = 0; i < kLanes; ++i) {
        const double error = ulps(results[i], std::pow(static_cast<Wide>(x[i]), static_cast<Wide>(y[i])));
        if (!(error <= result)) result = error;
      }
    }
    return result;
  };
  CHECK(worst(10) <= 2);
  CHECK(worst(kFloat ? 87 : 700) <= (kFloat ? 6 : 40));
}
