#include "models/run.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "models/evaluate.h"
#include "models/figures.h"
#include "nn/input_file.h"
#include "nn/quote.h"

namespace gradus::inline GRADUS_FLAVOUR {

namespace fs = std::filesystem;

Run create_run(const std::string& wanted) {
  std::error_code error;
  if (wanted.empty()) {
    fs::create_directories("runs", error);
    for (int n = 1; !error; ++n) {
      const fs::path folder = fs::path("runs") / std::to_string(n);
      if (fs::create_directory(folder, error)) return {folder};
    }
    throw Error(fmt::format("cannot make a folder for the run under {}: {}", quote("runs"), error.message()));
  }
  const fs::path folder(wanted);
  if (fs::exists(folder, error)) {
    check(fs::is_directory(folder, error), "--out {} is not a folder", quote(wanted));
    const bool empty = fs::is_empty(folder, error);
    check(!error, "cannot look into {}: {}", quote(wanted), error.message());
    if (!empty)
      throw Error(fmt::format("--out {} is not empty\nhelp: name a new folder{}", quote(wanted),
                              fs::exists(Run{folder}.config(), error)
                                  ? fmt::format(", or continue the run in it with: vae resume {}", shell_path(wanted))
                                  : ""));
  } else {
    fs::create_directories(folder, error);
    check(!error, "cannot make the folder {}: {}", quote(wanted), error.message());
  }
  return {folder};
}

Run open_run(const std::string& folder) {
  const Run run{folder};
  std::error_code error;
  const bool is_folder = fs::is_directory(folder, error);
  const bool is_run = is_folder && fs::exists(run.config(), error);
  check(is_run, "{} is not the folder of a run: {}", quote(folder),
        error ? error.message() : is_folder ? "it has no config.json" : "it is no folder");
  return run;
}

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
T told(const Checkpoint& checkpoint, const char* name) {
  const auto found = checkpoint.metadata.find(name);
  check(found != checkpoint.metadata.end(), "{} does not say \"{}\"", name_of(checkpoint), name);
  const std::string& text = found->second;
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  check(error == std::errc() && end == text.data() + text.size(),
        "{} says \"{}\" is {}, which is no number of its kind", name_of(checkpoint), name, quote(text));
  return number;
}
template std::int64_t told(const Checkpoint&, const char*);
template std::uint64_t told(const Checkpoint&, const char*);
template double told(const Checkpoint&, const char*);

std::int64_t finished_epochs(const Checkpoint& checkpoint) {
  const auto epochs = told<std::int64_t>(checkpoint, "epoch");
  check(epochs >= 0, "{} was saved after epoch {}", name_of(checkpoint), epochs);
  return epochs;
}

Checkpoint read_checkpoint(const Run& run, const std::string& which) {
  const fs::path file = run.checkpoint(which);
  std::error_code error;
  check(fs::exists(file, error), "{} does not exist{}", quote(file.native()),
        which == "best" ? "\nhelp: a run keeps its best checkpoint when it is trained with --validation" : "");
  return load_checkpoint(file);
}

Tensor sample_images(const Vae& vae, std::int64_t count, std::uint64_t seed) {
  Rng rng{.seed = seed, .stream = stream::kSamples};
  return vae.decode(normal({count, vae.latent}, rng)).mean();
}

static std::int64_t columns_of(std::int64_t count) { return count <= 10 ? count : count <= 100 ? 10 : 20; }

void check_samples(const Config& config) {
  check_grid(kSamples, config.height, config.width, columns_of(kSamples));
}

void write_samples(const fs::path& file, const Config& config, const Vae& vae, std::int64_t count, std::uint64_t seed) {
  const std::vector<Real> images = sample_images(vae, count, seed).values();
  write_png(file, grid(images, count, config.height, config.width, columns_of(count)));
}

void write_reconstructions(const fs::path& file, const Config& config, const Vae& vae, const Images& images,
                           std::int64_t count) {
  count = std::min(count, images.count);
  std::vector<std::int64_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  const Tensor x = batch_of(images, rows, test_bits(config.binarize));
  const Tensor y = vae.decode(vae.encode(x).mean()).mean();
  write_png(file, pairs(x.values(), y.values(), count, config.height, config.width, std::min<std::int64_t>(count, 10)));
}

}  // namespace gradus::inline GRADUS_FLAVOUR
