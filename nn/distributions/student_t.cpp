#include "nn/distributions/student_t.h"

#include "autograd/elementwise.h"
#include "nn/distributions/gamma.h"
#include "nn/distributions/stirling.h"
#include "nn/distributions/unit_normal.h"

namespace GRADUS {

constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN(), kInfinity = std::numeric_limits<Real>::infinity();

static Shape shape_of(const StudentT& p) {
  return broadcast("student_t", broadcast("student_t", p.log_df.shape(), p.loc.shape()), p.log_scale.shape());
}

Tensor StudentT::sample(Rng& rng) const {
  const Pause no_derivatives;
  return rsample(rng);
}

Tensor StudentT::rsample(Rng& rng) const {
  const Shape shape = shape_of(*this);
  const Tensor half_df = broadcast_to(log_df, shape) - kLogTwo, noise = normal(shape, rng);
  return elementwise<"student_t_rsample">(
      [](auto noise, auto g, auto half_df, auto loc, auto log_scale) {
        return loc + noise * exp(log_scale + 0.5 * half_df) / sqrt(g);
      },
      noise, standard_gamma(half_df, rng), half_df, loc, log_scale);
}

// With r = y²/ν, ν·log(1 + r) is y² less ν·(r - log(1 + r)) where r is small: by ν only the small term has a derivative.
// Of y/√ν the square may be no number; from `far` on, adding 1 to it changes nothing.
Tensor StudentT::log_prob(const Tensor& x) const {
  const Tensor peak = elementwise<"student_t_peak">(
      [](auto log_df) { return half_step(0.5 * exp(log_df)) - detail::kHalfLogTwoPi; }, log_df);
  return peak + elementwise<"student_t_log_prob">(
                    [](auto x, auto log_df, auto loc, auto log_scale) {
                      constexpr Real far = sizeof(Real) == 4 ? 0x1p14 : 0x1p28;
                      const auto half =
                          exp(log_scale / -2);  // e^-log_scale may overflow where the distance times it does not
                      const auto y = abs((x - loc) * half * half);
                      const auto t = abs((x - loc) * half * exp(-0.5 * log_df) * half);
                      const auto df = exp(log_df);
                      const auto r = min(t, far) * min(t, far);
                      const auto log_one = where(t < far, log1p(r), 2 * log(max(t, far)));
                      const auto sum = where(t < 1, y * y - df * log1p_excess(min(r, 1)), df * log_one) + log_one;
                      return -log_scale - 0.5 * sum;
                    },
                    x, log_df, loc, log_scale);
}

// The mean of log(1 + y²/ν) is ψ(½(ν + 1)) - ψ(½ν): the derivative of half_step(a) + ½·log a at a = ½ν.
Tensor StudentT::entropy() const {
  const Tensor of_df = elementwise<"student_t_entropy">(
      [](auto log_df) {
        const auto a = 0.5 * exp(log_df);
        return detail::kHalfLogTwoPi - half_step(a) + (a + 0.5) * digamma_step(a);
      },
      log_df);
  return broadcast_to(of_df + log_scale, shape_of(*this));
}

Tensor StudentT::mean() const {
  return broadcast_to(
      elementwise<"student_t_mean">([](auto log_df, auto loc) { return where(log_df > 0, loc, kNaN); }, log_df, loc),
      shape_of(*this));
}

Tensor StudentT::variance() const {
  return broadcast_to(elementwise<"student_t_variance">(
                          [](auto log_df, auto log_scale) {
                            const auto beyond = expm1(log_df - kLogTwo) * 2;  // ν - 2
                            return where(log_df <= 0, kNaN,
                                         where(beyond <= 0, kInfinity, exp(2 * log_scale) * (1 + 2 / beyond)));
                          },
                          log_df, log_scale),
                      shape_of(*this));
}

}  // namespace GRADUS
