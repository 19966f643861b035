// Matrix multiplication against a double loop that knows nothing of blocks, panels or lanes.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "tensor/gemm.h"
#include "tensor/gemm_tuning.h"
#include "tensor/parallel.h"
#include "tensor/random.h"

using namespace gradus;

namespace {

constexpr Real kSentinel = Real(-12345.5);
constexpr int kMargin = 40;  // numbers around C that must stay as they are: wider than any register

constexpr std::int64_t kReadable = kAlignment / sizeof(Real);  // numbers behind a factor that may be read

enum class Layout { kRows, kColumns, kSpread };  // contiguous along the columns, along the rows, or neither

struct Size {
  int m, n, k;  // of a product, (m, k) @ (k, n)
};

/// A matrix in exactly as much memory as gemm may read, so that a sanitizer sees every number read beside it.
struct Matrix {
  std::vector<Real> numbers;
  ConstView view;

  template <class F>
  Matrix(std::int64_t rows, std::int64_t columns, Layout layout, F f) {
    Strides strides{};
    if (layout == Layout::kRows) strides = {columns, 1};
    if (layout == Layout::kColumns) strides = {1, rows};
    if (layout == Layout::kSpread) strides = {2 * columns + 1, 2};
    const std::int64_t size = rows * columns == 0 ? 0 : (rows - 1) * strides[0] + (columns - 1) * strides[1] + 1;
    numbers.assign(size + kReadable, std::numeric_limits<Real>::quiet_NaN());
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j) numbers[i * strides[0] + j * strides[1]] = f(i, j);
    view = {numbers.data(), Shape{rows, columns}, strides};
  }
};

/// C with sentinels before, after and between its rows.
struct Result {
  std::int64_t rows, columns, row_stride;
  std::vector<Real> numbers;

  Result(std::int64_t m, std::int64_t n, std::int64_t gap)
      : rows(m), columns(n), row_stride(n + gap), numbers(2 * kMargin + m * row_stride, kSentinel) {}
  View view() { return {numbers.data() + kMargin, Shape{rows, columns}, {row_stride, 1}}; }
  bool sentinels_stand() const {
    for (std::int64_t at = 0; at < static_cast<std::int64_t>(numbers.size()); ++at) {
      const std::int64_t inside = at - kMargin;
      const bool of_c = inside >= 0 && inside < rows * row_stride && inside % row_stride < columns;
      if (!of_c && numbers[at] != kSentinel) return false;
    }
    return true;
  }
};

/// Small integers: every product and sum is exact, so any order of additions gives the same number.
Real small_integer(std::int64_t i, std::int64_t j) { return static_cast<Real>((i * 7 + j * 13 + i * j) % 9 - 4); }
Real wave(std::int64_t i, std::int64_t j) { return std::sin(Real(0.7) * i + Real(1.3) * j + Real(0.01) * i * j); }

Real small_bias(std::int64_t j) { return static_cast<Real>(j % 5 - 2); }

/// A·B of small_integer(i, p) and small_integer(j + 3, p), by the definition.
std::vector<Real> reference(std::int64_t m, std::int64_t n, std::int64_t k) {
  std::vector<Real> left(m * k), right(n * k), product(m * n);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t p = 0; p < k; ++p) left[i * k + p] = small_integer(i, p);
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t p = 0; p < k; ++p) right[j * k + p] = small_integer(j + 3, p);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      Real sum = 0;
      for (std::int64_t p = 0; p < k; ++p) sum += left[i * k + p] * right[j * k + p];
      product[i * n + j] = sum;
    }
  return product;
}

/// Whether every element is exact, and nothing else was written.
bool exact(const std::vector<Real>& want, std::int64_t m, std::int64_t n, std::int64_t k, Layout la, Layout lb,
           bool with_bias) {
  const Matrix a(m, k, la, small_integer);
  const Matrix b(k, n, lb, [](std::int64_t p, std::int64_t j) { return small_integer(j + 3, p); });
  std::vector<Real> bias(n);
  for (std::int64_t j = 0; j < n; ++j) bias[j] = small_bias(j);
  Result c(m, n, (m + n + k) % 3);
  kernel::gemm(a.view, b.view, c.view(), with_bias ? bias.data() : nullptr);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      if (!(c.view()(i, j) == want[i * n + j] + (with_bias ? small_bias(j) : 0))) return false;
  return c.sentinels_stand();
}

constexpr Layout kContiguous[] = {Layout::kRows, Layout::kColumns};
constexpr Layout kLayouts[] = {Layout::kRows, Layout::kColumns, Layout::kSpread};

/// How many of the four transpositions, with and without bias, are not exact.
int inexact(std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::vector<Real> want = reference(m, n, k);
  int wrong = 0;
  for (const Layout la : kContiguous)
    for (const Layout lb : kContiguous)
      for (const bool bias : {false, true}) wrong += !exact(want, m, n, k, la, lb, bias);
  return wrong;
}

}  // namespace

TEST_CASE("exact on small integers for every shape from 0 to 33") {
  int wrong = 0;
  for (int m = 0; m <= 33; ++m)
    for (int n = 0; n <= 33; ++n)
      for (int k = 0; k <= 33; ++k) wrong += inexact(m, n, k);
  CHECK(wrong == 0);
}

TEST_CASE("exact on small integers where blocks, chunks and paths change") {
  int wrong = 0;
  for (const int m : {1, 5, 56, 57, 150, 520})
    for (const int n : {1, 31, 65, 300})
      for (const int k : {1, 100, 401, 801}) wrong += inexact(m, n, k);
  wrong += inexact(20, 500, 784) + inexact(30, 64, 1024) + inexact(1, 2000, 600) + inexact(2000, 1, 600);
  wrong += inexact(150, 300, 1024) + inexact(1024, 300, 600);  // rows, then columns of A a harmful stride apart
  CHECK(wrong == 0);
}

TEST_CASE("exact on small integers for every width up to five registers") {
  int wrong = 0;
  for (int n = 34; n <= 80; ++n)
    for (const int m : {1, 7, 13, 14, 29, 100})
      for (const int k : {1, 20, 401}) wrong += inexact(m, n, k);
  CHECK(wrong == 0);
}

TEST_CASE("any strides for A and B: spread out, overlapping, repeated") {
  int wrong = 0;
  for (const auto& [m, n, k] : {Size{3, 50, 70}, Size{40, 50, 70}, Size{150, 300, 600}}) {
    const std::vector<Real> want = reference(m, n, k);
    for (const Layout la : kLayouts)
      for (const Layout lb : kLayouts) wrong += !exact(want, m, n, k, la, lb, true);
  }
  CHECK(wrong == 0);

  // Stride 0: every row of A the same, every column of B the same; each element is Σ p·p.
  std::vector<Real> ramp{0, 1, 2, 3, 4};
  ramp.resize(ramp.size() + kReadable);
  const ConstView a{ramp.data(), Shape{20, 5}, {0, 1}}, b{ramp.data(), Shape{5, 40}, {1, 0}};
  Result c(20, 40, 1);
  kernel::gemm(a, b, c.view());
  int off = 0;
  for (int i = 0; i < 20; ++i)
    for (int j = 0; j < 40; ++j) off += !(c.view()(i, j) == 30);
  CHECK(off == 0);
  CHECK(c.sentinels_stand());
}

TEST_CASE("no K leaves the start values") {
  const ConstView a{nullptr, Shape{3, 0}, {0, 1}}, b{nullptr, Shape{0, 2}, {2, 1}};
  Result c(3, 2, 1);
  kernel::gemm(a, b, c.view());
  CHECK(c.view()(2, 1) == 0);
  const Real bias[] = {5, 7};
  kernel::gemm(a, b, c.view(), bias);
  CHECK(c.view()(0, 0) == 5);
  CHECK(c.view()(2, 1) == 7);
  CHECK(c.sentinels_stand());
}

TEST_CASE("the error stays within gamma_K |A||B|") {
  for (const Size& size : {Size{150, 500, 784}, Size{20, 200, 784}, Size{500, 300, 150}, Size{33, 70, 2000}})
    for (const Layout la : kContiguous)
      for (const Layout lb : kContiguous) {
        const int m = size.m, n = size.n, k = size.k;
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        const Matrix a(m, k, la, wave);
        const Matrix b(k, n, lb, [](std::int64_t i, std::int64_t j) { return wave(j, i + 11); });
        Result c(m, n, 0);
        kernel::gemm(a.view, b.view, c.view());
        // Higham, Accuracy and Stability of Numerical Algorithms, 3.5: gamma_K = K u / (1 - K u), in any order.
        const double u = std::numeric_limits<Real>::epsilon() / 2, gamma = k * u / (1 - k * u);
        double worst = 0;  // error in units of the bound
        for (int i = 0; i < m; i += 7)
          for (int j = 0; j < n; j += 3) {
            long double sum = 0, magnitude = 0;
            for (int p = 0; p < k; ++p) {
              const long double product = static_cast<long double>(a.view(i, p)) * b.view(p, j);
              sum += product;
              magnitude += std::fabs(product);
            }
            const double error = static_cast<double>(std::fabs(c.view()(i, j) - sum) / (gamma * magnitude));
            if (!(error <= worst)) worst = error;
          }
        CHECK(worst <= 1);
        CHECK(worst > 0);  // the inputs are not integers
      }
}

TEST_CASE("NaN and infinity come through where they belong") {
  for (const int k : {1, 40, 500})
    for (const Layout lb : kContiguous) {
      const Matrix a(17, k, Layout::kRows, [&](std::int64_t i, std::int64_t p) {
        return i == 3 && p == k - 1 ? std::numeric_limits<Real>::quiet_NaN() : Real(1);
      });
      const Matrix b(k, 37, lb, [](std::int64_t p, std::int64_t j) {
        return j == 36 && p == 0 ? std::numeric_limits<Real>::infinity() : Real(1);
      });
      Result c(17, 37, 0);
      kernel::gemm(a.view, b.view, c.view());
      int wrong = 0;
      for (int i = 0; i < 17; ++i)
        for (int j = 0; j < 37; ++j) {
          const Real got = c.view()(i, j);
          if (i == 3)
            wrong += !std::isnan(got);
          else
            wrong += !(got == (j == 36 ? std::numeric_limits<Real>::infinity() : Real(k)));
        }
      CHECK(wrong == 0);
    }
}

TEST_CASE("the same bits for any number of threads") {
  const int before = threads();
  for (const auto& [m, n, k] : {Size{150, 500, 784}, Size{500, 784, 150}, Size{20, 500, 784}, Size{700, 90, 1100},
                                Size{150, 300, 1024}, Size{1024, 300, 600}})
    for (const Layout la : kContiguous)
      for (const Layout lb : kContiguous) {
        const Matrix a(m, k, la, wave);
        const Matrix b(k, n, lb, [](std::int64_t i, std::int64_t j) { return wave(j, i + 11); });
        std::vector<Real> first;
        for (const int count : {1, 2, 3, 7}) {
          set_threads(count);
          Result c(m, n, 0);
          kernel::gemm(a.view, b.view, c.view());
          if (first.empty()) first = c.numbers;
          CHECK(first == c.numbers);
        }
      }
  set_threads(before);
}

TEST_CASE("long sums do not stop growing: twenty million ones, and a million of one sign beside their sum in double") {
  constexpr std::int64_t kOnes = 20'000'000;
  const Tensor row = detach(ones({1}), {2, kOnes}, {0, 0}), column = detach(ones({1}), {kOnes, 3}, {0, 0});
  Tensor c({2, 3});
  kernel::gemm(row.view(), column.view(), c.write());
  for (const Real x : c.values()) CHECK(x == Real(kOnes));

  constexpr std::int64_t kDepth = 1'000'003;
  Rng rng{.seed = 3};
  const Tensor a = uniform({3, kDepth}, rng), b = uniform({kDepth, 2}, rng);
  const std::vector<Real> left = a.values(), right = b.values();
  const int before = threads();
  std::vector<Real> first;
  for (const int count : {1, 2, 3, 7}) {
    set_threads(count);
    Tensor product({3, 2});
    kernel::gemm(a.view(), b.view(), product.write());
    if (first.empty()) first = product.values();
    CHECK(first == product.values());
  }
  set_threads(before);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 2; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < kDepth; ++k)
        sum += static_cast<double>(left[i * kDepth + k]) * static_cast<double>(right[k * 2 + j]);
      // Half a rounding per addition of the last chain and of each of the eight halvings above it.
      const double bound = 0.5 * (kernel::kLongestChain + 9) * std::numeric_limits<Real>::epsilon();
      CHECK(std::abs(first[i * 2 + j] - sum) <= (sizeof(Real) == 8 ? 1e-12 : bound) * sum);
    }
}
