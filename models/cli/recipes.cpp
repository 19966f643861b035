#include "models/cli/recipes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "nn/files/atomic_file.h"
#include "nn/files/input_file.h"
#include "nn/files/quote.h"
#include "tensor/check.h"

namespace GRADUS {

namespace {

constexpr const char* kBook = "github.com/ageron/handson-ml3, 17_autoencoders_gans_and_diffusion_models.ipynb";
constexpr const char* kMeasured = "the same model in PyTorch 1.13, seeds 0 and 1";

#define KERAS "--likelihood gaussian --init glorot --optimizer nadam --epsilon 1e-7 --validation 5000 "
#define SHORT \
  "--binarize dynamic --hidden 200,200 --latent 50 --activation tanh --init glorot --batch-size 100 --epochs 10 "

// clang-format off: a table
const std::vector<Recipe> kRecipes{
    {"book-ae", "fashion-mnist", KERAS "--code point --hidden 100 --latent 30 --activation relu --batch-size 32 --epochs 20",
     {{Quantity::squared_error, 0.0132, 0.0006}}, kBook, 1, "codes are linear here, ReLU in the book"},
    {"book-denoising", "fashion-mnist",
     KERAS "--code point --hidden 100 --latent 30 --activation relu --corrupt dropout --corruption 0.5 --batch-size 32 --epochs 10",
     {{Quantity::squared_error, 0.0166, 0.0012}}, kBook, 1, "codes are linear here, ReLU in the book"},
    {"book-sparse-kl", "fashion-mnist",
     KERAS "--code sparse --sparsity 0.1 --sparsity-weight 0.06125 --hidden 100 --latent 300 --activation relu --batch-size 32 --epochs 10",
     {{Quantity::and_penalty, 0.0099, 0.0006}}, kBook, 1},
    {"book-sparse-l1", "fashion-mnist",
     KERAS "--code sparse --sparsity-penalty l1 --sparsity-weight 0.0392 --hidden 100 --latent 300 --activation relu --batch-size 32 --epochs 10",
     {{Quantity::and_penalty, 0.0111, 0.0006}}, kBook, 1},
    {"book-vae", "fashion-mnist", KERAS "--beta 0.5 --hidden 150,100 --latent 10 --activation relu --batch-size 128 --epochs 25",
     {{Quantity::and_kl, 0.0311, 0.0006}}, kBook, 1},
    {"book-digits", "mnist", "--epochs 50", {{Quantity::elbo_after, -104.4, 0.6, 10}},
     "the same model in PyTorch 1.13 (Géron, Hands-On Machine Learning, second edition, chapter 17, trains it 50 epochs)", 3},
    {"rbm-16", "mnist", "16 hidden units, pixels above 0.5, PCD-1, centred, lr 0.01, batch 100, 50 epochs",
     {{Quantity::exact_log_likelihood, -142.56, 0.7}}, "github.com/MelJan/PyDeep, RBM_MNIST_small.py", 1, "", true},
    {"vae-short", "mnist", SHORT,
     {{Quantity::elbo, -108.1, 1.5}, {Quantity::importance, -103.6, 1.5, 100}}, kMeasured, 1},
    {"iwae5-short", "mnist", SHORT "--objective iwae --samples 5", {{Quantity::importance, -100.2, 1, 100}}, kMeasured, 2},
    {"dreg5-short", "mnist", SHORT "--objective dreg --samples 5", {{Quantity::importance, -99.0, 0.8, 100}}, kMeasured, 2},
    {"cvae-short", "mnist", SHORT "--condition label", {{Quantity::importance, -97.6, 0.8, 100}}, kMeasured, 1},
    {"iaf-short", "mnist", SHORT "--code flow --flow iaf --flow-steps 2 --flow-hidden 200",
     {{Quantity::importance, -102.6, 1, 100}}, kMeasured, 2},
    {"vamp-short", "mnist",
     "--binarize dynamic --hidden 300,300 --latent 40 --activation relu --init glorot --batch-size 100 --epochs 5 --code vamp --pseudo-inputs 500",
     {{Quantity::importance, -97.0, 1.5, 100}}, kMeasured, 2},
    {"vamp-full", "mnist",
     "--binarize static --validation 10000 --hidden 300,300 --latent 40 --activation relu --init he --lr 5e-4 --batch-size 100 --epochs 2000 --code vamp --pseudo-inputs 500",
     {{Quantity::importance, -85.57, 1, 5000}}, "Tomczak, Welling 2018, and its re-runs (-85.79, -87.42)", 600,
     "layers are ReLU here, gated there"},
    {"pytorch-vae", "mnist", "--hidden 400 --latent 20 --activation relu --init fan-in --batch-size 128 --epochs 10",
     {{Quantity::elbo, -105.7, 0.6}}, "github.com/pytorch/examples, vae, run in PyTorch 1.13 with six seeds", 1},
    {"flax-vae", "mnist", "--binarize static --hidden 500 --latent 20 --activation relu --init glorot --batch-size 128 --epochs 10",
     {{Quantity::elbo, -104, 1}}, "github.com/google/flax, examples/vae/README.md", 1,
     "weights begin by Glorot here, by LeCun there, and bits are drawn by us"},
    {"altosaar", "mnist",
     "--binarize static --validation 10000 --hidden 256,256 --latent 128 --head sigma --activation relu --init fan-in --optimizer rmsprop --lr 1e-3 --batch-size 128 --epochs 166",
     {{Quantity::elbo, -103.31, 1}, {Quantity::importance, -97.10, 1, 128}},
     "github.com/altosaar/variational-autoencoder, README.md", 10,
     "RMSprop is centred there and not here, and bits are drawn by us"},
    {"burda-vae", "mnist",
     "--binarize dynamic --validation 400 --hidden 200,200 --latent 50 --activation tanh --init glorot --optimizer adam --epsilon 1e-4 --schedule cosine --batch-size 20 --epochs 3280",
     {{Quantity::importance, -86.76, 1, 5000}}, "Burda, Grosse, Salakhutdinov 2015, table 1", 110,
     "its rate falls by a cosine here, in eight steps there, where Adam's second moments begin at 1"},
    {"burda-iwae5", "mnist",
     "--binarize dynamic --validation 400 --hidden 200,200 --latent 50 --activation tanh --init glorot --objective iwae --samples 5 --optimizer adam --epsilon 1e-4 --schedule cosine --batch-size 20 --epochs 3280",
     {{Quantity::importance, -85.54, 0.5, 5000}}, "Burda, Grosse, Salakhutdinov 2015, table 1", 330,
     "its rate falls by a cosine here, in eight steps there, where Adam's second moments begin at 1"},
    {"cb-short", "mnist",
     "--likelihood continuous-bernoulli --lambda-clip 1e-4 --dequantize uniform --hidden 500,500 --latent 20 --activation relu --init glorot --batch-size 128 --epochs 10",
     {{Quantity::elbo, 1463.6, 15}}, kMeasured, 1},
    {"grey-dl", "mnist",
     "--likelihood discretized-logistic --hidden 400 --latent 20 --activation relu --init glorot --batch-size 128 --epochs 10",
     {{Quantity::bits_per_dimension, 1.86, 0.06}}, kMeasured, 1},
    {"vqvae-keras", "mnist",
     "--network conv --channels 32,64 --code codebook --codebook-size 128 --codebook-update loss --commitment 0.25 --latent 16 --activation relu --init glorot --likelihood gaussian --batch-size 128 --epochs 30",
     {{Quantity::relative_error, 0.0444, 0.005}}, "keras.io/examples/generative/vq_vae", 12,
     "there the codebook's loss is a mean over dimensions beside a mean over pixels, here both are sums"},
    {"bbans-bits", "mnist",
     "--binarize static --hidden 100 --latent 40 --activation relu --head sigma --init glorot --batch-size 100 --epochs 20",
     {{Quantity::compressed, 0.196, 0.003}}, "github.com/bits-back/bits-back, the weights that come with it", 1,
     "bits are drawn by us"},
    {"anomaly-mnist", "mnist", "--hidden 400 --latent 20 --activation relu --init fan-in --batch-size 128 --epochs 5",
     {{Quantity::left_out_auroc, 0.908, 0.05, 1, 0},
      {Quantity::left_out_auroc, 0.053, 0.05, 1, 1},
      {Quantity::left_out_auroc, 0.509, 0.05, 1, 7},
      {Quantity::left_out_auroc, 0.508, 0.05, 1, 9}},
     kMeasured, 3},
};
// clang-format on

nlohmann::ordered_json json_of(const Recipe& recipe, const RecipeRun& run) {
  nlohmann::ordered_json json{{"seed", run.seed}, {"values", nlohmann::ordered_json::array()}};
  for (std::size_t t = 0; t < recipe.targets.size(); ++t)
    json["values"].push_back({{"quantity", name_of(recipe.targets[t])},
                              {"published", recipe.targets[t].published},
                              {"tolerance", recipe.targets[t].tolerance},
                              {"measured", run.measured[t]}});
  json["met"] = met(recipe, run);
  json["minutes"] = run.minutes;
  json["by"] = run.by;
  return json;
}

}  // namespace

std::span<const Recipe> recipes() { return kRecipes; }

bool met(const Recipe& recipe, const RecipeRun& run) {
  for (std::size_t t = 0; t < recipe.targets.size(); ++t)
    if (!(std::abs(run.measured.at(t) - recipe.targets[t].published) <= recipe.targets[t].tolerance)) return false;
  return true;
}

std::string name_of(const Target& target) {
  switch (target.quantity) {
    case Quantity::elbo: return "test ELBO";
    case Quantity::importance: return fmt::format("test log-likelihood, K = {}", target.draws);
    case Quantity::bits_per_dimension: return "test bits per dimension";
    case Quantity::elbo_after: return fmt::format("test ELBO after epoch {}", target.draws);
    case Quantity::squared_error: return "squared error, held out";
    case Quantity::and_penalty: return "squared error and penalty, held out";
    case Quantity::and_kl: return "squared error and KL/D, held out";
    case Quantity::relative_error: return "squared error over variance, training images";
    case Quantity::compressed: return "compressed test images, bits per dimension";
    case Quantity::left_out_auroc: return fmt::format("AUROC of -ELBO, without {}", target.without);
    case Quantity::exact_log_likelihood: return "test log-likelihood, exact";
  }
  throw Error("[recipes] a quantity without a name");
}

std::vector<RecipeRun> read_log(const std::string& folder, const Recipe& recipe) {
  const auto file = std::filesystem::path(folder) / fmt::format("{}.json", recipe.name);
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return {};
  try {
    const auto json = nlohmann::json::parse(read_file(file, 1 << 24));
    // A log of other settings says nothing about these.
    check(json.at("recipe") == recipe.name && json.at("settings") == recipe.settings,
          "{} is of other settings than the recipe's", quote(file.native()));
    std::vector<RecipeRun> runs;
    for (const auto& run : json.at("runs")) {
      RecipeRun& read = runs.emplace_back();
      read.seed = run.at("seed");
      for (const auto& value : run.at("values")) read.measured.push_back(value.at("measured"));
      read.minutes = run.at("minutes");
      read.by = run.at("by");
      check(read.measured.size() == recipe.targets.size(), "{} measures other quantities than the recipe",
            quote(file.native()));
    }
    return runs;
  } catch (const nlohmann::json::exception&) {
    throw Error(fmt::format("{} is not the log of a recipe", quote(file.native())));
  }
}

void write_log(const std::string& file, const Recipe& recipe, const RecipeRun& run) {
  const std::filesystem::path path = file;
  std::vector<RecipeRun> runs = read_log(path.parent_path().empty() ? "." : path.parent_path().native(), recipe);
  std::erase_if(runs, [&](const RecipeRun& other) { return other.seed == run.seed; });
  runs.push_back(run);
  std::ranges::sort(runs, {}, &RecipeRun::seed);
  nlohmann::ordered_json json{
      {"recipe", recipe.name}, {"data", recipe.data}, {"settings", recipe.settings}, {"source", recipe.source}};
  if (*recipe.but) json["but"] = recipe.but;
  json["runs"] = nlohmann::ordered_json::array();
  for (const RecipeRun& each : runs) json["runs"].push_back(json_of(recipe, each));
  write_file_atomically(path, json.dump(1) + '\n');
}

std::string shelf(const std::string& folder, bool markdown) {
  std::string text;
  if (markdown) text = "| recipe | quantity | published | measured, by seed | |\n|---|---|---|---|---|\n";
  for (const Recipe& recipe : recipes()) {
    const std::vector<RecipeRun> runs = read_log(folder, recipe);
    const bool all = std::ranges::all_of(runs, [&](const RecipeRun& run) { return met(recipe, run); });
    const std::string verdict = runs.empty() ? fmt::format("not run, {:.0f} min", recipe.minutes)
                                : all        ? "met"
                                             : "missed";
    for (std::size_t t = 0; t < recipe.targets.size(); ++t) {
      const Target& target = recipe.targets[t];
      std::string measured;
      for (const RecipeRun& run : runs)
        measured += fmt::format("{}{:.{}f}",
                                measured.empty() ? ""
                                : markdown       ? " / "
                                                 : "  ",
                                run.measured[t], std::abs(target.published) < 1 ? 4 : 2);
      const std::string published = fmt::format("{} ± {}", target.published, target.tolerance);
      if (markdown)
        text += fmt::format("| {} | {} | {} | {} | {} |\n", t == 0 ? fmt::format("`{}`", recipe.name) : "",
                            name_of(target), published, measured, t == 0 ? verdict : "");
      else
        text += fmt::format("{:<16} {:<46} {:<18} {:<30} {}\n", t == 0 ? recipe.name : "", name_of(target), published,
                            measured, t == 0 ? verdict : "");
    }
  }
  return text;
}

}  // namespace GRADUS
