#include "models/run.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

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

std::string name_of(const Checkpoint& checkpoint) {
  return checkpoint.file.empty() ? "the checkpoint" : quote(checkpoint.file.native());
}

template <class T>
T metadata_number(const Checkpoint& checkpoint, const char* name) {
  const auto found = checkpoint.metadata.find(name);
  check(found != checkpoint.metadata.end(), "{} does not say \"{}\"", name_of(checkpoint), name);
  const std::string& text = found->second;
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  check(error == std::errc() && end == text.data() + text.size(),
        "{} says \"{}\" is {}, which is no number of its kind", name_of(checkpoint), name, quote(text));
  return number;
}
template std::int64_t metadata_number(const Checkpoint&, const char*);
template std::uint64_t metadata_number(const Checkpoint&, const char*);
template double metadata_number(const Checkpoint&, const char*);

std::int64_t finished_epochs(const Checkpoint& checkpoint) {
  const auto epochs = metadata_number<std::int64_t>(checkpoint, "epoch");
  check(epochs >= 0 && epochs <= range::kEpochs.max, "{} was saved after epoch {}", name_of(checkpoint), epochs);
  return epochs;
}

Checkpoint read_checkpoint(const Run& run, const std::string& which) {
  const fs::path file = run.checkpoint(which);
  std::error_code error;
  const bool exists = fs::exists(file, error);
  check(!error, "cannot look at {}: {}", quote(file.native()), error.message());
  check(exists, "{} does not exist{}", quote(file.native()),
        which == "best" ? "\nhelp: a run keeps its best checkpoint when it is trained with --validation" : "");
  Checkpoint checkpoint = load_checkpoint(file);
  check(checkpoint.infinite.empty(), "{} holds an infinity in tensor {}", quote(file.native()),
        checkpoint.infinite.empty() ? "" : quote(*checkpoint.infinite.begin()));
  return checkpoint;
}

Tensor sample_images(const Vae& vae, std::int64_t count, std::uint64_t seed) {
  constexpr std::int64_t kBatch = 500;  // what a decoder computes on the way takes far more memory than the images
  Rng rng{.seed = seed, .stream = stream::kSamples};
  const Tensor z = normal({count, vae.latent}, rng);
  std::vector<Tensor> batches;
  for (std::int64_t begin = 0; begin < count; begin += kBatch)
    batches.push_back(vae.decode(slice(z, 0, begin, std::min(begin + kBatch, count))).mean());
  return concat(batches, 0);
}

static std::int64_t columns_of(std::int64_t count) { return count <= 10 ? count : count <= 100 ? 10 : 20; }

void check_samples(const Config& config) {
  check_grid(kSamples, config.vae.image.h, config.vae.image.w, columns_of(kSamples));
}

/// The numbers of images that are to be shown.
static std::vector<Real> finite_values(const Tensor& images) {
  std::vector<Real> values = images.values();
  if (!std::ranges::all_of(values, [](Real value) { return std::isfinite(value); }))
    throw NumericError("the model's images are not finite: it has overflowed");
  return values;
}

void write_samples(const fs::path& file, const Config& config, const Vae& vae, std::int64_t count, std::uint64_t seed) {
  const auto [height, width] = config.vae.image;
  check_grid(count, height, width, columns_of(count));  // before they are drawn
  const std::vector<Real> images = finite_values(sample_images(vae, count, seed));
  write_png(file, grid(images, count, height, width, columns_of(count)));
}

void write_reconstructions(const fs::path& file, const Config& config, const Vae& vae, const Images& images,
                           std::int64_t count) {
  count = std::min(count, images.count);
  std::vector<std::int64_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  const Tensor x = batch_of(images, rows, test_bits(config.binarize));
  const std::vector<Real> y = finite_values(vae.decode(vae.encode(x).mean()).mean());
  const auto [height, width] = config.vae.image;
  write_png(file, pairs(x.values(), y, count, height, width, std::min<std::int64_t>(count, 10)));
}

}  // namespace GRADUS
