// After this lesson you can say what a VAE maximises, and tell a wrong bound from a right one by a number.
//
// A model makes data in two steps: it draws a code z from a prior p(z), and x from p(x|z). How probable x is in all, p(x),
// is an average over all codes, which is hard to compute. But for any distribution q(z) whatever,
//
//   log p(x)  ≥  E log p(x|z)  -  KL(q ‖ p),    z ~ q,    with KL(q ‖ p) = E log q(z) - log p(z),
//
// and the two sides are equal when q is the posterior p(z|x), the distribution of codes that could have made x. The right
// side is the evidence lower bound, ELBO: the log-likelihood of the reconstruction, less what it costs in nats (units of
// information, with natural logarithms) that q differs from the prior. In a VAE a network gives μ and log σ² of q for
// each x, and raising the bound trains everything. Here everything can be computed: z of two numbers from N(0, 1), x =
// z + noise from N(0, 1), observed as (1.5, -0.5). So p(x) is N(0, 2), and the posterior N(x/2, 1/2):
//
//   | log p(x) = -3.156
//   | bound at the posterior = -3.156
//   | bound at q = N(0, 1) = -4.088
//   | with the sign of KL turned = -2.145
//   | with KL averaged over z's two numbers = -2.903
//
// The last two are usual mistakes. Their gradients are perfectly right, so no gradient check finds them. But they are
// above log p(x), which no bound can be: test a loss where the answer is known.
//
// Exercise: the KL from N(μ, σ²) to N(0, 1), in nats per sample: ½ Σ (μ² + σ² - 1 - log σ²).
#include "models/study/lesson.h"
#include "tensor/random.h"

#include ANSWER

static const double kLog2Pi = std::log(2 * std::numbers::pi);
static const double kX[] = {1.5, -0.5};

static double log_p() {
  double sum = 0;
  for (const double x : kX) sum += -0.5 * (kLog2Pi + std::log(2.0) + x * x / 2);
  return sum;
}
// E log p(x|z) for z ~ N(μ, σ²), per sample: (B, 2), (B, 2) -> (B)
static Tensor log_likelihood(const Tensor& mu, const Tensor& log_variance) {
  const Tensor off = tensor({2}, {Real(1.5), Real(-0.5)}) - mu;
  return sum((off * off + exp(log_variance) + Real(kLog2Pi)) * Real(-0.5), {1});
}
static Tensor right_kl(const Tensor& mu, const Tensor& log_variance) {
  return sum(Real(0.5) * (mu * mu + expm1(log_variance) - log_variance), {1});
}

static void show() {
  const Tensor mu = tensor({1, 2}, {Real(0.75), Real(-0.25)}), log_variance = full({1, 2}, Real(std::log(0.5)));
  const Tensor likelihood = log_likelihood(mu, log_variance), kl = right_kl(mu, log_variance);
  const Tensor far = log_likelihood(zeros({1, 2}), zeros({1, 2}));
  fmt::print("log p(x) = {:.3f}\nbound at the posterior = {:.3f}\n", log_p(), (likelihood - kl).item());
  fmt::print("bound at q = N(0, 1) = {:.3f}\n", far.item());
  fmt::print("with the sign of KL turned = {:.3f}\n", (likelihood + kl).item());
  fmt::print("with KL averaged over z's two numbers = {:.3f}\n", (likelihood - kl / 2).item());
}

static void check() {
  const Tensor posterior = tensor({1, 2}, {Real(0.75), Real(-0.25)}), halves = full({1, 2}, Real(std::log(0.5)));
  expect(kl(posterior, halves).shape() == Shape{1},
         "KL of a batch of 1 has shape {}, and (1) is right: one number for each "
         "sample",
         kl(posterior, halves).shape());
  const double at = static_cast<double>((log_likelihood(posterior, halves) - kl(posterior, halves)).item());
  expect(at <= log_p() + 1e-5, "the bound at the posterior is {:.3f}, above log p(x) = {:.3f}: no bound can be", at,
         log_p());
  expect_close("the bound at the posterior", at, log_p(), 1e-6);
  Rng rng{.seed = 12};
  const Tensor mu = normal({100, 2}, rng), log_variance = normal({100, 2}, rng);
  const Tensor bounds = log_likelihood(mu, log_variance) - kl(mu, log_variance);
  expect(max(bounds).item() <= log_p() + 1e-5, "of 100 q's one has a bound of {:.3f}, above log p(x)",
         max(bounds).item());
  expect_close("KL from N(μ, σ²)", kl(mu, log_variance), right_kl(mu, log_variance), kClose);
}

int main(int argc, char** argv) {
  return run({12, "The bound", show,
              "σ² is exp(log_variance), and σ² - 1 without loss of digits is expm1(log_variance). Sum over axis 1, "
              "the numbers of one\ncode; leave axis 0, the samples.",
              check},
             argc, argv);
}
