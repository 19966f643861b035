// Codes as parts of a model: whole losses against differences, what each asks of a training, and those whose numbers
// have a closed form. PyTorch's word on them is in test_latents_pytorch.cpp.
#include <algorithm>

#include "autograd/gradcheck.h"
#include "models/latents/codes.h"
#include "nn/audit.h"
#include "tests/models/latents.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr double kRounding = sizeof(Real) == 8 ? 1e-12 : 1e-5;  // relative, of some hundred terms

struct Kind {
  const char* name;
  Codes code;
  bool importance;  // whether it has importance weights
};
// All but the codebook: what goes straight through it is no derivative of the loss.
const std::vector<Kind> kinds = {
    {"gaussian", {GaussianCode{}}, true},
    {"gaussian, sigma", {GaussianCode{Head::sigma}}, true},
    {"laplace", {LaplaceCode{}}, true},
    {"point", {PointCode{}}, false},
    {"sparse", {SparseCode{}}, false},
    {"planar", {FlowCode{{PlanarSteps{.flow_steps = 2}}}}, true},
    {"iaf", {FlowCode{{AutoregressiveSteps{.flow_steps = 2, .flow_hidden = 5}}}}, true},
    {"vamp", {VampCode{.pseudo_inputs = 4}}, true},
    {"two-layer", {TwoLayerCode{.upper_latent = 2, .upper_hidden = 4}}, true},
};

// The loss as a function of all parameters, with the same noise each time.
TensorFunction loss_of(const Vae& vae, const Objective& objective) {
  return [=](std::span<const Tensor> in) {
    Vae there = vae;
    std::size_t i = 0;
    for_each_parameter(there, [&](const MemberPath&, Tensor& x) { x = in[i++]; });
    Rng rng{.seed = 3};
    Context context{.training = true, .rng = rng};
    return objective.loss(bound(there, tiny_batch(4), objective, context), {.beta = Real(0.7), .capacity = 0});
  };
}

}  // namespace

TEST_CASE("latents: whole losses by their parameters, against differences") {
  const bool tight =
      sizeof(Real) == 8;  // in float the differences of a whole loss say little: some elements are enough
  for (const Kind& kind : kinds) {
    Vae vae = tiny_vae(kind.code);
    if (vae.latent.wanted() > 0) vae.latent.begin(tiny_batch(vae.latent.wanted(), 5));
    for (const bool weighs : {false, true}) {
      if (weighs && !kind.importance) continue;
      Objective objective{.kind = {ElboObjective{}}, .samples = 2};
      if (weighs) objective.kind = {IwaeObjective{}};
      const GradcheckResult result =
          gradcheck(loss_of(vae, objective), parameters(vae), {.elements = tight ? 12 : 3, .retries = 2});
      CHECK_MESSAGE(result.passed, kind.name, weighs ? ", weighed: " : ": ", result.message);
    }
  }
}

TEST_CASE("latents: every member is listed, and a copy is a model of its own") {
  for (const Kind& kind : kinds) {
    Vae vae = tiny_vae(kind.code);
    std::vector<std::string> unlisted;
    find_unlisted(vae, MemberPath{}, unlisted);
    CHECK_MESSAGE(unlisted.empty(), kind.name, ": ", unlisted.empty() ? "" : unlisted.front());
    const auto before = state(vae);
    Vae copy = vae;
    for_each_state(copy, [](const MemberPath&, Tensor& x) { x.write().data[0] += 1; });
    for (const auto& entry : state(vae))
      CHECK_MESSAGE(entry.second.values() == before.at(entry.first).values(), kind.name, ": ", entry.first);
  }
}

TEST_CASE("latents: an empty model of any size takes no memory for its weights") {
  for (Kind kind : kinds) {
    ModelSettings settings{};
    settings.code = kind.code;
    Vae vae = empty_vae(settings, {3, 4096, 4096});
    for_each_state(vae, [&](const MemberPath& path, Tensor& x) {
      CHECK_MESSAGE(std::ranges::all_of(std::span(x.strides()).first(x.rank()), [](auto s) { return s == 0; }),
                    kind.name, ": ", path.text());
    });
  }
}

TEST_CASE("latents: shapes of draws, codes and prior draws for one and several draws") {
  Rng rng;
  Context context{.training = false, .rng = rng};
  for (const Kind& kind : kinds) {
    const Vae vae = tiny_vae(kind.code);
    INFO(kind.name);
    for (const std::int64_t K : {1, 4}) {
      const Draw draw = vae.latent.draw(tiny_batch(5), K, {Price::drawn}, context);
      CHECK(draw.z.shape() == Shape{K, 5, 3});
      CHECK(draw.kl.has_value() == kind.importance);
      if (draw.kl) CHECK(draw.kl->shape().with(2, 1) == Shape{K, 5, 1});
    }
    CHECK(vae.latent.code(tiny_batch(5), context).shape() == Shape{5, 3});
    CHECK(vae.latent.prior(9, rng).shape() == Shape{9, 3});
    CHECK(vae.latent.network() != nullptr);
  }
}

TEST_CASE("latents: which of them ask a training for something") {
  const auto latent = [](const Codes& code) { return tiny_vae(code).latent; };
  CHECK(latent({GaussianCode{}}).wanted() == 0);
  CHECK(latent({VampCode{.pseudo_inputs = 4}}).wanted() == 4);
  CHECK(latent({CodebookCode{}}).wanted() == 512);
  CHECK(!latent({GaussianCode{}}).fits());
  CHECK(latent({PointCode{}}).fits());
  CHECK(latent({SparseCode{}}).fits());
  CHECK(latent({GaussianCode{}}).figures({}).empty());
}

TEST_CASE("latents: where new codes come from, and what depends on the number of images") {
  CHECK(sampled_from({GaussianCode{}}) == nullptr);
  CHECK(std::string(sampled_from({PointCode{}})) == "a Gaussian fitted to the codes of the training images");
  CHECK(std::string(sampled_from({CodebookCode{}})).ends_with("no learnt prior"));
  Codes vamp{VampCode{}}, other{GaussianCode{}};
  settle(vamp, 60);
  settle(other, 60);
  CHECK(std::get<VampCode>(vamp.chosen).pseudo_inputs == 60);
}

TEST_CASE("latents: a flow is chosen within the codes, and refuses what another takes") {
  ModelSettings settings;
  settings.code = {FlowCode{{PlanarSteps{.flow_steps = 7}}}};
  ModelSettings read;
  read_json(read, to_json(settings));
  REQUIRE(read.code.is<FlowCode>());
  const auto& flow = std::get<FlowCode>(read.code.chosen).flow;
  REQUIRE(flow.is<PlanarSteps>());
  CHECK(std::get<PlanarSteps>(flow.chosen).flow_steps == 7);
  std::string text = to_json(settings);
  text.replace(text.find("\"flow_steps\""), 12, "\"flow_hidden\"");
  CHECK_THROWS_WITH_AS(read_json(read, text), doctest::Contains("iaf"), SettingError);
}

// ----- point and sparse ------------------------------------------------------------------------------------------

TEST_CASE("latents: an autoencoder has no KL divergence, and its prior draws have the codes' mean and covariance") {
  // Codes of three numbers: a, a/2 + b and the constant 3, with a and b independent.
  Rng rng{.seed = 4};
  const Tensor a = 2 * normal({4000, 1}, rng), b = normal({4000, 1}, rng);
  const Tensor codes = concat({1 + a, a / 2 + b, full({4000, 1}, Real(3))}, 1);
  Latent latent = tiny_vae({PointCode{}}).latent;
  latent.fit(codes);
  const Tensor drawn = latent.prior(100'000, rng);
  const Tensor mu = mean(drawn, 0), centred = drawn - mu;
  const Tensor covariance = matmul(transpose(centred), centred) / Real(100'000);
  // Standard errors: of 4,000 codes about σ/63 for a mean and σ²·√2/63 for a variance; bounds of five of them.
  CHECK(std::abs(mu.at({0}) - 1) <= 5 * 2.0 / 63);
  CHECK(std::abs(mu.at({1})) <= 5 * 1.41 / 63);
  CHECK(std::abs(mu.at({2}) - 3) <= 1e-3);
  CHECK(std::abs(covariance.at({0, 0}) - 4) <= 5 * 4 * 1.41 / 63);
  CHECK(std::abs(covariance.at({0, 1}) - 2) <= 5 * 4 * 1.41 / 63);
  CHECK(std::abs(covariance.at({1, 1}) - 2) <= 5 * 2 * 1.41 / 63);
  CHECK(std::abs(covariance.at({2, 2})) <= 1e-6);  // what never varies is drawn as it is

  // What was fitted is kept where a checkpoint keeps it.
  Latent other = tiny_vae({PointCode{}}).latent;
  load_state(other, state(latent));
  Rng same{.seed = 9}, again{.seed = 9};
  CHECK(other.prior(5, same).values() == latent.prior(5, again).values());
}

TEST_CASE("latents: a Gaussian is fitted to codes by their exact mean and covariance") {
  FittedGaussian fitted(2, Init::he);
  CHECK(fitted.factor.value.values() == std::vector<Real>{1, 0, 0, 1});
  fitted.fit(filled({4, 2}, {1, 0, 3, 2, 1, 2, 3, 4}));  // mean (2, 2), covariance ((1, 1), (1, 2))
  CHECK(fitted.mean.value.values() == std::vector<Real>{2, 2});
  const Tensor covariance = matmul(fitted.factor.value, transpose(fitted.factor.value));
  const std::vector<Real> expected{1, 1, 1, 2};
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(covariance.values()[i] - expected[i]) <= kRounding);
  CHECK_THROWS_WITH_AS(FittedGaussian(5000, Init::he), doctest::Contains("at most 4096 dimensions, not 5000"), Error);
}

TEST_CASE("latents: the price of sparse codes is in closed form, also where codings round to 0 or 1") {
  Vae vae = tiny_vae({SparseCode{.sparsity = 0.2, .sparsity_weight = 0.5}});
  set(vae, "encoder.code.weight", zeros({3, 6}));
  set(vae, "encoder.code.bias", filled({3}, {0, -200, 150}));
  Rng rng;
  Context context{.training = true, .rng = rng};
  const Draw draw = vae.latent.draw(tiny_batch(4), 1, {}, context);
  // ρ̂ = ½, e⁻²⁰⁰ and 1 - e⁻¹⁵⁰: their logarithms are known, the numbers are none of float's.
  const double p = 0.2, own = p * std::log(p) + (1 - p) * std::log(1 - p);
  const double expected = 0.5 * (3 * own + std::log(2.0) + p * 200 + (1 - p) * 150);
  for (const Real penalty : draw.penalty->values()) CHECK(std::abs(penalty - expected) <= kRounding * expected);
  CHECK(!draw.kl);
}

TEST_CASE("latents: sparse codes by their sum, an image's own") {
  Rng rng{.seed = 3};
  const Vae vae = tiny_vae({SparseCode{.sparsity_weight = 0.5, .sparsity_penalty = SparsityPenalty::l1}});
  Context context{.training = true, .rng = rng};
  const Minibatch batch = tiny_batch(4);
  const Draw draw = vae.latent.draw(batch, 2, {}, context);
  const std::vector<Real> codes = vae.latent.code(batch, context).values(), penalty = draw.penalty->values();
  REQUIRE(penalty.size() == 4);
  for (std::size_t b = 0; b < 4; ++b) {
    const double sum = static_cast<double>(codes[3 * b]) + codes[3 * b + 1] + codes[3 * b + 2];
    CHECK(std::abs(penalty[b] - 0.5 * sum) <= kRounding * sum);
  }
  CHECK(draw.z.shape() == Shape{2, 4, 3});
}

TEST_CASE("latents: sparse prior draws are codings, between 0 and 1") {
  Latent latent = tiny_vae({SparseCode{}}).latent;
  latent.fit(filled({4, 3}, {0, 1, 0, 1, 1, 0, 0, 1, Real(0.1), 1, 1, Real(0.1)}));
  Rng rng;
  for (const Real z : latent.prior(200, rng).values()) CHECK((z >= 0 && z <= 1));
}

// ----- laplace ---------------------------------------------------------------------------------------------------

TEST_CASE("latents: Laplace codes have the variance 2b², and prior draws the mean distance 1") {
  Vae vae = tiny_vae({LaplaceCode{}});
  set(vae, "encoder.log_scale.weight", zeros({3, 6}));
  set(vae, "encoder.log_scale.bias", full({3}, Real(std::log(0.3))));
  Rng rng;
  Context context{.training = false, .rng = rng};
  const auto q = vae.latent.posterior(tiny_batch(2), context);
  REQUIRE(q);
  for (const Real v : q->log_variance.values()) CHECK(std::abs(std::exp(v) - 2 * 0.3 * 0.3) <= kRounding);
  // The distance from 0 has mean 1 and standard deviation 1: five standard errors of 30,000 of them.
  CHECK(std::abs(mean(abs(vae.latent.prior(10'000, rng))).item() - 1) <= 5 / std::sqrt(30'000.0));
}

// ----- two layers ------------------------------------------------------------------------------------------------

namespace {

// Both layers of one number, with means that are ρ times what is below or above: relu(z) - relu(-z) = z.
Latent correlated(Real rho) {
  Rng rng;
  ModelSettings settings{};
  settings.network = {Dense{{2}}};
  settings.code = {TwoLayerCode{.upper_latent = 1, .upper_hidden = 2}};
  settings.latent = 1;
  settings.activation = Activation::relu;
  Latent latent = make_vae(settings, kTiny, rng).latent;
  const auto constant = [&](const std::string& head, Real bias) {
    set(latent, head + ".weight", zeros({1, 2}));
    set(latent, head + ".bias", full({1}, bias));
  };
  constant("mean", 0);
  constant("log_variance", 0);
  for (const std::string name : {"upper", "conditional"}) {
    set(latent, name + ".hidden.weight", filled({2, 1}, {1, -1}));
    set(latent, name + ".hidden.bias", zeros({2}));
    constant(name + ".log_variance", std::log1p(-rho * rho));
    set(latent, name + ".mean.weight", filled({1, 2}, {rho, -rho}));
    set(latent, name + ".mean.bias", zeros({1}));
  }
  return latent;
}

}  // namespace

TEST_CASE("latents: two layers draw z1 from p(z1|z2), and cost nothing where q is the prior") {
  const Real rho = Real(0.8);
  const Latent latent = correlated(rho);
  Rng rng{.seed = 6};
  const std::vector<Real> z = latent.prior(20'000, rng).values();
  double squares = 0;
  for (const Real each : z) squares += static_cast<double>(each) * each;
  CHECK(std::abs(squares / 20'000 - 1) <= 5 * std::sqrt(2.0 / 20'000));  // ρ² + (1 - ρ²); without z2: 0.36

  // q(z1)·q(z2|z1) = p(z2)·p(z1|z2), the same Gaussian of two numbers: the cost of a draw is 0, whatever it is.
  Context context{.training = true, .rng = rng};
  for (const Real cost : sum(*latent.draw(tiny_batch(50), 3, {Price::drawn}, context).kl, -1).values())
    CHECK(std::abs(cost) <= 100 * kRounding);
}

TEST_CASE("latents: with q held constant, the gradient vanishes draw by draw where q is the posterior") {
  Rng rng{.seed = 8};
  Context context{.training = true, .rng = rng};
  // Where nothing is decoded the posterior is the prior. Of two layers this needs that q(z2|z1) moves with z1.
  const Latent two = correlated(Real(0.8));
  Vae gaussian = tiny_vae({GaussianCode{}}), laplace = tiny_vae({LaplaceCode{}});
  for (const auto& [vae, spread] : {std::pair{&gaussian, "log_variance"}, std::pair{&laplace, "log_scale"}})
    for (const std::string& head : {std::string("encoder.mean"), std::string("encoder.") + spread}) {
      set(*vae, head + ".weight", zeros({3, 6}));
      set(*vae, head + ".bias", zeros({3}));
    }
  for (const Latent& latent : {two, gaussian.latent, laplace.latent}) {
    double stopped = 0, moving = 0;
    for (const Price::Kind kind : {Price::stopped, Price::drawn}) {
      Tape tape(parameters(latent));
      const std::vector<Tensor> gradients = tape.gradient(sum(*latent.draw(tiny_batch(1), 1, {kind}, context).kl));
      std::size_t i = 0;
      for_each_parameter(const_cast<Latent&>(latent), [&](const MemberPath& path, Tensor&) {
        const double size = norm(gradients[i++]).item();
        // p(z1|z2) is of the prior, whose gradient is another matter.
        if (!path.text().starts_with("conditional")) (kind == Price::stopped ? stopped : moving) += size;
      });
    }
    CHECK(stopped <= 100 * kRounding);
    CHECK(moving > 0.01);
  }
}

TEST_CASE("latents: two layers refuse the doubly reparameterized gradient") {
  Rng rng;
  Context context{.training = true, .rng = rng};
  CHECK_THROWS_WITH_AS(correlated(Real(0.5)).draw(tiny_batch(2), 3, {Price::stopped, ones({3, 2})}, context),
                       doctest::Contains("for codes of one layer"), Error);
}
