#include "models/training/run.h"

#include <algorithm>
#include <cmath>

#include "autograd/tape.h"
#include "models/evaluation/encoded.h"
#include "models/evaluation/evaluate.h"
#include "models/pictures/figures.h"
#include "models/training/streams.h"
#include "nn/files/atomic_file.h"
#include "nn/files/input_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

Config read_config(const fs::path& file) {
  constexpr std::int64_t kMost = 1 << 20;
  return config_from_json(read_file(file, kMost), file);
}
Config read_config(const Run& run) { return read_config(run.config()); }

Vae new_vae(const Config& config) {
  Rng rng{.seed = config.seed, .stream = stream::kInit};
  return make_vae(config.model, config.sample, rng);
}

Vae load_vae(const Config& config, const Checkpoint& checkpoint, const std::string& prefix) try {
  std::map<std::string, Tensor> tensors;
  double numbers = 0;
  for (const auto& [name, x] : checkpoint.tensors)
    if (name.starts_with(prefix)) {
      tensors.emplace(name.substr(prefix.size()), x);
      numbers += static_cast<double>(x.numel());
    }
  // Said before a model is made that may be much larger than the checkpoint.
  const std::int64_t parameters = count(empty_vae(config.model, config.sample));
  check(static_cast<double>(parameters) <= numbers, "of the model's {} parameters it has {:.0f} at most", parameters,
        numbers);
  Vae vae = new_vae(config);
  load_state(vae, tensors);
  return vae;
} catch (const Error& error) {
  throw Error(fmt::format("{} does not fit its config.json: {}", name_of(checkpoint), error.what()));
}

Vae load_vae(const Config& config, const Checkpoint& checkpoint) {
  return load_vae(config, checkpoint, config.ema > 0 ? kAveraged : "");
}

Checkpoint read_checkpoint(const Run& run, const std::string& which) {
  const fs::path file = run.checkpoint(which);
  std::error_code error;
  const bool exists = fs::exists(file, error);
  check(!error, "cannot look at {}: {}", quote(file.native()), error.message());
  check(exists, "{} does not exist{}", quote(file.native()),
        which == "best" ? "\nhelp: a run keeps its best checkpoint when images are held out, or when it may stop early"
        : which != "last" ? "\nhelp: a run keeps those of single epochs when it is told how often"
                          : "");
  Checkpoint checkpoint = load_checkpoint(file);
  check(checkpoint.infinite.empty(), "{} holds an infinity in tensor {}", quote(file.native()),
        checkpoint.infinite.empty() ? "" : quote(*checkpoint.infinite.begin()));
  return checkpoint;
}

Checkpoint newest_checkpoint(const Run& run) {
  Checkpoint last = read_checkpoint(run, "last");
  std::error_code error;
  if (!fs::exists(run.checkpoint(kUnmeasured), error)) return last;
  const Config config = read_config(run);
  Checkpoint unmeasured = read_checkpoint(run, kUnmeasured);
  if (read_position(config, unmeasured).steps > read_position(config, last).steps) return unmeasured;
  fs::remove(run.checkpoint(kUnmeasured), error);  // left by a process that was killed just before it did
  return last;
}

/// Adds the numbers of images that are to be shown.
static void append_finite(std::vector<Real>& to, const Tensor& images) {
  const std::vector<Real> values = images.values();
  check_finite(values, "images");
  to.insert(to.end(), values.begin(), values.end());
}

std::vector<Real> sample_images(const Vae& vae, std::int64_t count, std::uint64_t seed, std::int64_t at_once,
                                const std::optional<Tensor>& condition) {
  const Pause no_derivatives;
  Rng rng{.seed = seed, .stream = stream::kPrior};
  return decoded(vae, vae.latent.prior(count, rng), condition, at_once);
}

std::int64_t sample_columns(std::int64_t count, const Config& config, std::optional<std::int64_t> label) {
  const std::int64_t classes = condition_size(config.model.condition);
  if (classes > 0 && !label) return std::clamp<std::int64_t>(count / classes, 1, 20);
  return count <= 10 ? count : count <= 100 ? 10 : 20;
}

void check_samples(const Config& config) {
  if (config.units.is_table()) return;
  check_grid(kPictured, config.sample, sample_columns(kPictured, config, {}));
}

static void show_scaled(const Config& config, std::vector<Real>& images) {
  if (!config.units.shift.empty() && config.selection.scale != Scale::unit) as_grey(images);
}

void write_samples(const fs::path& file, const Config& config, const Vae& vae, std::int64_t count, std::uint64_t seed,
                   std::optional<std::int64_t> label) {
  const std::int64_t columns = sample_columns(count, config, label);
  if (!config.units.is_table()) check_grid(count, config.sample, columns);  // before they are drawn
  const auto condition = condition_of_samples(config.model.condition, label, count, columns);
  std::vector<Real> images = sample_images(vae, count, seed, images_at_once(vae, config.batch_size), condition);
  if (config.units.is_table()) return write_file_atomically(file, table_text(config.units, images));
  show_scaled(config, images);
  write_png(file, grid(images, count, config.sample, columns));
}

void write_reconstructions(const fs::path& file, const Config& config, const Vae& vae, const Images& images,
                           std::int64_t count) {
  const Pause no_derivatives;
  count = std::min(count, images.count);
  const std::int64_t at_once = images_at_once(vae, config.batch_size);
  Rng unused;
  Context context{.training = false, .rng = unused};
  std::vector<Real> originals, reconstructions;
  for_each_test_batch(images, config.shown(), count, at_once, [&](const Minibatch& batch) {
    append_finite(originals, batch.x);
    append_finite(reconstructions, vae.decoder.mean(vae.latent.code(batch, context), batch.condition, context));
  });
  if (config.units.is_table()) {
    std::vector<Real> rows;
    std::vector<std::string> kinds{"row"};
    const auto columns = static_cast<std::size_t>(config.sample.numel());
    for (std::size_t row = 0; row < static_cast<std::size_t>(count); ++row)
      for (const auto& [kind, from] : {std::pair("data", &originals), std::pair("model", &reconstructions)}) {
        kinds.push_back(kind);
        rows.insert(rows.end(), from->begin() + row * columns, from->begin() + (row + 1) * columns);
      }
    return write_file_atomically(file, table_text(config.units, rows, kinds));
  }
  show_scaled(config, originals);
  show_scaled(config, reconstructions);
  write_png(file, pairs(originals, reconstructions, count, config.sample, std::min<std::int64_t>(count, 10)));
}

}  // namespace GRADUS
