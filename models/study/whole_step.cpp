#include "models/study/whole_step.h"

#include <algorithm>

#include "models/data/bits.h"
#include "models/data/digits.h"
#include "models/model.h"
#include "nn/optim.h"
#include "nn/state.h"

namespace study {

using namespace gradus;

static Minibatch batch_of(const Images& digits, std::int64_t size, std::int64_t step) {
  std::vector<std::int64_t> rows(size);
  for (std::int64_t i = 0; i < size; ++i) rows[i] = (step * size + i) % digits.count;
  return test_batch(digits, rows, Binarize::none);
}
static Vae untrained() {
  Rng rng{.seed = 14};
  return make_vae({.latent = 2}, {}, rng);
}

Explained first_step(std::int64_t size) {
  const Vae vae = untrained();
  const Minibatch batch = batch_of(generate_digits(size, 0), size, 0);
  Rng rng{.seed = 15};
  Context context{.training = true, .rng = rng};
  Explain look(parameter_names(vae));
  Tape tape(parameters(vae));
  const Bound b = bound(vae, batch, Objective{}, context);
  const Tensor loss = -mean(b.value());
  look.name("log-likelihood", b.log_likelihood);
  look.name("loss", loss);
  tape.gradient(loss);
  Explained nodes;
  for (const ExplainedNode& node : look.tapes()[0].nodes) nodes[node.name.empty() ? node.op : node.name] = node;
  return nodes;
}

std::string latent_plane(int steps) {
  const Images digits = generate_digits(4000, 0), tests = generate_digits(600, 1);
  Vae vae = untrained();
  Optimizer optimizer(Adam{.lr = 1e-3});
  Rng rng{.seed = 16};
  Context context{.training = true, .rng = rng};
  for (int step = 0; step < steps; ++step) {
    Tape tape(parameters(vae));
    const Bound b = bound(vae, batch_of(digits, 100, step), Objective{}, context);
    optimizer.step(vae, tape.gradient(-mean(b.value())));
  }
  const Tensor codes = vae.latent.code(batch_of(tests, tests.count, 0), context);  // (600, 2)
  std::vector<std::string> rows(22, std::string(50, ' '));
  for (std::int64_t i = 0; i < tests.count; ++i) {
    const auto place = [&](std::int64_t axis, int cells) {
      return std::clamp(static_cast<int>((codes.at({i, axis}) / 5 + Real(0.5)) * static_cast<Real>(cells)), 0,
                        cells - 1);
    };
    rows[place(1, 22)][place(0, 50)] = static_cast<char>('0' + tests.labels[i]);
  }
  std::string text;
  for (const std::string& row : rows) text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  return text;
}

}  // namespace study
