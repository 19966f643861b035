// After this lesson you can say why a plain autoencoder does not generate, and what the KL term is for.
//
// An autoencoder is a VAE without chance and without KL: encode, decode, compare. It reconstructs well. To make new
// images, one decodes codes that belong to no image; but which? The encoder may put the images wherever it likes, with
// holes in between, where the decoder has never been asked. A VAE's codes are pulled to the prior, so that draws from
// the prior fall where codes are. Both below have codes of 8 numbers and learn the same 3,000 digits, 30 times over. A
// small classifier, trained here too, tells digits from two digits laid over each other. What it takes for a digit:
//
//   | real digits                       about 100 %
//   | VAE, codes from N(0, 1)           about 30 %
//   | autoencoder, codes from N(0, 1)   about 20 %
//
// The picture shows six codes decoded by each, the VAE's first. Neither has learnt long. But where the autoencoder's
// codes are can be looked up: they have means of up to 5 and spreads of 2 to 4, so that N(0, 1) misses most of them.
//
// Exercise: repair the autoencoder without training it again: draw its codes from a better prior, fitted to the codes
// that it gives to images. Write `fitted`: draws from the Gaussian with the mean and the standard deviation of the codes,
// number by number. The lesson takes half a minute: both are trained to show it, and again to check your answer. (It
// overtakes the VAE. A prior that is fitted afterwards is an old and good idea.)
#include "models/study/holes.h"
#include "models/study/lesson.h"
#include "tensor/random.h"

#include ANSWER

static void print(const char* what, double share) {
  fmt::print("{:<33} about {:.0f} %\n", what, std::round(10 * share) * 10);
}

static void show() {
  const Holes holes;
  Rng rng{.seed = 17};
  const Tensor codes = normal({2000, 8}, rng);
  print("real digits", holes.share(holes.digits));
  print("VAE, codes from N(0, 1)", holes.share(holes.vae.decoded(codes)));
  print("autoencoder, codes from N(0, 1)", holes.share(holes.autoencoder.decoded(codes)));
  const Tensor few = slice(codes, 0, 0, 6);
  fmt::print("\n{}\n{}", Holes::picture(holes.vae.decoded(few)), Holes::picture(holes.autoencoder.decoded(few)));
}

static void check() {
  Rng rng{.seed = 18};
  const Tensor codes = normal({400, 8}, rng) * (arange(8) + 1) - 3;  // each number with a spread of its own
  const Tensor drawn = fitted(codes, 20'000, rng);
  expect(drawn.shape() == Shape({20'000, 8}), "20,000 codes of 8 numbers were asked for, and {} came", drawn.shape());
  for (std::int64_t i = 0; i < 8; ++i) {
    const auto column = [&](const Tensor& x) { return slice(x, 1, i, i + 1); };
    const double spread = static_cast<double>(stddev(column(codes)).item());
    const double off = static_cast<double>(mean(column(drawn)).item() - mean(column(codes)).item()) / spread;
    expect_close(fmt::format("the standard deviation of number {}", i),
                 static_cast<double>(stddev(column(drawn)).item()) / spread, 1, 0.03);
    expect(std::abs(off) <= 0.04, "the mean of number {} is {:.2f} standard deviations off that of the codes", i, off);
  }
  const Holes holes;
  const auto share = [&](const Tensor& z) { return holes.share(holes.autoencoder.decoded(z)); };
  const double plain = share(normal({2000, 8}, rng));
  const double better = share(fitted(holes.autoencoder.codes(holes.digits), 2000, rng));
  expect(better > plain + 0.1, "by your prior {:.0f} % are taken for digits, by N(0, 1) {:.0f} %", 100 * better,
         100 * plain);
  print("autoencoder, codes from your prior", better);
}

int main(int argc, char** argv) {
  return run({16, "Holes", show,
              "mean(codes, {0}) and stddev(codes, {0}) are (8), and broadcast against normal({n, 8}, rng).", check},
             argc, argv);
}
