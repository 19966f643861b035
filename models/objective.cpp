#include "models/objective.h"

#include <cmath>

namespace GRADUS {

Tensor Bound::total_kl() const { return kl ? sum(*kl, -1) : zeros(log_likelihood.shape()); }

Tensor Bound::value(Real beta) const {
  if (weighed) return *weighed;
  return kl ? log_likelihood - total_kl() * beta : log_likelihood;
}

void Objective::check(Pricing pricing, const std::string& code) const {
  const auto refuse = [](bool meaningless, const std::string& sentence) {
    if (meaningless) throw SettingError(sentence);
  };
  const auto refuse_with = [&](bool meaningless, const char* why) {
    refuse(meaningless, fmt::format("`objective` {} has no meaning with `code` {}: {}", kind.name(), code, why));
  };
  const bool stops = kind.is<DregObjective>() || kind.is<StlObjective>();
  refuse_with(pricing == Pricing::none && !kind.is<ElboObjective>(), "it has no q(z|x), and no bound");
  refuse_with(weighs() && pricing == Pricing::exact, "its draws have no price of their own");
  refuse_with(stops && pricing != Pricing::stopped, "the parameters of its q(z|x) cannot be held constant");
  refuse(
      pricing == Pricing::none && (beta != 1 || changes() || free_bits > 0 || capacity > 0),
      fmt::format("`beta`, `beta_warmup`, `beta_cycles`, `free_bits` and `capacity` have no meaning with `code` {}: it "
                  "has no KL divergence",
                  code));
  refuse(weighs() && samples == 1, "`objective` iwae or dreg weighs draws, so it needs `samples` above 1");
  refuse(weighs() && beta != 1, "`beta` has no meaning where draws are weighed: that needs `objective` elbo or stl");
  refuse(weighs() && (beta_warmup > 0 || free_bits > 0 || capacity > 0),
         "`beta_warmup`, `free_bits` and `capacity` need `objective` elbo or stl");
  refuse(beta_cycles > 0 && weighs(), "`beta_cycles` needs `objective` elbo or stl");
  refuse(beta_cycles > 0 && beta_warmup > 0, "`beta_warmup` and `beta_cycles` exclude each other");
  refuse(free_bits > 0 && capacity > 0, "`free_bits` and `capacity` exclude each other");
}

Objective::Weights Objective::at(std::int64_t step, std::int64_t steps) const {
  double rise = 1;
  if (beta_warmup > 0) rise = static_cast<double>(step + 1) / static_cast<double>(beta_warmup);
  if (beta_cycles > 0) {
    const double cycle = static_cast<double>(steps) / static_cast<double>(beta_cycles);
    rise = std::fmod(static_cast<double>(step), cycle) / (cycle / 2);
  }
  rise = std::min(rise, 1.0);
  return capacity > 0 ? Weights{beta, capacity * rise} : Weights{beta * rise, 0};
}

Tensor Objective::loss(const Bound& bound, const Weights& weights) const {
  const Real beta = static_cast<Real>(weights.beta);
  Tensor loss;
  if (!bound.kl || (free_bits == 0 && capacity == 0)) {
    loss = -mean(bound.value(beta));
  } else {
    const Tensor by_dimension = mean(*bound.kl, 0);  // (Z)
    Tensor kl = sum(by_dimension);
    if (free_bits > 0) {
      const Real free = static_cast<Real>(free_bits / static_cast<double>(by_dimension.numel()));
      kl = sum(max(by_dimension, full({1}, free)));
    } else {
      kl = abs(kl - static_cast<Real>(weights.capacity));
    }
    loss = kl * beta - mean(bound.log_likelihood);
  }
  return bound.penalty ? loss + mean(*bound.penalty) : loss;
}

Price Objective::price() const {
  if (kind.is<ElboObjective>()) return {Price::exact};
  if (kind.is<IwaeObjective>()) return {Price::drawn};
  return {Price::stopped};
}

}  // namespace GRADUS
