#include "models/run.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/tape.h"
#include "models/evaluate.h"
#include "models/figures.h"
#include "models/streams.h"
#include "nn/files/input_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

Config read_config(const Run& run) {
  constexpr std::int64_t kMost = 1 << 20;
  return config_from_json(read_file(run.config(), kMost), run.config());
}

Vae new_vae(const Config& config) {
  Rng rng{.seed = config.seed, .stream = stream::kInit};
  return Vae(config.vae, rng);
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
  check(parameter_count(config.vae) <= numbers, "of the model's {:.0f} parameters it has {:.0f} at most",
        parameter_count(config.vae), numbers);
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
        which == "best" ? "\nhelp: a run keeps its best checkpoint when images are held out for validation" : "");
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
  if (!std::ranges::all_of(values, [](Real value) { return std::isfinite(value); }))
    throw NumericError("the model's images are not finite: it has overflowed");
  to.insert(to.end(), values.begin(), values.end());
}

std::vector<Real> sample_images(const Vae& vae, std::int64_t count, std::uint64_t seed, std::int64_t batch_size) {
  const Pause no_derivatives;
  Rng rng{.seed = seed, .stream = stream::kPrior};
  const Tensor z = normal({count, vae.latent}, rng);
  std::vector<Real> images;
  for (std::int64_t begin = 0; begin < count; begin += batch_size) {
    const Tensor batch = slice(z, 0, begin, std::min(begin + batch_size, count));
    append_finite(images, vae.decode(batch).mean());
  }
  return images;
}

static std::int64_t columns_of(std::int64_t count) { return count <= 10 ? count : count <= 100 ? 10 : 20; }

void check_samples(const Config& config) {
  check_grid(kPictured, config.vae.image.h, config.vae.image.w, columns_of(kPictured));
}

void write_samples(const fs::path& file, const Config& config, const Vae& vae, std::int64_t count, std::uint64_t seed) {
  const auto [height, width] = config.vae.image;
  check_grid(count, height, width, columns_of(count));  // before they are drawn
  const std::vector<Real> images = sample_images(vae, count, seed, images_at_once(config));
  write_png(file, grid(images, count, height, width, columns_of(count)));
}

void write_reconstructions(const fs::path& file, const Config& config, const Vae& vae, const Images& images,
                           std::int64_t count) {
  const Pause no_derivatives;
  count = std::min(count, images.count);
  const std::int64_t batch_size = images_at_once(config);
  std::vector<Real> originals, reconstructions;
  for (std::int64_t begin = 0; begin < count; begin += batch_size) {
    std::vector<std::int64_t> rows(std::min(batch_size, count - begin));
    std::iota(rows.begin(), rows.end(), begin);
    const Tensor x = batch_of(images, rows, test_bits(config.binarize));
    append_finite(originals, x);
    append_finite(reconstructions, vae.decode(vae.encode(x).mean()).mean());
  }
  const auto [height, width] = config.vae.image;
  write_png(file, pairs(originals, reconstructions, count, height, width, std::min<std::int64_t>(count, 10)));
}

}  // namespace GRADUS
