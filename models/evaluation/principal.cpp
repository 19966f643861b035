#include "models/evaluation/principal.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/evaluation/encoded.h"
#include "tensor/parallel.h"

namespace GRADUS {

using Vector = std::vector<double>;

static double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// All of them, falling, by rotations that make one element off the diagonal 0 after another.
static Eigen jacobi(Vector a, std::int64_t n) {
  Vector v(n * n);
  for (std::int64_t i = 0; i < n; ++i) v[i * n + i] = 1;
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0, all = 0;
    for (std::int64_t i = 0; i < n * n; ++i) (i / n == i % n ? all : off) += a[i] * a[i];
    if (!(off > 1e-30 * all)) break;
    for (std::int64_t p = 0; p < n; ++p)
      for (std::int64_t q = p + 1; q < n; ++q) {
        if (a[p * n + q] == 0) continue;
        const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
        const double t = std::copysign(1.0, theta) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        const auto rotate = [&](double& x, double& y) {
          const double old = x;
          x = c * old - s * y;
          y = s * old + c * y;
        };
        for (std::int64_t k = 0; k < n; ++k) rotate(a[k * n + p], a[k * n + q]);
        for (std::int64_t k = 0; k < n; ++k) rotate(a[p * n + k], a[q * n + k]);
        for (std::int64_t k = 0; k < n; ++k) rotate(v[k * n + p], v[k * n + q]);
      }
  }
  std::vector<std::int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), [&](std::int64_t i) { return a[i * n + i]; });
  Eigen sorted;
  for (const std::int64_t i : order) {
    sorted.values.push_back(a[i * n + i]);
    Vector& vector = sorted.vectors.emplace_back(n);
    for (std::int64_t k = 0; k < n; ++k) vector[k] = v[k * n + i];
  }
  return sorted;
}

/// Gram and Schmidt, twice over, which makes rounding harmless. Of what vanishes an axis takes the place, the first that
/// does not vanish as well.
static void orthonormalize(std::vector<Vector>& block) {
  const auto freed = [&](std::size_t i) {  // of those before it, and of length 1; false where nothing is left
    Vector& x = block[i];
    for (int times = 0; times < 2; ++times) {
      for (std::size_t j = 0; j < i; ++j) {
        const double along = dot(x, block[j]);
        for (std::size_t k = 0; k < x.size(); ++k) x[k] -= along * block[j][k];
      }
      const double norm = std::sqrt(dot(x, x));
      if (!(norm > 1e-150)) return false;
      for (double& number : x) number /= norm;
    }
    return true;
  };
  for (std::size_t i = 0; i < block.size(); ++i)
    for (std::size_t axis = 0; !freed(i); ++axis) {
      std::ranges::fill(block[i], 0);
      block[i].at(axis) = 1;
    }
}

Eigen largest_eigen(const Vector& matrix, std::int64_t n, std::int64_t count) {
  check(n >= 1 && static_cast<std::int64_t>(matrix.size()) == n * n && count >= 1 && count <= n,
        "[largest_eigen] {} eigenvectors of {} numbers as a matrix of {} rows", count, matrix.size(), n);
  const std::int64_t width = std::min(n, count + 8);  // the others make the first ones settle sooner
  Eigen found;
  if (width == n) {
    found = jacobi(matrix, n);
  } else {
    std::vector<Vector> block(width, Vector(n));
    for (std::int64_t i = 0; i < width; ++i)
      for (std::int64_t k = 0; k < n; ++k) block[i][k] = std::cos(static_cast<double>((i + 1) * (k + 1)));
    for (int turn = 0; turn < 300; ++turn) {
      orthonormalize(block);
      std::vector<Vector> product(width, Vector(n));
      parallel_for(n, [&](std::int64_t row) {
        const double* a = &matrix[row * n];
        for (std::int64_t i = 0; i < width; ++i) product[i][row] = std::inner_product(a, a + n, block[i].begin(), 0.0);
      });
      Vector inner(width * width);
      for (std::int64_t i = 0; i < width; ++i)
        for (std::int64_t j = 0; j < width; ++j) inner[i * width + j] = dot(block[i], product[j]);
      for (std::int64_t i = 0; i < width; ++i)
        for (std::int64_t j = 0; j < i; ++j) inner[i * width + j] = inner[j * width + i];
      const Eigen ritz = jacobi(inner, width);
      const auto turned = [&](const std::vector<Vector>& vectors) {
        std::vector<Vector> out(width, Vector(n));
        for (std::int64_t i = 0; i < width; ++i)
          for (std::int64_t j = 0; j < width; ++j)
            for (std::int64_t k = 0; k < n; ++k) out[i][k] += ritz.vectors[i][j] * vectors[j][k];
        return out;
      };
      found = {ritz.values, turned(block)};
      block = turned(product);
      double left = 0;  // how far A·v is from λ·v, of those that are wanted
      for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t k = 0; k < n; ++k)
          left = std::max(left, std::abs(block[i][k] - ritz.values[i] * found.vectors[i][k]));
      if (!(left > 1e-12 * std::abs(ritz.values[0]))) break;
    }
  }
  found.values.resize(count);
  found.vectors.resize(count);
  return found;
}

Plane plane_of(const Tensor& codes) {
  check(codes.rank() == 2 && codes.shape()[0] >= 1 && codes.shape()[1] >= 2,
        "[plane_of] codes of shape {} span no plane: it takes two dimensions", codes.shape());
  const std::int64_t N = codes.shape()[0], Z = codes.shape()[1];
  if (Z == 2) return {.origin = {0, 0}, .axes = {{1, 0}, {0, 1}}};
  Plane plane{.origin = spread_of(codes).mean};
  const std::vector<Real> values = codes.values();
  Vector covariance(Z * Z);
  parallel_for(Z, [&](std::int64_t i) {
    for (std::int64_t row = 0; row < N; ++row) {
      const double x = static_cast<double>(values[row * Z + i]) - plane.origin[i];
      for (std::int64_t j = 0; j < Z; ++j)
        covariance[i * Z + j] += x * (static_cast<double>(values[row * Z + j]) - plane.origin[j]);
    }
  });
  Eigen eigen = largest_eigen(covariance, Z, 2);
  double all = 0;
  for (std::int64_t i = 0; i < Z; ++i) all += covariance[i * Z + i];
  plane.share = all > 0 ? (eigen.values[0] + eigen.values[1]) / all : 1;
  for (int i = 0; i < 2; ++i) {
    Vector& axis = plane.axes[i] = std::move(eigen.vectors[i]);
    const double largest = *std::ranges::max_element(axis, {}, [](double x) { return std::abs(x); });
    for (double& x : axis) x = std::copysign(x, x * largest);
  }
  return plane;
}

std::vector<std::array<double, 2>> Plane::coordinates(const Tensor& codes) const {
  const auto Z = static_cast<std::int64_t>(origin.size());
  check(codes.rank() == 2 && codes.shape()[1] == Z, "[plane] codes of shape {} are not (N, {})", codes.shape(), Z);
  const std::vector<Real> values = codes.values();
  std::vector<std::array<double, 2>> all(codes.shape()[0]);
  for (std::size_t i = 0; i < values.size(); ++i)
    for (int axis = 0; axis < 2; ++axis)
      all[i / Z][axis] += (static_cast<double>(values[i]) - origin[i % Z]) * axes[axis][i % Z];
  return all;
}

Tensor Plane::codes(const std::vector<std::array<double, 2>>& coordinates) const {
  Tensor codes({static_cast<std::int64_t>(coordinates.size()), static_cast<std::int64_t>(origin.size())});
  Real* out = codes.write().data;
  for (const auto& [x, y] : coordinates)
    for (std::size_t i = 0; i < origin.size(); ++i)
      *out++ = static_cast<Real>(origin[i] + x * axes[0][i] + y * axes[1][i]);
  return codes;
}

}  // namespace GRADUS
