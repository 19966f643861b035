// The shelf of published figures, each with the settings that it was made with: what `vae reproduce` runs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tensor/real.h"

namespace GRADUS {

/// What is measured of a trained model.
enum class Quantity {
  elbo,                  // of the test images, nats
  importance,            // the same by importance sampling, `draws` of each
  bits_per_dimension,    // of the bound on the test images
  elbo_after,            // the ELBO in metrics.csv after epoch `draws`
  squared_error,         // per pixel, of the images held out
  and_penalty,           // that and the penalty, as Keras reports the loss: 2/D · nats
  and_kl,                // that and KL/D
  relative_error,        // of the training images: their squared error over the variance of all their pixels
  compressed,            // bits per dimension of the compressed test images, net of what the first ones were lent
  left_out_auroc,        // how well the negative ELBO of grey pixels tells the test images of the class left out
  exact_log_likelihood,  // of a Boltzmann machine's test images, nats
};

struct Target {
  Quantity quantity;
  double published, tolerance;
  std::int64_t draws = 1;
  int without = -1;  // the class that its training left out; targets that leave out another are of another training
};

struct Recipe {
  const char* name;
  const char* data;      // "mnist", "fashion-mnist"
  const char* settings;  // as `train` takes them
  std::vector<Target> targets;
  const char* source;    // of the figures
  double minutes;        // on two processor cores, as estimated; above 60, only by whoever has the time
  const char* but = "";  // what is not as it was published
  bool rbm = false;      // a restricted Boltzmann machine, which `train` does not know
};

std::span<const Recipe> recipes();

// ----- the log of a recipe's runs, which can be committed ------------------------------------------------------------

/// What one run arrived at.
struct RecipeRun {
  std::uint64_t seed = 0;
  std::vector<double> measured;  // as the recipe's targets
  double minutes = 0;
  std::string by;  // the version, its number type and instruction set
};

/// Whether all targets are met.
bool met(const Recipe& recipe, const RecipeRun& run);
/// "ELBO", "importance-sampled log-likelihood, K = 100"
std::string name_of(const Target& target);

/// NAME.json in that folder. None when there is no such file; Error when it is not the log of that recipe.
std::vector<RecipeRun> read_log(const std::string& folder, const Recipe& recipe);
/// Puts the run into the file, in place of that of the same seed.
void write_log(const std::string& file, const Recipe& recipe, const RecipeRun& run);

/// The shelf as a table, met, missed and not run, by the logs in that folder; as Markdown for a README.
std::string shelf(const std::string& folder, bool markdown);

}  // namespace GRADUS
