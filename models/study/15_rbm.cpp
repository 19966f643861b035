// After this lesson you can train a restricted Boltzmann machine, and say what a VAE buys and what it gives up.
//
// Before VAEs there was the restricted Boltzmann machine (RBM): bits v that one sees, bits h that one does not, and a
// weight between each two, with no order of making. p(v) is proportional to e^(-F(v)), with the free energy
//
//   F(v) = -v·b - Σⱼ softplus((v·W)ⱼ + cⱼ)
//
// Given v the h are independent coins, and given h the v are; drawing them in turn is Gibbs sampling. The gradient of
// -log p is that of F at the data, less that of F at the model's own samples. Contrastive divergence (CD-1) takes as
// samples what one Gibbs step makes of the data. As graph code that is one line: the samples are drawn under
// stop_gradient, and the loss is mean F(data) - mean F(samples). Beside it the small VAE of lesson 13. Data: patterns of
// 16 bits, as there. How many of 4,000 samples are at most one bit off a pattern that the data can have?
//
//   | the data                          about 90 %
//   | VAE    1 pass of the decoder      about 50 %
//   | RBM    1 Gibbs step from noise    about 50 %
//   | RBM   10 Gibbs steps              about 90 %
//
// A VAE's sample costs one pass; an RBM's as many as its chain needs to forget where it began, and nobody can tell how
// many (here ten; of digits, hundreds). What the VAE buys is a decoder of any depth, a code for each x, and a bound that
// is a number in nats; F is known but for a constant. Here the RBM is the better model: its hidden units are coins, as
// the data's are, and the VAE's are Gaussian. (It prints the times as well.)
//
// Exercise: write `free_energy`. W, b and c are rbm.weight, rbm.visible and rbm.hidden (models/study/problems.h: Rbm). The
// gradient is compared with the CD-1 rule of the books.
#include "models/study/lesson.h"
#include "models/study/problems.h"
#include "nn/optim.h"

#include ANSWER

static void show() {
  const Tensor x = patterns();
  Rng rng{.seed = 16};
  const auto print = [](const char* what, double good) {
    fmt::print("{:<33} about {:.0f} %\n", what, std::round(10 * good) * 10);
  };
  print("the data", good_share(x));
  Small vae = small(17);
  Optimizer by_vae(Adam{.lr = 1e-2});
  const double vae_time = seconds([&] {
    for (int step = 0; step < 1500; ++step) {
      Tape tape(parameters(vae));
      const auto [log_likelihood, kl] = terms(vae, x, Draw::rsample, rng);
      by_vae.step(vae, tape.gradient(mean(kl - log_likelihood)));
    }
  });
  print("VAE    1 pass of the decoder", good_share(coins(vae.out(normal({4000, 4}, rng)), rng)));
  Rbm rbm = new_rbm();
  Optimizer by_rbm(Adam{.lr = 1e-2});
  const double rbm_time = seconds([&] {
    for (int step = 0; step < 1500; ++step) {
      const Tensor samples = stop_gradient(gibbs(rbm, x, 1, rng));
      Tape tape(parameters(rbm));
      by_rbm.step(rbm, tape.gradient(mean(free_energy(rbm, x)) - mean(free_energy(rbm, samples))));
    }
  });
  const Tensor noise = bernoulli({4000, 16}, Real(0.5), rng);
  print("RBM    1 Gibbs step from noise", good_share(gibbs(rbm, noise, 1, rng)));
  print("RBM   10 Gibbs steps", good_share(gibbs(rbm, noise, 10, rng)));
  fmt::print("1,500 steps: the VAE {:.2f} s, the RBM {:.2f} s\n", vae_time, rbm_time);
}

static void check() {
  const Rbm rbm = new_rbm();
  const Tensor v = patterns();
  Rng rng{.seed = 18};
  const Tensor samples = gibbs(rbm, v, 1, rng);
  expect(free_energy(rbm, v).shape() == Shape{64}, "F of 64 patterns has shape {}, and (64) is right",
         free_energy(rbm, v).shape());
  Rbm still{zeros({16, 24}), arange(16), zeros({24})};  // F = -v·b - 24 log 2
  expect_close("F without weights", free_energy(still, v), -sum(v * still.visible, {1}) - Real(24 * std::log(2.0)),
               kClose);
  Tape tape(parameters(rbm));
  const auto d = tape.gradient(mean(free_energy(rbm, v)) - mean(free_energy(rbm, samples)));
  const auto rule = [&](const Tensor& x) {
    return matmul(transpose(x), sigmoid(matmul(x, rbm.weight) + rbm.hidden)) / 64;
  };
  expect_close("the gradient by W", d[0], rule(samples) - rule(v), kClose);
  expect_close("the gradient by b", d[1], mean(samples, {0}) - mean(v, {0}), kClose);
}

int main(int argc, char** argv) {
  return run(
      {15, "What an RBM costs", show,
       "matmul(v, rbm.weight) is (B, 24). Sum the softplus over axis 1. For v·b, multiply and sum over axis 1.", check},
      argc, argv);
}
