#include "models/study/holes.h"

#include <algorithm>
#include <numeric>

#include "models/data/digits.h"
#include "nn/distributions.h"
#include "nn/loss.h"
#include "nn/optim.h"

namespace study {

using namespace gradus;

constexpr std::int64_t kDigits = 3000, kBatch = 100;

static Rng& seeded(Rng&& rng) { return rng; }

Coder::Coder(bool variational, const Tensor& digits)
    : hidden(784, 200, Init::he, seeded({.seed = 1})),
      mean(200, 8, Init::glorot, seeded({.seed = 2})),
      log_variance(200, 8, Init::glorot, seeded({.seed = 3})),
      back(8, 200, Init::he, seeded({.seed = 4})),
      out(200, 784, Init::glorot, seeded({.seed = 5})) {
  Optimizer optimizer(Adam{.lr = 2e-3});
  Rng rng{.seed = 6};
  for (int step = 0; step < 900; ++step) {
    const std::int64_t begin = step % (kDigits / kBatch) * kBatch;
    const Tensor x = detach(slice(digits, 0, begin, begin + kBatch));
    Tape tape(parameters(*this));
    const Tensor h = relu(hidden(x));
    const Normal q{mean(h), log_variance(h)};
    const Tensor z = variational ? q.rsample(rng) : q.loc;
    Tensor loss = -sum(Bernoulli{out(relu(back(z)))}.log_prob(x)) / kBatch;
    if (variational) loss = loss + sum(kl_divergence(q, StandardNormal{})) / kBatch;
    optimizer.step(*this, tape.gradient(loss));
  }
}
Tensor Coder::codes(const Tensor& x) const { return mean(relu(hidden(x))); }
Tensor Coder::decoded(const Tensor& z) const { return sigmoid(out(relu(back(z)))); }

Tensor Classifier::operator()(const Tensor& x) const { return out(relu(hidden(x))); }

static Tensor pixels(const Images& images) {
  Tensor x({images.count, 784});
  std::vector<std::int64_t> rows(images.count);
  std::iota(rows.begin(), rows.end(), 0);
  fill_batch(images, rows, x.write());
  return x;
}

// No digits: two digits, half each. Of ten images in a row each is another digit, so a step of three changes all.
static Tensor blends(const Tensor& x) { return (x + concat({slice(x, 0, 3, x.extent(0)), slice(x, 0, 0, 3)}, 0)) / 2; }

static Classifier trained(const Tensor& digits, const Images& images) {
  Rng rng{.seed = 7};
  Classifier net{{784, 100, Init::he, rng}, {100, 11, Init::glorot, rng}};
  Optimizer optimizer(Adam{.lr = 2e-3});
  for (int step = 0; step < 600; ++step) {
    const std::int64_t begin = step % (kDigits / kBatch) * kBatch;
    std::vector<std::int64_t> rows(kBatch);
    std::iota(rows.begin(), rows.end(), begin);
    const Tensor x = slice(digits, 0, begin, begin + kBatch);
    Indices labels = labels_at(images, rows);
    labels.values.resize(2 * kBatch, 10);
    labels.shape = {2 * kBatch};
    Tape tape(parameters(net));
    optimizer.step(net, tape.gradient(cross_entropy(net(concat({x, blends(x)}, 0)), labels)));
  }
  return net;
}

Holes::Holes()
    : digits(pixels(generate_digits(kDigits, 0))),
      vae(true, digits),
      autoencoder(false, digits),
      classifier(trained(digits, generate_digits(kDigits, 0))) {}

double Holes::share(const Tensor& images) const {
  const Indices said = argmax(classifier(images), 1);
  return static_cast<double>(std::ranges::count_if(said.values, [](std::int64_t label) { return label < 10; })) /
         static_cast<double>(images.extent(0));
}

std::string Holes::picture(const Tensor& images) {
  std::string text;
  for (std::int64_t row = 0; row < 28; row += 2) {
    for (std::int64_t i = 0; i < images.extent(0); ++i)
      for (std::int64_t column = 0; column < 28; column += 2) {
        Real grey = 0;
        for (const std::int64_t at :
             {row * 28 + column, row * 28 + column + 1, row * 28 + column + 28, row * 28 + column + 29})
          grey += images.at({i, at}) / 4;
        text += " .:-=+*#%@"[std::min(9, static_cast<int>(grey * 10))];
      }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

}  // namespace study
