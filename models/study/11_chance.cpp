// After this lesson you can differentiate an average over random numbers, and say which way is the quiet one.
//
// A VAE's loss is an average over random z, drawn from a distribution whose parameters are to be learnt. Moving μ moves
// the draws. What is the derivative of E z² by μ, for z ~ N(μ, 1)? (E is the average over z, ~ is "drawn from", and
// N(μ, σ²) is the normal distribution of mean μ and variance σ².) Exactly: E z² = μ² + 1, so 2μ; at μ = 1.5 it is 3. By
// drawing alone there are two ways. The pathwise one writes z = μ + ε with ε ~ N(0, 1) (the reparameterization trick): ε
// does not depend on μ, so the derivative passes through the draw, d z² / dμ = 2z. The score function (REINFORCE) leaves
// the draw alone and weighs it by how much more probable a larger μ would make it: z²·(z - μ). Both are right on average:
//
//   | pathwise         mean 3.01   variance 4.01   (exact: 3 and 4)
//   | score function   mean 3.03   variance 52.4   (exact: 3 and 51.56)
//
// (100,000 draws.) The second needs thirteen times as many draws for the same precision, but it is all there is when z is
// discrete. In the library, rsample(rng) is a draw with a path ("r" for reparameterized), sample(rng) one without: a
// constant, whatever made it. That is one letter, and lesson 13 is about it.
//
// Exercise: a draw with a path from the Laplace distribution, whose density is e^(-|z - μ|/b) / 2b. It is μ - s·b·log|u|
// with u uniform in (-1, 1): -b·log|u| is how far from μ, and s the side, 1 where u is below 0 and -1 elsewhere.
#include "models/study/lesson.h"
#include "tensor/random.h"

#include ANSWER

static std::string moments(const Tensor& x) {
  return fmt::format("mean {:#.3g}   variance {:#.3g}", mean(x).item(), var(x).item());
}

static void show() {
  Rng rng{.seed = 11};
  const Tensor mu = scalar(Real(1.5)), epsilon = normal({100'000}, rng);
  const Tensor z = mu + epsilon;
  fmt::print("pathwise         {}   (exact: 3 and 4)\n", moments(2 * z));
  fmt::print("score function   {}   (exact: 3 and 51.56)\n", moments(z * z * (z - mu)));
}

static void check() {
  Rng rng{.seed = 12};
  const std::int64_t n = 200'000;
  const Tensor loc = full({n}, 2), log_scale = full({n}, Real(std::log(0.5))), u = signed_uniform({n}, rng);
  const Tensor watched[] = {loc, log_scale};
  Tape tape(watched);
  const Tensor z = laplace(loc, log_scale, u);
  expect(z.shape() == loc.shape(), "{} draws were asked for, and {} came", loc.shape(), z.shape());
  // Standard errors: 0.0016 of the mean (variance 2b² = 0.5), 0.0025 of the variance (E z⁴ = 24b⁴); five of each.
  expect_close("the mean of 200,000 draws for μ = 2, b = ½", static_cast<double>(mean(z).item()), 2, 0.008 / 2);
  expect_close("their variance", static_cast<double>(var(z).item()), 0.5, 0.013);
  expect(tape.knows(z), "the draws are constants to the tape: there is no path from them to μ and b");
  const auto gradients = tape.gradient(sum(z));
  for (const std::int64_t i : {0, 1, 2, 77, 4711}) {
    expect_close("the slope by μ at the same noise", static_cast<double>(gradients[0].at({i})), 1, kClose);
    expect_close("the slope by log b at the same noise", static_cast<double>(gradients[1].at({i})),
                 static_cast<double>(z.at({i})) - 2, kClose);
  }
}

int main(int argc, char** argv) {
  return run({11, "Gradients through chance", show,
              "All in tensors, so that the tape sees it: exp(log_scale) for b, log(abs(u)) for "
              "log|u|, and where(u < 0, …, …) for the side.",
              check},
             argc, argv);
}
