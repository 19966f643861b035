// Flows: that they can be undone, whose parameters they have, and which density they report. PyTorch's word on their
// losses, with determinants of whole Jacobians, is in test_latents_pytorch.cpp.
#include <numbers>

#include "models/latents/flow.h"
#include "tests/models/latents.h"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr double kFlowRounding = sizeof(Real) == 8 ? 1e-12 : 1e-5;

double softplus(double x) { return std::log1p(std::exp(x)); }

const Codes planar{FlowCode{{PlanarSteps{.flow_steps = 3}}}};
const Codes iaf{FlowCode{{AutoregressiveSteps{.flow_steps = 3, .flow_hidden = 8}}}};

const FlowLatent& flow_of(const Vae& vae) {
  const FlowLatent* flow = vae.latent.as<FlowLatent>();
  REQUIRE(flow);
  return *flow;
}

}  // namespace

TEST_CASE("planar flow: the correction of u is divided by the square of the norm of w") {
  // w = (3, 4) has norm 5, so that the norm and its square differ.
  const Tensor z = filled({1, 1, 2}, {Real(0.1), Real(-0.2)});
  const auto [next, log_det] =
      PlanarFlow::step(z, filled({1, 2}, {-1, Real(0.5)}), filled({1, 2}, {3, 4}), filled({1, 1}, {Real(0.3)}));
  const double along = -1, correction = (softplus(along) - 1 - along) / 25, t = std::tanh(0.3 - 0.8 + 0.3);
  const double u[] = {-1 + 3 * correction, 0.5 + 4 * correction};
  CHECK(std::abs(next.at({0, 0, 0}) - (0.1 + u[0] * t)) <= kFlowRounding);
  CHECK(std::abs(next.at({0, 0, 1}) - (-0.2 + u[1] * t)) <= kFlowRounding);
  const double det = 1 + (1 - t * t) * (3 * u[0] + 4 * u[1]);
  CHECK(std::abs(log_det.item() - std::log(det)) <= kFlowRounding);
}

TEST_CASE("planar flow: it never turns back, however u points against w") {
  // One dimension, where f must rise everywhere: without the correction it falls where w·u·tanh' < -1.
  for (const Real u : {-30, -3, -1, 0, 5}) {
    Tensor z({401, 1, 1});
    const View to = z.write();
    for (int i = 0; i <= 400; ++i) to(i, 0, 0) = Real(0.01) * static_cast<Real>(i - 200);
    const auto [next, log_det] = PlanarFlow::step(z, full({1, 1}, u), full({1, 1}, Real(2)), full({1, 1}, Real(0.4)));
    const std::vector<Real> y = next.values(), slope = log_det.values();
    for (int i = 1; i <= 400; ++i) {
      // Flat to rounding at worst: the slope is at least softplus(w·u), which may be e⁻⁶⁰.
      CHECK_MESSAGE(y[i] >= y[i - 1] - Real(4) * std::numeric_limits<Real>::epsilon() * std::abs(y[i]), u, " at ", i);
      const double between = (y[i] - y[i - 1]) / 0.01, ends[] = {std::exp(slope[i - 1]), std::exp(slope[i])};
      // The slope in between is one of those at the ends, but for the curve's bend: 0.01²·|f‴|/12 ≤ 0.01²·8·|û|·2/12.
      const double room = 0.0001 * 16 * 31 / 12 + (sizeof(Real) == 8 ? 1e-9 : 2e-2);
      CHECK_MESSAGE(between >= std::min(ends[0], ends[1]) - room, u, " at ", i);
      CHECK_MESSAGE(between <= std::max(ends[0], ends[1]) + room, u, " at ", i);
    }
  }
}

TEST_CASE("planar flow: where w is 0 all codes are pushed alike") {
  const Tensor z = filled({1, 1, 2}, {Real(0.1), Real(-0.2)}), u = filled({1, 2}, {1, 2});
  Tape tape({u});
  const auto [next, log_det] = PlanarFlow::step(z, u, zeros({1, 2}), full({1, 1}, Real(0.5)));
  CHECK(std::abs(next.at({0, 0, 1}) - (-0.2 + 2 * std::tanh(0.5))) <= kFlowRounding);
  CHECK(std::abs(log_det.item()) <= kFlowRounding);
  for (const Real g : tape.gradient(sum(next) + sum(log_det), u).values())
    CHECK(std::abs(g - std::tanh(0.5)) <= kFlowRounding);
}

TEST_CASE("flows: the encoder gives the planar flow's parameters, and the autoregressive one's context") {
  for (const Codes& code : {planar, iaf}) {
    const Vae vae = tiny_vae(code);
    Rng rng;
    const Tensor z = normal({2, 1, 3}, rng);
    const Carried one = flow_of(vae).carry(z, full({1, 6}, Real(0.4))),
                  other = flow_of(vae).carry(z, full({1, 6}, Real(-0.7)));
    for (int i = 0; i < 3; ++i) CHECK(std::abs(one.z.at({0, 0, i}) - other.z.at({0, 0, i})) > 1e-3);
    CHECK(std::abs(one.log_det.at({1, 0, 0}) - other.log_det.at({1, 0, 0})) > 1e-3);
  }
}

TEST_CASE("flows: the density is that of q at the last code under the prior of the last code") {
  for (const Codes& code : {planar, iaf}) {
    const Vae vae = tiny_vae(code);
    const FlowLatent& flow = flow_of(vae);
    Rng rng{.seed = 5};
    Context context{.training = true, .rng = rng};
    const Minibatch batch = tiny_batch(4);
    const Tensor h = flow.network(batch.x, {}, context);
    const Normal q0{flow.mean(h), flow.log_variance(h)};
    Rng same = rng;
    const Tensor noise = normal({2, 4, 3}, same);
    const Tensor z0 = q0.rsample(noise);
    const auto [z, log_det] = flow.carry(z0, h);
    const Draw draw = vae.latent.draw(batch, 2, {Price::drawn}, context);
    for (std::int64_t k = 0; k < 2; ++k)
      for (std::int64_t b = 0; b < 4; ++b) {
        double log_q0 = 0, log_p = 0, log_p0 = 0;
        for (std::int64_t i = 0; i < 3; ++i) {
          const double e = noise.at({k, b, i}), last = z.at({k, b, i}), first = z0.at({k, b, i});
          log_q0 -= 0.5 * (std::log(2 * std::numbers::pi) + flow.log_variance(h).at({b, i}) + e * e);
          log_p -= 0.5 * (std::log(2 * std::numbers::pi) + last * last);
          log_p0 -= 0.5 * (std::log(2 * std::numbers::pi) + first * first);
          CHECK(std::abs(draw.z.at({k, b, i}) - last) <= kFlowRounding);
        }
        const double kl = draw.kl->at({k, b, 0});
        CHECK(std::abs(kl - (log_q0 - log_det.at({k, b, 0}) - log_p)) <= 10 * kFlowRounding);
        CHECK(std::abs(log_p - log_p0) > 1e-3);  // so that the other prior would be seen
      }
  }
}

TEST_CASE("autoregressive flow: an output sees the inputs before its own, all of them, and no other") {
  Rng rng{.seed = 3};
  const NetworkPlan plan{.latent = 4, .activation = Activation::tanh, .init = Init::glorot};
  const Made made = AutoregressiveSteps{.flow_steps = 1, .flow_hidden = 9}.make(2, plan, rng).steps.front();
  const Tensor z = normal({1, 1, 4}, rng), h = normal({1, 2}, rng);
  const Tensor before = made(z, h);
  for (std::int64_t j = 0; j < 4; ++j) {
    Tensor moved = detach(z);
    moved.write()(0, 0, j) += 1;
    const Tensor after = made(moved, h);
    for (std::int64_t i = 0; i < 8; ++i) {
      const double change = std::abs(after.at({0, 0, i}) - before.at({0, 0, i}));
      if (j < i % 4)
        CHECK_MESSAGE(change > 1e-5, "output ", i, " by input ", j);
      else
        CHECK_MESSAGE(change == 0, "output ", i, " by input ", j);
    }
  }
  const Tensor other = made(z, h + 1);  // the features reach all, also the first
  for (std::int64_t i = 0; i < 8; ++i) CHECK(std::abs(other.at({0, 0, i}) - before.at({0, 0, i})) > 1e-5);
}

TEST_CASE("autoregressive flow: it is undone one dimension after the other") {
  const Vae vae = tiny_vae(iaf);
  const auto& steps = std::get<AutoregressiveFlow>(flow_of(vae).flow).steps;
  Rng rng{.seed = 4};
  const Tensor z0 = normal({5, 2, 3}, rng), h = normal({2, 6}, rng);
  Tensor z = flow_of(vae).carry(z0, h).z;
  for (auto made = steps.rbegin(); made != steps.rend(); ++made) {
    Tensor back = zeros(z.shape());
    for (std::int64_t i = 0; i < 3; ++i) {  // by what is known of the dimensions before
      const auto parts = split((*made)(back, h), 2, -1);
      const Tensor keep = sigmoid(parts[1] + 2), whole = (z - (1 - keep) * parts[0]) / keep;
      Tensor next = detach(back);
      const View to = next.write();
      for (std::int64_t k = 0; k < 5; ++k)
        for (std::int64_t b = 0; b < 2; ++b) to(k, b, i) = whole.at({k, b, i});
      back = next;
    }
    z = &*made == &steps.front() ? back : flip(back, {-1});
  }
  const std::vector<Real> first = z0.values(), undone = z.values();
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(std::abs(undone[i] - first[i]) <= 100 * kFlowRounding);
}

TEST_CASE("flows: what needs their inverse is refused") {
  Rng rng;
  Context context{.training = true, .rng = rng};
  CHECK_THROWS_WITH_AS(tiny_vae(planar).latent.draw(tiny_batch(2), 1, {Price::stopped}, context),
                       doctest::Contains("the inverse of the flow"), Error);
}
