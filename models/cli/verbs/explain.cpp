#include "models/cli/verbs/explain.h"

#include <algorithm>

#include "autograd/explain.h"
#include "models/cli/print.h"
#include "models/data/bits.h"
#include "models/training/streams.h"
#include "nn/files/atomic_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

void ExplainVerb::operator()(const Call&) const {
  threads.apply();
  for (const std::string& file : {html, dot})
    if (!file.empty()) check_writable(file);
  const auto [folder, config, at, vae] = open(run);
  const Images images = data.test_images(config);
  const std::int64_t steps = ceil_div(images.count, config.batch_size);
  if (step > steps) throw UsageError(fmt::format("--step {}: {} has images for {}", step, quote(images.name), steps));
  const std::int64_t begin = (step - 1) * config.batch_size;
  const auto rows = rows_between(begin, std::min(begin + config.batch_size, images.count));
  const Minibatch batch = test_batch(images, rows, config.shown());
  Rng rng{.seed = config.seed, .stream = stream::kTest, .counter = static_cast<std::uint64_t>(step) << 40};
  Context context{.training = true, .rng = rng};

  Explain look(parameter_names(vae));
  look.name("x", batch.x);
  if (batch.condition) look.name("condition", *batch.condition);
  Tape tape(parameters(vae));
  const Bound bound = gradus::bound(vae, batch, config.objective, context);
  const Tensor loss = config.objective.loss(bound, {config.objective.beta, config.objective.capacity});
  look.name("log-likelihood", bound.log_likelihood);
  if (bound.kl) look.name("KL", *bound.kl);
  look.name("loss", loss);
  tape.gradient(loss);

  print(look.text());
  const std::string title = fmt::format("one step of {}", quote(run.folder));
  if (!html.empty()) write_file_atomically(html, look.page(title));
  if (!dot.empty()) write_file_atomically(dot, look.dot());
}

}  // namespace GRADUS
