// Random numbers: the published block function, the documented mapping, the distributions, and independence of
// threads and of what follows.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>
#include <vector>

#include "tensor/parallel.h"
#include "tensor/random.h"

using namespace gradus;

namespace {

using Draw = std::function<Tensor(const Shape&, Rng&)>;

struct NamedDraw {
  const char* name;
  Draw draw;
};
const NamedDraw kDraws[] = {
    {"uniform", [](const Shape& s, Rng& r) { return uniform(s, r); }},
    {"signed_uniform", [](const Shape& s, Rng& r) { return signed_uniform(s, r); }},
    {"normal", [](const Shape& s, Rng& r) { return normal(s, r); }},
    {"truncated_normal, narrow", [](const Shape& s, Rng& r) { return truncated_normal(s, Real(1.5), r); }},
    {"truncated_normal, wide", [](const Shape& s, Rng& r) { return truncated_normal(s, Real(2.5), r); }},
    {"bernoulli", [](const Shape& s, Rng& r) { return bernoulli(s, Real(0.3), r); }},
};

// The documented mapping, written down once more: word `word` of block `index`.
std::uint32_t word_of(const Rng& rng, std::uint64_t index, int word) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  return philox({low(index), low(index >> 32), low(rng.stream), low(rng.stream >> 32)},
                {low(rng.seed), low(rng.seed >> 32)})[word];
}
constexpr bool kSingle = sizeof(Real) == 4;
constexpr std::int64_t kPerBlock = kSingle ? 4 : 2;

double uniform_of(const Rng& rng, std::int64_t i) {
  if (kSingle) return (word_of(rng, rng.counter + i / 4, i % 4) >> 8) * 0x1p-24;
  const std::uint64_t high = word_of(rng, rng.counter + i / 2, 2 * (i % 2)) >> 5;
  const std::uint64_t low = word_of(rng, rng.counter + i / 2, 2 * (i % 2) + 1) >> 6;
  return (high << 26 | low) * 0x1p-53;
}

// As documented: the sign, and all bits of the size as a number far longer than a Real.
double signed_uniform_of(const Rng& rng, std::int64_t i) {
  const std::uint64_t index = rng.counter + i / kPerBlock;
  const int first = kSingle ? i % 4 : 2 * (i % 2), last = kSingle ? first : first + 1;
  std::array<std::uint32_t, 4> block;
  for (int word = 0; word < 4; ++word) block[word] = word_of(rng, index, word);
  const bool negative = block[last] % 2 == 1;
  long double size = kSingle ? (block[first] >> 1) * 0x1p-31L
                             : ((std::uint64_t{block[first] >> 5} << 31 | block[last] >> 1) * 0x1p-58L);
  const int digits = kSingle ? 24 : 53, more = kSingle ? 32 : 10;
  int bits = kSingle ? 31 : 58;
  while (size < std::ldexp(1.0L, digits - bits)) {
    block = philox(block, {static_cast<std::uint32_t>(rng.seed), static_cast<std::uint32_t>(rng.seed >> 32)});
    bits += more;
    size += std::ldexp(static_cast<long double>(block[first] >> (32 - more)), -bits);
  }
  const Real rounded = std::min(static_cast<Real>(size), std::nextafter(Real(1), Real(0)));
  return negative ? -rounded : rounded;
}

// n, mean, and the central moments that measure width, asymmetry and weight of the tails.
struct Moments {
  double n, mean = 0, variance = 0, skewness = 0, kurtosis = 0;
  explicit Moments(const std::vector<Real>& x) : n(static_cast<double>(x.size())) {
    for (const double v : x) mean += v / n;
    double third = 0, fourth = 0;
    for (const double v : x) {
      const double d = v - mean;
      variance += d * d / n;
      third += d * d * d / n;
      fourth += d * d * d * d / n;
    }
    skewness = third / std::pow(variance, 1.5);
    kurtosis = fourth / (variance * variance);
  }
};

// √n times the largest distance between the empirical and the true distribution function (Kolmogorov and
// Smirnov): above 2.5 in fewer than 1 of 100,000 draws.
double kolmogorov_smirnov(std::vector<Real> x, const std::function<double(double)>& cdf) {
  std::sort(x.begin(), x.end());
  const double n = static_cast<double>(x.size());
  double distance = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = cdf(x[i]);
    distance = std::max({distance, std::abs(p - i / n), std::abs(p - (i + 1) / n)});
  }
  return std::sqrt(n) * distance;
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double correlation(const std::vector<Real>& x, const std::vector<Real>& y) {
  const Moments mx(x), my(y);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mx.mean) * (y[i] - my.mean);
  return sum / mx.n / std::sqrt(mx.variance * my.variance);
}

}  // namespace

TEST_CASE("philox gives the published answers") {
  using Block = std::array<std::uint32_t, 4>;
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) == Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a uniform draw follows its documented mapping, also where the counter carries or wraps") {
  for (const std::uint64_t counter : {std::uint64_t{0}, std::uint64_t{0xFFFFFFF0}, ~std::uint64_t{0} - 20}) {
    Rng rng{0x123456789abcdef, 0xfedcba987654321, counter};
    const Rng before = rng;
    const std::vector<Real> x = uniform({7, 43}, rng).values();
    for (std::int64_t i = 0; i < 7 * 43; ++i) REQUIRE(static_cast<double>(x[i]) == uniform_of(before, i));
    CHECK(rng.counter == before.counter + (7 * 43 + kPerBlock - 1) / kPerBlock);
    CHECK(rng.seed == before.seed);
    CHECK(rng.stream == before.stream);
  }
}

TEST_CASE("a signed uniform draw follows its documented mapping, and is fine near 0") {
  Rng rng{0x123456789abcdef, 0xfedcba987654321, 0xFFFFFFF0};
  const Rng before = rng;
  const std::int64_t n = 1 << 18;
  const std::vector<Real> x = signed_uniform({n}, rng).values();
  CHECK(rng.counter == before.counter + n / kPerBlock);
  for (std::int64_t i = 0; i < n; ++i) REQUIRE(static_cast<double>(x[i]) == signed_uniform_of(before, i));
  // The first word of this block is 0 (found by looking at 91 million): the size is what its continuation says.
  Rng rare{1, 0, 91093890};
  const std::vector<Real> first = signed_uniform({1}, rare).values();
  CHECK(std::abs(first[0] - (kSingle ? 3867641609 * 0x1p-63 : 141968855 * 0x1p-58)) <= 1e-6 * first[0]);
}

TEST_CASE("the sizes of a signed uniform draw are uniform, also among the small ones, and its signs are fair") {
  Rng rng{12, 0, 0};
  const double n = 1 << 22;
  std::vector<Real> sizes, small;
  double negative = 0, inside = 0;
  for (const Real v : signed_uniform({static_cast<std::int64_t>(n)}, rng).values()) {
    inside += v != 0 && std::abs(v) < 1;
    negative += v < 0;
    if (sizes.size() < 200000) sizes.push_back(std::abs(v));
    if (std::abs(v) < Real(0x1p-10)) small.push_back(std::abs(v));
  }
  CHECK(inside == n);
  CHECK(std::abs(negative - n / 2) <= 5 * std::sqrt(n / 4));
  CHECK(kolmogorov_smirnov(sizes, [](double v) { return v; }) <= 2.5);
  CHECK(std::abs(static_cast<double>(small.size()) - n / 1024) <= 5 * std::sqrt(n / 1024));
  CHECK(kolmogorov_smirnov(small, [](double v) { return v * 1024; }) <= 2.5);
  // In steps of 2^-24, 4,096 draws would share 16,384 places.
  CHECK(std::set<Real>(small.begin(), small.end()).size() >= small.size() - 2);
}

TEST_CASE("a normal draw is the Box-Muller transform of its documented numbers") {
  Rng rng{11, 12, 13};
  const Rng before = rng;
  const std::vector<Real> x = normal({5001}, rng).values();
  for (std::int64_t i = 0; i < 5001; ++i) {
    const std::int64_t even = i - i % 2;
    const double u = kSingle ? ((word_of(before, before.counter + even / 4, even % 4) >> 1) + 0.5) * 0x1p-31
                             : uniform_of(before, even) + 0x1p-54;
    const double theta = 2 * std::numbers::pi * uniform_of(before, even + 1) - std::numbers::pi / 4;
    const double r = std::sqrt(-2 * std::log(u));
    const double expected = r * (i % 2 == 0 ? std::cos(theta) : std::sin(theta));
    // Rounding u to a Real moves log u by an epsilon, and so a small r by its r-th part.
    REQUIRE(std::abs(x[i] - expected) <= std::numeric_limits<Real>::epsilon() * (4 * r + 1 / r));
  }
}

TEST_CASE("the first numbers of a draw do not depend on how many follow, nor on the shape") {
  for (const NamedDraw& named : kDraws) {
    CAPTURE(named.name);
    Rng all{1, 2, 3};
    const std::vector<Real> longest = named.draw({70, 1000}, all).values();
    for (const std::int64_t n : {0, 1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 127, 128, 129, 1000, 16383, 16384, 16385, 69999}) {
      Rng rng{1, 2, 3};
      const std::vector<Real> x = named.draw({n}, rng).values();
      REQUIRE(static_cast<std::int64_t>(x.size()) == n);
      REQUIRE(std::equal(x.begin(), x.end(), longest.begin()));
    }
  }
}

TEST_CASE("draws follow one another without overlap, and an empty one uses nothing") {
  Rng rng{4, 5, 6};
  CHECK(uniform({0, 3}, rng).numel() == 0);
  CHECK(normal({0}, rng).numel() == 0);
  CHECK(rng.counter == 6);
  const std::vector<Real> first = uniform({100}, rng).values();
  const std::vector<Real> second = uniform({100}, rng).values();
  Rng again{4, 5, 6};
  const std::vector<Real> both = uniform({200}, again).values();
  CHECK(std::equal(first.begin(), first.end(), both.begin()));
  CHECK(std::equal(second.begin(), second.end(), both.begin() + 100));
  CHECK(rng.counter == again.counter);
  truncated_normal({10}, 1, rng);
  CHECK(rng.counter == again.counter + 10);
}

TEST_CASE("any number of threads draws the same bits") {
  const int before = threads();
  for (const NamedDraw& named : kDraws) {
    CAPTURE(named.name);
    std::vector<Real> reference;
    for (const int count : {1, 2, 3, 7}) {
      set_threads(count);
      Rng rng{7, 8, 9};
      const std::vector<Real> x = named.draw({150, 784}, rng).values();
      if (count == 1) reference = x;
      CHECK(x == reference);
    }
  }
  set_threads(before);
}

TEST_CASE("uniform numbers are uniform") {
  const double n = 200000;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Rng rng{seed, 1, 0};
    const std::vector<Real> x = uniform({static_cast<std::int64_t>(n)}, rng).values();
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    CHECK(*low >= 0);
    CHECK(*high < 1);
    const Moments m(x);
    CHECK(std::abs(m.mean - 0.5) <= 5 * std::sqrt(1 / 12. / n));
    CHECK(std::abs(m.variance - 1 / 12.) <= 5 * std::sqrt(1 / 180. / n));
    CHECK(kolmogorov_smirnov(x, [](double v) { return v; }) <= 2.5);
  }
}

TEST_CASE("normal numbers are normal") {
  const double n = 200000;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Rng rng{seed, 2, 0};
    const std::vector<Real> x = normal({static_cast<std::int64_t>(n)}, rng).values();
    const Moments m(x);
    CHECK(std::abs(m.mean) <= 5 * std::sqrt(1 / n));
    CHECK(std::abs(m.variance - 1) <= 5 * std::sqrt(2 / n));
    CHECK(std::abs(m.skewness) <= 5 * std::sqrt(6 / n));
    CHECK(std::abs(m.kurtosis - 3) <= 5 * std::sqrt(24 / n));
    CHECK(kolmogorov_smirnov(x, [](double v) { return normal_cdf(v); }) <= 2.5);
  }
}

TEST_CASE("the tails of a normal draw have their weight") {
  const double n = 2e6;
  Rng rng{3, 3, 0};
  const std::vector<Real> x = normal({static_cast<std::int64_t>(n)}, rng).values();
  for (const double limit : {3.0, 4.0, 4.5}) {
    const double p = 2 * normal_cdf(-limit);
    const auto outside = std::count_if(x.begin(), x.end(), [&](Real v) { return std::abs(v) > limit; });
    CHECK(std::abs(static_cast<double>(outside) - n * p) <= 5 * std::sqrt(n * p));
  }
  CHECK(std::all_of(x.begin(), x.end(), [](Real v) { return std::isfinite(v); }));
}

TEST_CASE("seeds, streams, neighbours and consecutive draws are different and uncorrelated") {
  const std::int64_t n = 100000;
  const double bound = 5 / std::sqrt(static_cast<double>(n));
  for (const NamedDraw& named : kDraws) {
    CAPTURE(named.name);
    Rng rng{1, 1, 0};
    const std::vector<Real> x = named.draw({n}, rng).values();
    const std::vector<Real> next = named.draw({n}, rng).values();
    Rng seed{2, 1, 0}, high_seed{1 | std::uint64_t{1} << 32, 1, 0}, stream{1, 2, 0};
    Rng high_stream{1, 1 | std::uint64_t{1} << 32, 0}, high_counter{1, 1, std::uint64_t{1} << 40};
    std::set<std::vector<Real>> different{x, next};
    for (Rng* other : {&seed, &high_seed, &stream, &high_stream, &high_counter}) {
      const std::vector<Real> y = named.draw({n}, *other).values();
      different.insert(y);
      CHECK(std::abs(correlation(x, y)) <= bound);
    }
    CHECK(different.size() == 7);
    CHECK(std::abs(correlation(x, next)) <= bound);
    for (const std::int64_t lag : {1, 2, 3, 4, 32, 128}) {
      const std::vector<Real> early(x.begin(), x.end() - lag), late(x.begin() + lag, x.end());
      CHECK(std::abs(correlation(early, late)) <= bound);
    }
  }
}

TEST_CASE("the squares of a normal pair are uncorrelated, too") {
  Rng rng{5, 5, 0};
  const std::int64_t n = 100000;
  const std::vector<Real> x = normal({n, 2}, rng).values();
  std::vector<Real> first, second;
  for (std::int64_t i = 0; i < n; ++i) {
    first.push_back(x[2 * i] * x[2 * i]);
    second.push_back(x[2 * i + 1] * x[2 * i + 1]);
  }
  CHECK(std::abs(correlation(first, second)) <= 5 / std::sqrt(static_cast<double>(n)));
}

TEST_CASE("truncated normals stay within any bound and keep the normal's form there") {
  for (const double bound : {1e-3, 0.5, 1.0, 2.0, 2.001, 3.0, 40.0}) {
    CAPTURE(bound);
    Rng rng{6, 6, 0};
    const std::vector<Real> x = truncated_normal({50000}, static_cast<Real>(bound), rng).values();
    CHECK(std::all_of(x.begin(), x.end(), [&](Real v) { return std::abs(v) <= static_cast<Real>(bound); }));
    const double below = normal_cdf(-bound), within = normal_cdf(bound) - below;
    const auto cdf = [&](double v) { return (normal_cdf(v) - below) / within; };
    CHECK(kolmogorov_smirnov(x, cdf) <= 2.5);
  }
}

TEST_CASE("bernoulli draws are ones with probability p, which may be 0 or 1") {
  const std::int64_t n = 100000;
  for (const double p : {0.0, 0.02, 0.5, 0.9, 1.0}) {
    Rng rng{8, 8, 0};
    const std::vector<Real> x = bernoulli({n}, static_cast<Real>(p), rng).values();
    CHECK(std::all_of(x.begin(), x.end(), [](Real v) { return v == 0 || v == 1; }));
    const double ones = std::accumulate(x.begin(), x.end(), 0.0);
    CHECK(std::abs(ones - n * p) <= 5 * std::sqrt(n * p * (1 - p)));
  }
  Rng one{8, 8, 0}, other{8, 8, 0};
  const std::vector<Real> u = uniform({1000}, one).values();
  const std::vector<Real> x = bernoulli({1000}, Real(0.25), other).values();
  CHECK(one.counter == other.counter);
  for (int i = 0; i < 1000; ++i) CHECK(x[i] == (u[i] < Real(0.25) ? 1 : 0));
  Rng edge{8, 8, 0};
  CHECK(bernoulli({1}, u[0], edge).item() == 0);  // not below itself
}

TEST_CASE("a permutation holds every element once") {
  Rng rng{9, 9, 0};
  for (const std::int64_t n : {0, 1, 2, 3, 1000, 60000}) {
    const Indices order = permutation(n, rng);
    CHECK(order.shape == Shape{n});
    Indices::Values sorted = order.values;
    std::sort(sorted.begin(), sorted.end());
    bool complete = static_cast<std::int64_t>(sorted.size()) == n;
    for (std::int64_t i = 0; complete && i < n; ++i) complete = sorted[i] == i;
    CHECK(complete);
  }
  Rng a{1, 2, 3}, b{1, 2, 3}, c{1, 2, 4};
  const Indices::Values order = permutation(100, a).values;
  CHECK(order == permutation(100, b).values);
  CHECK(order != permutation(100, c).values);
  Rng far{1, 2, 3 + (std::uint64_t{1} << 40)};  // as the epochs of a training are
  CHECK(order != permutation(100, far).values);
  CHECK(a.counter == b.counter);
  CHECK(a.counter > 3);
}

TEST_CASE("all orders are equally likely") {
  Rng rng{10, 10, 0};
  const int draws = 24000;
  std::vector<double> counts(256, 0);  // indexed by the order's four digits to base 4
  for (int i = 0; i < draws; ++i) {
    int key = 0;
    for (const std::int64_t v : permutation(4, rng).values) key = 4 * key + static_cast<int>(v);
    ++counts[key];
  }
  CHECK(std::count_if(counts.begin(), counts.end(), [](double c) { return c > 0; }) == 24);
  double chi_square = 0;  // 23 degrees of freedom: mean 23, variance 46
  for (const double c : counts)
    if (c > 0) chi_square += (c - draws / 24.) * (c - draws / 24.) / (draws / 24.);
  CHECK(chi_square <= 23 + 6 * std::sqrt(46.));
}

TEST_CASE("impossible parameters are refused in a sentence") {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  Rng rng;
  for (const Real p : {Real(-0.1), Real(1.5), nan}) CHECK_THROWS_AS(bernoulli({2}, p, rng), Error);
  for (const Real bound : {Real(0), Real(-1), nan}) CHECK_THROWS_AS(truncated_normal({2}, bound, rng), Error);
  CHECK_THROWS_AS(permutation(-1, rng), Error);
  CHECK_THROWS_WITH(bernoulli({2}, Real(1.5), rng), "[bernoulli] the probability must be between 0 and 1, not 1.5");
  CHECK(rng.counter == 0);
}
