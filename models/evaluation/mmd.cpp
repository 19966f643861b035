#include "models/evaluation/mmd.h"

#include <algorithm>
#include <cmath>

#include "autograd/tape.h"
#include "models/training/streams.h"

namespace GRADUS {

/// k between any two rows of z (N, Z), and 0 on the diagonal.
static Tensor kernel_matrix(const Tensor& z) {
  const Real C = static_cast<Real>(2 * z.extent(-1));
  const Tensor squares = sum(z * z, {-1}, keepdim);                                     // (N, 1)
  const Tensor distances = squares + transpose(squares) - 2 * matmul(z, transpose(z));  // (N, N)
  Tensor kernel = C / (C + max(distances, scalar(0)));
  const std::int64_t N = z.shape()[0];
  Real* at = kernel.write().data;
  for (std::int64_t i = 0; i < N; ++i) at[i * (N + 1)] = 0;
  return kernel;
}

Discrepancy discrepancy(const Tensor& x, const Tensor& y, Rng& rng, std::int64_t deals) {
  check(x.rank() == 2 && x.shape() == y.shape() && x.shape()[0] > 1,
        "[mmd] two samples are compared, each of two draws or more, and not {} with {}", x.shape(), y.shape());
  const Pause no_derivatives;
  const std::int64_t n = x.shape()[0];
  const Tensor kernel = kernel_matrix(concat({x, y}, 0));  // (2n, 2n)

  // A row for each deal, first of them the one that is asked about: 1 for one side, -1 for the other.
  Tensor sides = full({deals + 1, 2 * n}, -1);
  Real* at = sides.write().data;
  std::fill_n(at, n, Real(1));
  for (std::int64_t deal = 1; deal <= deals; ++deal) {
    at += 2 * n;
    const Indices order = permutation(2 * n, rng);
    for (std::int64_t i = 0; i < n; ++i) at[order.values[i]] = 1;
  }
  const double all = sum(kernel).item();                                            // pairs of one side, and of both
  const std::vector<Real> apart = sum(sides * matmul(sides, kernel), -1).values();  // the ones less the others
  const auto squared = [&](Real difference) {
    const double within = (all + difference) / 2, between = (all - difference) / 2, size = static_cast<double>(n);
    return within / (size * (size - 1)) - between / (size * size);
  };
  std::vector<double> dealt;
  for (std::size_t deal = 1; deal < apart.size(); ++deal) dealt.push_back(squared(apart[deal]));
  Discrepancy found{.squared = squared(apart[0]), .draws = n};
  double squares = 0;
  const auto count = static_cast<double>(deals);
  for (const double value : dealt) squares += value * value;  // their mean is 0
  found.null_deviation = std::sqrt(squares / count);
  found.p_value =
      (1 + static_cast<double>(std::ranges::count_if(dealt, [&](double value) { return !(value < found.squared); }))) /
      (count + 1);
  std::ranges::sort(dealt);
  found.null_quantile95 = dealt[static_cast<std::size_t>(0.95 * (count - 1))];
  return found;
}

Discrepancy aggregate_gap(const Vae& vae, const Images& images, const Shown& shown, std::int64_t at_once) {
  constexpr std::int64_t kMost = 1000;
  const Pause no_derivatives;
  Rng rng{.seed = 0, .stream = stream::kAggregate};
  Context context{.training = false, .rng = rng};
  const std::int64_t n = std::min(images.count, kMost);
  std::vector<Tensor> codes;
  for (std::int64_t begin = 0; begin < n; begin += at_once) {
    std::vector<std::int64_t> rows;  // all over the set, for it may be sorted
    for (std::int64_t i = begin; i < std::min(begin + at_once, n); ++i) rows.push_back(i * images.count / n);
    const Tensor z = vae.latent.draw(test_batch(images, rows, shown), 1, {}, context).z;  // (1, B, Z)
    codes.push_back(reshape(z, {z.shape()[1], z.shape()[2]}));
  }
  const Tensor prior = vae.latent.prior(n, rng);
  return discrepancy(concat(codes, 0), prior, rng);
}

}  // namespace GRADUS
