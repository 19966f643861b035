// Each kind of likelihood: against PyTorch's word (tests/golden/make_likelihoods.py), its gradients, what it measures, and
// what pictures of it show.
#include <cmath>

#include "autograd/gradcheck.h"
#include "tests/files.h"
#include "tests/models/follow.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr std::size_t kLikelihoods = std::variant_size_v<decltype(Likelihoods{}.chosen)>;

/// Calls f(choice) for every kind, with its defaults.
template <std::size_t... i>
void for_each_kind(std::index_sequence<i...>, const auto& f) {
  (f(Likelihoods{std::variant_alternative_t<i, decltype(Likelihoods{}.chosen)>{}}), ...);
}
void for_each_kind(const auto& f) { for_each_kind(std::make_index_sequence<kLikelihoods>{}, f); }

/// y as the likelihood takes it, and what it makes of it.
template <class F>
auto with_distribution(const Likelihoods& likelihood, const Tensor& y, bool training, const F& f) {
  Rng rng;
  Context context{.training = training, .rng = rng};
  return std::visit([&](const auto& kind) { return f(distribution(kind, y, context)); }, likelihood.chosen);
}

std::int64_t numbers_of(const Likelihoods& likelihood) {
  return std::visit([](const auto& kind) { return kind.numbers(); }, likelihood.chosen);
}

/// (…, D) or (…, numbers, D) of numbers between low and high.
Tensor outputs(const Likelihoods& likelihood, std::int64_t n, std::int64_t D, Real low, Real high) {
  Rng rng{.seed = 3};
  const std::int64_t numbers = numbers_of(likelihood);
  return low + uniform(numbers == 1 ? Shape{n, D} : Shape{n, numbers, D}, rng) * (high - low);
}

Tensor levels(std::initializer_list<int> k) {
  Tensor x({static_cast<std::int64_t>(k.size())});
  Real* at = x.write().data;
  for (const int level : k) *at++ = static_cast<Real>(level) / 255;
  return x;
}

}  // namespace

TEST_CASE("pytorch: a VAE with each likelihood") {
  const Golden golden("likelihoods.safetensors");
  const auto check = [&](const std::string& name, const Likelihoods& likelihood) {
    follow(golden, name, {.network = {Dense{{6}}}, .latent = 2, .likelihood = likelihood}, {1, 1, 5});
  };
  std::size_t checked = 0;
  for_each_kind([&](Likelihoods likelihood) {
    if (auto* mixture = std::get_if<MixtureLikelihood>(&likelihood.chosen)) mixture->components = 3;
    check(likelihood.name(), likelihood);
    ++checked;
  });
  check("continuous-bernoulli, clipped", {ContinuousBernoulliLikelihood{.lambda_clip = 0.3}});
  CHECK(golden.names_with("/losses").size() == checked + 1);
}

TEST_CASE("pytorch: the mean of what is 256 levels") {
  const Golden golden("likelihoods.safetensors");
  const Likelihoods kinds[] = {{DiscretizedLogisticLikelihood{}}, {MixtureLikelihood{3}}, {CategoricalLikelihood{}}};
  for (const Likelihoods& kind : kinds) {
    const std::string name = kind.name();
    const Tensor mean = with_distribution(kind, golden[name + "/y"], false, [](const auto& p) { return p.mean(); });
    CHECK_MESSAGE(distance(mean, golden[name + "/mean"]) <= kGoldenBound, name);
  }
}

TEST_CASE("gradcheck: the whole loss with each likelihood") {
  for_each_kind([](Likelihoods likelihood) {
    if (auto* mixture = std::get_if<MixtureLikelihood>(&likelihood.chosen)) mixture->components = 2;
    Rng rng{.seed = 8};
    const Vae vae = make_vae({.network = {Dense{{4}}},
                              .latent = 2,
                              .activation = Activation::tanh,
                              .init = Init::glorot,
                              .likelihood = likelihood},
                             {1, 1, 3}, rng);
    const Minibatch batch{reshape(levels({0, 77, 255, 128, 3, 250}), {2, 3})};
    const GradcheckResult found = gradcheck(loss_of(vae, batch, {}), parameters(vae), {.elements = 40});
    CHECK_MESSAGE(found.passed, likelihood.name(), ": ", found.message);
  });
}

TEST_CASE("what is called a probability is one: over all levels, or both bits, it sums to 1") {
  for_each_kind([](const Likelihoods& likelihood) {
    const Measure measured = measure(likelihood, true);
    if (!measured.what.starts_with("probability")) return;
    const bool bits = measured.what == "probability of bits";
    const Tensor y = outputs(likelihood, 1, 4, -3, 3);
    std::vector<double> mass(4, 0.0);
    for (int k = 0; k < 256; k += bits ? 255 : 1) {
      const Tensor log_p = with_distribution(
          likelihood, y, false, [&](const auto& p) { return p.log_prob(full({1, 4}, static_cast<Real>(k) / 255)); });
      for (int i = 0; i < 4; ++i) mass[i] += std::exp(static_cast<double>(log_p.values()[i]));
    }
    for (const double one : mass)
      CHECK_MESSAGE(std::abs(one - 1) <= (sizeof(Real) == 8 ? 1e-12 : 1e-4), likelihood.name(), ": ", one);
  });
}

TEST_CASE("what is called a density is one: over all pixels that it is a density of, it integrates to 1") {
  constexpr int kSteps = 20000;
  for_each_kind([](const Likelihoods& likelihood) {
    const Measure measured = measure(likelihood, false);
    if (!measured.what.starts_with("density")) return;
    const bool unit = likelihood.is<ContinuousBernoulliLikelihood>();  // of [0, 1]; the others of all numbers
    const Tensor y = outputs(likelihood, 1, 2, -1, 1);
    const double low = unit ? 0 : -40, step = (unit ? 1.0 : 80.0) / kSteps;
    Tensor x({kSteps, 2});
    Real* at = x.write().data;
    for (int i = 0; i < kSteps; ++i) at[2 * i] = at[2 * i + 1] = static_cast<Real>(low + (i + 0.5) * step);
    const std::vector<Real> log_p =
        with_distribution(likelihood, y, false, [&](const auto& p) { return p.log_prob(x); }).values();
    for (int column = 0; column < 2; ++column) {
      double integral = 0;
      for (int i = 0; i < kSteps; ++i) integral += step * std::exp(static_cast<double>(log_p[2 * i + column]));
      CHECK_MESSAGE(std::abs(integral - 1) <= 1e-3, likelihood.name(), ": ", integral);  // the midpoint rule's error
    }
  });
}

TEST_CASE("each likelihood names what it measures, and bits per dimension where they mean something") {
  const auto bits_of = [](const Likelihoods& kind, bool bits) {
    return measure(kind, bits).bits_per_dimension(-100, 50);
  };
  const double of_nats = 100 / (50 * std::log(2));
  CHECK(*bits_of({BernoulliLikelihood{}}, true) == of_nats);
  CHECK(!bits_of({BernoulliLikelihood{}}, false));
  CHECK(measure({BernoulliLikelihood{}}, false).what.find("neither a probability nor a density") != std::string::npos);
  CHECK(*bits_of({ContinuousBernoulliLikelihood{}}, false) == 8 + of_nats);
  CHECK(!bits_of({ContinuousBernoulliLikelihood{.dequantize = Dequantize::none}}, false));
  CHECK(!bits_of({ContinuousBernoulliLikelihood{}}, true));
  CHECK(measure({ContinuousBernoulliLikelihood{}}, false).what ==
        "density of grey pixels (k + u)/256, λ clipped to [0.0001, 1 - 0.0001]");
  CHECK(measure({ContinuousBernoulliLikelihood{0, Dequantize::none}}, false).what ==
        "density of grey pixels k/255, λ not clipped");
  CHECK(measure({FreeGaussianLikelihood{.min_scale = 0.01}}, false).what ==
        "density of pixels in [0, 1], Gaussian of standard deviations above 0.01");
  for (const Likelihoods& kind :
       {Likelihoods{DiscretizedLogisticLikelihood{}}, {MixtureLikelihood{}}, {CategoricalLikelihood{}}}) {
    CHECK(measure(kind, false).what == "probability of 256 grey levels");
    CHECK(*bits_of(kind, false) == of_nats);
  }
  for (const Likelihoods& kind : {Likelihoods{GaussianLikelihood{}},
                                  {SharedGaussianLikelihood{}},
                                  {FreeGaussianLikelihood{}},
                                  {LaplaceLikelihood{}},
                                  {LogisticLikelihood{}}}) {
    CHECK(measure(kind, false).what.starts_with("density of pixels in [0, 1]"));
    CHECK(!bits_of(kind, false));
  }
}

TEST_CASE("grey pixels under a Bernoulli likelihood draw a remark that names the alternatives, others none") {
  for_each_kind([](const Likelihoods& kind) {
    const std::string remark = grey_remark(kind);
    CHECK(remark.empty() == !kind.is<BernoulliLikelihood>());
    if (remark.empty()) return;
    for (const char* named : {"`binarize`", "continuous-bernoulli", "discretized-logistic"})
      CHECK(contains(remark, named));
  });
}

TEST_CASE("continuous-bernoulli: pictures show the mean, which is not λ, and λ is clipped") {
  const ContinuousBernoulliLikelihood kind;
  const Tensor y = reshape(concat({full({1}, 2), full({1}, 50), full({1}, -50)}, 0), {1, 3});
  const std::vector<Real> mean = kind(y).mean().values();
  CHECK(std::abs(mean[0] - (1 / (1 - std::exp(-2.0)) - 0.5)) <= 1e-6);
  CHECK(mean[0] < 1 / (1 + std::exp(-2.0)) - 0.2);
  const double most = std::log(0.9999 / 0.0001);
  CHECK(std::abs(mean[1] - (1 / (1 - std::exp(-most)) - 1 / most)) <= 1e-6);
  CHECK(std::abs(mean[2] - (1 - mean[1])) <= 1e-6);
  CHECK(std::abs(kind(y).log_prob(full({1, 3}, 1)).values()[1] - std::log(most / (1 - std::exp(-most)))) <= 1e-5);
}

TEST_CASE("shared-gaussian: training finds the likeliest variance, evaluation keeps it whatever is in a batch") {
  const SharedGaussianLikelihood kind;
  Rng rng{.seed = 4};
  Context training{.training = true, .rng = rng}, evaluation{.training = false, .rng = rng};
  const Tensor y = normal({30, 20}, rng), x = y + normal({30, 20}, rng) * Real(0.2);
  const double squares = mean((x - y) * (x - y)).item(), n = 600;
  const double fitted = sum(kind(y, training).log_prob(x)).item();
  const auto with = [&](double variance) { return -0.5 * n * (squares / variance + std::log(2 * M_PI * variance)); };
  CHECK(std::abs(fitted - with(squares)) <= 1e-3);  // the floor of 0.0025² moves it by less
  CHECK(fitted > with(squares * 1.05));
  CHECK(fitted > with(squares / 1.05));
  for (int step = 1; step < 300; ++step) kind(y, training).log_prob(x);
  CHECK(std::abs(kind.variance.value.item() - squares) <= 1e-5);
  const Tensor all = kind(y, evaluation).log_prob(x),
               one = kind(slice(y, 0, 7, 8), evaluation).log_prob(slice(x, 0, 7, 8));
  CHECK(one.values() == reshape(slice(all, 0, 7, 8), {1, 20}).values());
  CHECK(std::abs(kind.variance.value.item() - squares) <= 1e-5);  // evaluation leaves it
}

TEST_CASE("scales of a decoder stay above their floor, and there is no NaN where pixels have one value") {
  for (const Likelihoods& kind : {Likelihoods{FreeGaussianLikelihood{}},
                                  {LaplaceLikelihood{}},
                                  {LogisticLikelihood{}},
                                  {DiscretizedLogisticLikelihood{}},
                                  {MixtureLikelihood{}}}) {
    const Tensor y = outputs(kind, 2, 3, -1000, -1000);
    const Tensor log_p = with_distribution(kind, y, true, [&](const auto& p) { return p.log_prob(zeros({2, 3})); });
    for (const Real value : log_p.values()) CHECK_MESSAGE(std::isfinite(value), kind.name(), ": ", value);
  }
  const double most =
      with_distribution({FreeGaussianLikelihood{}}, concat({zeros({1, 1, 1}), full({1, 1, 1}, -1000)}, 1), true,
                        [](const auto& p) { return p.log_prob(zeros({1, 1})).item(); });
  CHECK(std::abs(most + 0.5 * std::log(2 * M_PI * 0.0025 * 0.0025)) <= 1e-4);
}
