// What verbs have in common: a run and its model, threads, pictures, other data.
#pragma once

#include "models/cli/parse.h"
#include "models/settings.h"
#include "models/training/run.h"
#include "tensor/parallel.h"

namespace GRADUS {

struct ThreadsOption {
  std::optional<std::int64_t> threads{};

  void settings(auto&& is) { is("threads", threads, IntegerRange{1, 256}, "the results do not depend on it"); }
  void apply() const { set_threads(static_cast<int>(threads.value_or(available_threads()))); }
};

/// RUN, and which of its checkpoints.
struct RunOption {
  std::string folder;
  std::string which = "last";

  void settings(auto&& is) {
    argument(is);
    is("checkpoint", which, "last: the newest; best: by the bound; epoch-N: one that was kept");
  }
  void argument(auto&& is) { is.argument("RUN", folder, "the folder of a run"); }
  /// UsageError when there is no such name.
  const std::string& checkpoint_name() const;
};

/// A run that was opened to be looked at.
struct Opened {
  Run run;
  Config config;
  Position at;  // of the checkpoint
  Vae vae;
};
Opened open(const RunOption& option);

/// A picture to be written.
struct PictureOption {
  std::string out;

  void settings(auto&& is, const char* help) { is("out", out, help); }
  /// UsageError unless it is called one: nobody means to draw over a checkpoint.
  void check() const;
  /// Also unless it is one of the kind that the run makes: a picture, or a table.
  void check(const Config& config) const;
  std::filesystem::path or_else(const std::filesystem::path& usual) const {
    return out.empty() ? usual : std::filesystem::path(out);
  }
};

/// Test images: the run's own, or others.
struct OtherData {
  std::string data;
  enum class Transpose { as_trained, no, yes } transpose = Transpose::as_trained;

  void settings(auto&& is) {
    is("data", data, "other data, of any kind that train takes (default: the run's own)");
    offer_transpose(is);
  }
  void offer_transpose(auto&& is) {
    static constexpr Word<Transpose> kTranspose[] = {
        {"as-trained", Transpose::as_trained}, {"no", Transpose::no}, {"yes", Transpose::yes}};
    is("transpose", transpose, kTranspose, "swap the rows and columns of every image");
  }
  /// The test images of the data named, or else of the run's own, which must be what it was.
  Images test_images(const Config& config) const;
  /// One of its sets; of data named that are not parted in two, `whole` takes all. The run's selection of labels is that of
  /// its own data, when they are not named. `label_column`: of a table, its labels, beside those that the model is told.
  Images images(const Config& config, Split split, bool whole, const std::string& label_column = "") const;
  /// Whether the data named are where the run's own are.
  bool is_own(const Config& config) const;
};

/// load_dataset and load_images, whose sentences name settings as flags.
Dataset load_spoken(const std::string& where, const Taking& taking);
Images load_spoken(const std::string& where, Split split, const Taking& taking);

/// Where the data of a run is, to be found from anywhere.
std::string place_of(const std::string& data);
/// What config.json is to hold. Error when that cannot be read as what it was.
std::string text_of(const Config& config);
/// "epoch 3", "epoch 3 and 117 steps"
std::string progress_of(const Position& at);

}  // namespace GRADUS
