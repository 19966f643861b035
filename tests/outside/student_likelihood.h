// A likelihood of one's own, in one file: Student's t around each pixel, forgiving to outliers.
#pragma once

#include <gradus/gradus.h>
#include <gradus/models/likelihoods/likelihood.h>

struct StudentLikelihood {
  double scale = 0.2;

  std::int64_t numbers() const { return 1; }
  struct Around {
    gradus::Tensor loc;
    gradus::Real scale;

    /// Three degrees of freedom: log 2/(π√3·scale) - 2·log(1 + t²/3), t = (x - loc)/scale; nats per pixel.
    gradus::Tensor log_prob(const gradus::Tensor& x) const {
      using gradus::Real;
      const Real constant = std::log(2 / (std::numbers::pi_v<Real> * std::sqrt(Real(3)) * scale));
      return gradus::elementwise<"student", 1>(
          [constant, s = scale](auto x, auto loc) {
            const auto t = (x - loc) / s;
            return constant - 2 * log1p(t * t / 3);
          },
          x, loc);
    }
    gradus::Tensor mean() const { return loc; }
  };
  Around operator()(const gradus::Tensor& y) const { return {sigmoid(y), static_cast<gradus::Real>(scale)}; }
  gradus::Measure measure(bool) const { return {"density of pixels in [0, 1]"}; }

  void members(auto&& visit) { visit("scale", scale); }
};
