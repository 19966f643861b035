// What an extender writes, in one file and outside the tree: an activation, a layer, a likelihood, and a variational
// autoencoder of them that learns. Exits with 0 when its bound on log p(x) rises.
#include <gradus/gradus.h>
#include <gradus/models/data/digits.h>

#include <cstdio>

using namespace gradus;

namespace {

// An activation: x·tanh(softplus(x)) (Misra 2019). No derivative is written.
Tensor mish(const Tensor& x) {
  return elementwise<"mish">([](auto x) { return x * tanh(softplus(x)); }, x);
}

// A layer: x + gate·mish(Wx + b), one gate per feature.
struct GatedResidual {
  Linear inner;
  Tensor gate;  // (width)

  GatedResidual(std::int64_t width, Rng& rng) : inner(width, width, Init::he, rng), gate(full({width}, Real(0.1))) {}

  /// (B, width) -> (B, width)
  Tensor operator()(const Tensor& x) const { return x + gate * mish(inner(x)); }

  void members(auto&& visit) {
    visit("inner", inner);
    visit("gate", gate);
  }
};

// A likelihood: Student's t distribution with 3 degrees of freedom around each pixel, forgiving to outliers.
struct StudentT {
  Tensor loc;
  Real scale;

  /// log 2/(π√3·scale) - 2·log(1 + t²/3), t = (x - loc)/scale; nats per element.
  Tensor log_prob(const Tensor& x) const {
    const Real constant = std::log(2 / (std::numbers::pi_v<Real> * std::sqrt(Real(3)) * scale));
    return elementwise<"student_t">(
        [=, s = scale](auto x, auto loc) {
          const auto t = (x - loc) / s;
          return constant - 2 * log1p(t * t / 3);
        },
        x, loc);
  }
};

struct OutsideVae {
  Sequential encoder;
  Linear mean, log_variance;
  Sequential decoder;

  explicit OutsideVae(Rng& rng)
      : encoder{Linear(784, 64, Init::he, rng), GatedResidual(64, rng)},
        mean(64, 8, Init::glorot, rng),
        log_variance(64, 8, Init::glorot, rng),
        decoder{Linear(8, 64, Init::he, rng), GatedResidual(64, rng), Linear(64, 784, Init::glorot, rng)} {}

  /// The evidence lower bound (B), in nats per image, for images x (B, 784).
  Tensor bound(const Tensor& x, Context& context) const {
    const Tensor h = encoder(x, context);                             // (B, 64)
    const Normal q{.loc = mean(h), .log_variance = log_variance(h)};  // q(z|x), (B, 8)
    const Tensor y = decoder(q.rsample(context.rng), context);        // (B, 784)
    const StudentT p{.loc = sigmoid(y), .scale = Real(0.2)};          // p(x|z)
    return sum(p.log_prob(x), -1) - sum(kl_divergence(q, StandardNormal{}), -1);
  }

  void members(auto&& visit) {
    visit("encoder", encoder);
    visit("mean", mean);
    visit("log_variance", log_variance);
    visit("decoder", decoder);
  }
};

}  // namespace

int main() {
  const Tensor points = tensor({5}, {-3, -1, Real(0.1), 1, 3});
  const GradcheckResult derivatives = gradcheck([](auto in) { return mish(in[0]); }, {points}, {.order = 2});
  if (!derivatives.passed) return std::printf("mish: %s\n", derivatives.message.c_str()), 1;

  Rng rng{.seed = 1};
  OutsideVae vae(rng);
  Optimizer optimizer(Adam{.lr = 3e-3});
  const Images digits = generate_digits(1280, 0);
  Context context{.training = true, .rng = rng};
  double first = 0, last = 0;  // the means over the first and the last ten steps
  constexpr int kSteps = 60, kBatch = 64;
  for (int step = 0; step < kSteps; ++step) {
    std::vector<std::int64_t> rows;
    for (int i = 0; i < kBatch; ++i) rows.push_back((step * kBatch + i) % digits.count);
    Tensor x({kBatch, digits.pixels_per_image()});
    fill_batch(digits, rows, x.write());
    const auto [loss, gradients] = value_and_gradient([&] { return -mean(vae.bound(x, context)); }, parameters(vae));
    optimizer.step(vae, gradients);
    (step < 10 ? first : last) += step < 10 || step >= kSteps - 10 ? loss.item() / 10 : 0;
  }
  std::printf("loss %.1f, then %.1f nats per image\n", first, last);
  return last < first - 50 ? 0 : 1;
}
