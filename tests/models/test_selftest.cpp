// The selftest passes whatever the seed, and finds each of ten mistakes that estimators are known for.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "models/evaluation/selftest.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

/// The rows that are off, one behind the other.
std::string off(std::uint64_t seed, const SelftestParts& parts = {}) {
  std::string names;
  for (const SelftestRow& row : selftest(seed, parts))
    if (!row.passed()) names += fmt::format("{} ({} for {} ± {}); ", row.what, row.found, row.exact, row.error);
  return names;
}

/// A Gaussian latent with one thing done otherwise, by what `change` makes of each draw.
template <class Change>
struct ChangedLatent {
  GaussianLatent right;
  Change change;

  Draw draw(const Minibatch& batch, std::int64_t K, const Price& price, Context& context) const {
    return change(right, batch, K, price, context);
  }
  Tensor code(const Minibatch& batch, Context& context) const { return right.code(batch, context); }
  Tensor prior(std::int64_t n, Rng& rng) const { return right.prior(n, rng); }
  void members(auto&& visit) { visit("", right); }
};

template <class Change>
SelftestParts with_draws(const Change& change) {
  SelftestParts parts;
  parts.latent = [=](GaussianLatent right) { return Latent(ChangedLatent<Change>{std::move(right), change}); };
  return parts;
}

/// The decoder with its log-likelihood changed.
struct ChangedDecoder {
  ImageDecoder<GaussianLikelihood> right;
  Tensor (*change)(const Tensor&);

  Tensor log_likelihood(const Minibatch& batch, const Tensor& z, Context& context) const {
    return change(right.log_likelihood(batch, z, context));
  }
  Tensor parameters(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const {
    return right.parameters(z, condition, context);
  }
  Tensor mean(const Tensor& z, const std::optional<Tensor>& condition, Context& context) const {
    return right.mean(z, condition, context);
  }
  void members(auto&& visit) { visit("", right); }
};

SelftestParts with_likelihood(Tensor (*change)(const Tensor&)) {
  SelftestParts parts;
  parts.decoder = [=](ImageDecoder<GaussianLikelihood> right) {
    return Decoder(ChangedDecoder{std::move(right), change});
  };
  return parts;
}

/// The importance-sampled estimate with what it says of each image changed.
template <class Change>
SelftestParts with_importance(const Change& change) {
  SelftestParts parts;
  parts.importance = [=](const Vae& vae, const Images& images, std::int64_t draws) {
    return change(vae, images, draws);
  };
  return parts;
}

}  // namespace

TEST_CASE("selftest: every estimator finds the exact number, for seeds 0 to 9") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) CHECK_MESSAGE(off(seed) == "", "seed ", seed);
  CHECK(selftest(0).size() == 17);
  CHECK(SelftestRow{"", 0, NAN, 1}.passed() == false);
  CHECK(SelftestRow{"", 0, 1, 0}.passed() == false);
}

TEST_CASE("selftest: the sign of log q is found") {
  const std::string found =
      off(0, with_draws([](const auto& right, const auto& batch, auto K, const Price& price, Context& context) {
            const Normal q = right.posterior(batch, context);
            const Tensor z = draws(q, K, price, context.rng);
            if (price.kind == Price::exact) return Draw{z, priced(q, StandardNormal{}, z, price)};
            return Draw{z, -q.log_prob(z) - StandardNormal{}.log_prob(z)};
          }));
  CHECK(contains(found, "KL divergence by draws"));
  CHECK(contains(found, "log p(x) by 16 draws"));
}

TEST_CASE("selftest: weights that are not held constant are found") {
  const std::string found =
      off(0, with_draws([](const auto& right, const auto& batch, auto K, Price price, Context& context) {
            if (price.kind == Price::stopped) price.kind = Price::drawn;
            return right.draw(batch, K, price, context);
          }));
  CHECK(contains(found, "slope of DReG by q"));
  CHECK(contains(found, "slope of STL where q = p(z|x)"));
  CHECK_FALSE(contains(found, "ELBO"));
}

TEST_CASE("selftest: the standard deviation for the variance is found") {
  const std::string found =
      off(0, with_draws([](const auto& right, const auto& batch, auto K, const Price& price, Context& context) {
            Draw draw = right.draw(batch, K, price, context);
            const Normal q = right.posterior(batch, context);
            if (price.kind == Price::exact)
              draw.kl = (q.loc * q.loc + exp(q.log_variance / 2) - 1 - q.log_variance) / 2;
            return draw;
          }));
  CHECK(contains(found, "KL divergence by its formula"));
}

TEST_CASE("selftest: a prior of another scale is found, in the price of draws and in draws from it") {
  const std::string found = off(
      0, with_draws([](const auto& right, const auto& batch, auto K, const Price& price, Context& context) {
        const Normal q = right.posterior(batch, context);
        const Tensor z = draws(q, K, price, context.rng);
        return Draw{z, priced(q, Normal{zeros({LinearGaussian::kLatent}), full({LinearGaussian::kLatent}, Real(1.4))},
                              z, price)};
      }));
  CHECK(contains(found, "KL divergence by its formula"));
  CHECK(contains(found, "KL divergence by draws"));
  CHECK(contains(found, "IWAE, 2 draws"));

  struct Wide : GaussianLatent {
    Tensor prior(std::int64_t n, Rng& rng) const { return GaussianLatent::prior(n, rng) * Real(1.3); }
  };
  SelftestParts wide;
  wide.latent = [](GaussianLatent right) { return Latent(Wide{std::move(right)}); };
  CHECK(contains(off(0, wide), "MMD²"));
}

TEST_CASE("selftest: a missing constant and a mean over pixels for their sum are found") {
  const std::string constant =
      off(0, with_likelihood([](const Tensor& log_p) { return log_p + LinearGaussian::kData * kLogTwoPi / 2; }));
  for (const char* row : {"ELBO", "log-likelihood of a draw", "bits per dimension", "log p(x) by 16 draws"})
    CHECK_MESSAGE(contains(constant, row), row);
  const std::string mean =
      off(0, with_likelihood([](const Tensor& log_p) { return log_p / Real(LinearGaussian::kData); }));
  for (const char* row : {"ELBO", "slope of the ELBO by q", "IWAE, 2 draws"}) CHECK_MESSAGE(contains(mean, row), row);
}

TEST_CASE("selftest: the mean of logarithms for that of weights, and one draw too few, are found") {
  const std::string logs = off(0, with_importance([](const Vae& vae, const Images& images, std::int64_t draws) {
                                 Importance found = importance(vae, images, {}, draws);
                                 Rng rng{.seed = 8};
                                 Context context{.training = false, .rng = rng};
                                 const Minibatch batch = test_batch(images, rows_between(0, images.count), {});
                                 const Draw q = vae.latent.draw(batch, draws, {Price::drawn}, context);
                                 const Tensor each =
                                     mean(vae.decoder.log_likelihood(batch, q.z, context) - sum(*q.kl, -1), 0);
                                 const std::vector<Real> values = each.values();
                                 found.each.assign(values.begin(), values.end());
                                 return found;
                               }));
  CHECK(contains(logs, "log p(x) by 16 draws"));
  const std::string few = off(0, with_importance([](const Vae& vae, const Images& images, std::int64_t draws) {
                                Importance found = importance(vae, images, {}, draws);
                                for (double& log_p : found.each)
                                  log_p += std::log(static_cast<double>(draws) / static_cast<double>(draws - 1));
                                return found;
                              }));
  CHECK(contains(few, "log p(x) by 16 draws"));
}

TEST_CASE("selftest: bits that are drawn anew, and a checkpoint from before, are found") {
  SelftestParts anew;
  Rng rng{.seed = 9};
  anew.batch = [&](const Images& images, std::span<const std::int64_t> rows, const Shown& shown) {
    return shown.binarize == Binarize::none ? test_batch(images, rows, shown)
                                            : training_batch(images, rows, shown, rng);
  };
  const std::string bits = off(0, anew);
  CHECK(bits.starts_with("bits that change when shown again"));
  SelftestParts stale;
  stale.restore = [](Vae&, const Checkpoint&) {};
  const std::string before = off(0, stale);
  CHECK(contains(before, "ELBO"));
  CHECK(contains(before, "KL divergence by its formula"));
}
