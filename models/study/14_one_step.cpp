// After this lesson you can read one whole training step of a VAE, and predict what you will see in it.
//
// Everything so far meets in a few lines. A step of this library's VAE (models/vae.h), on a batch of B images of 784
// pixels, with codes z of 2 numbers (`objective` says how to weigh the terms, `context` holds the random numbers):
//
//   Tape tape(parameters(vae));                                     // lesson 2
//   const Bound b = bound(vae, batch, objective, context);          // lessons 11 and 12
//   const Tensor loss = -mean(b.value());                           // nats per image
//   optimizer.step(vae, tape.gradient(loss));                       // lesson 10
//
// `Explain` looks on while that happens (autograd/explain.h; `./run vae explain RUN --html step.html` makes a page of
// it). Some of its lines, before any training, for B = 100: each op, its shape, the root mean square of its value and of
// d loss / d value:
//
//   | elu                   (100, 500)
//   | reparameterize        (100, 2)
//   | bernoulli_log_prob    (1, 100, 784)   d loss 0.01
//   | kl_standard_normal    (100, 2)        d loss 0.01
//
// Why 0.01? The loss is the mean over the batch of sums over pixels. A sum hands its gradient to each of its terms
// unchanged, and the mean divides it by B. After 300 steps, the plane of codes: each test image stands where the encoder
// puts it, as its digit. Digits that look alike are neighbours; nobody told the VAE which is which.
//
// Exercise: predict six entries of the table from the shapes alone.
#include "models/study/lesson.h"
#include "models/study/whole_step.h"

/// What the step holds, for a batch of B, D pixels, H numbers in each hidden layer, and codes of Z numbers.
struct Predictions {
  double at_loss;            // root mean square of d loss / d loss
  double at_log_likelihood;  // of d loss / d log p(x|z), one number for each image
  double at_kl;              // of d loss / d KL, one number for each image and each number of its code
  std::int64_t draws;        // how many numbers the reparameterize op makes
  std::int64_t first_layer;  // how many numbers d loss / d (weight of the first layer) has
  std::int64_t sum_keeps;    // how many bytes the VJPs of the sums keep
};
#include ANSWER

static void show() {
  const Explained step = first_step(100);
  for (const char* op : {"elu", "reparameterize"}) fmt::print("{:<21} {}\n", op, step.at(op).shape);
  for (const char* op : {"bernoulli_log_prob", "kl_standard_normal"})
    fmt::print("{:<21} {:<15} d loss {:.3g}\n", op, to_string(step.at(op).shape), step.at(op).gradient.rms);
  fmt::print("\n{}", latent_plane(300));
}

static void check() {
  for (const std::int64_t B : {100, 40}) {
    const Explained step = first_step(B);
    const Predictions p = predict(B, 784, 500, 2);
    const auto compare = [&](const char* what, double predicted, double seen) {
      expect(std::abs(predicted - seen) <= 1e-5 * std::max(1.0, seen),
             "for B = {}, {}: you predict {}, and it is {:.6g}", B, what, predicted, seen);
    };
    compare("d loss at the loss", p.at_loss, step.at("loss").gradient.rms);
    compare("d loss at the log-likelihood", p.at_log_likelihood, step.at("log-likelihood").gradient.rms);
    compare("d loss at the KL", p.at_kl, step.at("kl_standard_normal").gradient.rms);
    compare("the numbers that reparameterize makes", static_cast<double>(p.draws),
            static_cast<double>(step.at("reparameterize").value.count));
    compare("the numbers of d loss / d (weight of the first layer)", static_cast<double>(p.first_layer),
            static_cast<double>(step.at("encoder.hidden.0.weight").gradient.count));
    compare("the bytes that the sums keep", static_cast<double>(p.sum_keeps),
            static_cast<double>(step.at("sum").frees));
  }
}

int main(int argc, char** argv) {
  return run({14, "One step, whole", show,
              "The loss is -(1/B) times a sum over the images of (log-likelihood - KL), and KL is a sum over Z. The "
              "VJP of a sum "
              "repeats what\narrives: what does it need to remember for that? Weights are (out, in).",
              check},
             argc, argv);
}
