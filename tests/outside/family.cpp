// A VAE whose latent and likelihood are of one's own, each in a file beside this one, trained by the library's bound.
// Exits with 0 when the bound on log p(x) rises.
#include <gradus/models/data/digits.h>
#include <gradus/models/image_decoder.h>
#include <gradus/models/networks/network.h>
#include <gradus/models/vae.h>

#include <cstdio>

#include "logistic_latent.h"
#include "student_likelihood.h"

using namespace gradus;

int main() {
  Rng rng{.seed = 1};
  constexpr std::int64_t kData = 784, kHidden = 64, kLatent = 8;
  Network encoder =
      NetworkBuilder({kData}, Init::he, rng).linear("hidden", kHidden).activation(Activation::elu).build();
  Linear mean(kHidden, kLatent, Init::glorot, rng), log_scale(kHidden, kLatent, Init::glorot, rng);
  Network decoder = NetworkBuilder({kLatent}, Init::he, rng)
                        .linear("hidden", kHidden)
                        .activation(Activation::elu)
                        .linear("output", kData)
                        .build();
  Vae vae{LogisticLatent{std::move(encoder), std::move(mean), std::move(log_scale)},
          ImageDecoder<StudentLikelihood>{std::move(decoder), {}}};

  const Objective objective{.samples = 2};
  Optimizer optimizer(Adam{.lr = 3e-3});
  const Images digits = generate_digits(1280, 0);
  Context context{.training = true, .rng = rng};
  double first = 0, last = 0;  // the means over the first and the last ten steps
  constexpr int kSteps = 60, kBatch = 64;
  for (int step = 0; step < kSteps; ++step) {
    std::vector<std::int64_t> rows;
    for (int i = 0; i < kBatch; ++i) rows.push_back((step * kBatch + i) % digits.count);
    Minibatch batch{Tensor({kBatch, kData})};
    fill_batch(digits, rows, batch.x.write());
    const auto [loss, gradients] =
        value_and_gradient([&] { return objective.loss(bound(vae, batch, objective, context), {}); }, parameters(vae));
    optimizer.step(vae, gradients);
    (step < 10 ? first : last) += step < 10 || step >= kSteps - 10 ? loss.item() / 10 : 0;
  }
  std::printf("loss %.1f, then %.1f nats per image\n", first, last);
  return last < first - 50 ? 0 : 1;
}
