// How a model comes back out of the folder of its run, and the pictures that it draws.
#pragma once

#include "models/data/dataset.h"
#include "models/training/config.h"
#include "models/training/position.h"
#include "models/training/run_folder.h"
#include "nn/state.h"

namespace GRADUS {

/// Of a run, or from a config.json wherever it is. Error naming the file when it is not one.
Config read_config(const Run& run);
Config read_config(const std::filesystem::path& file);

Checkpoint read_checkpoint(const Run& run, const std::string& which);
/// The last, or one whose epoch is still to be measured. To be called by whoever has the run's lock.
Checkpoint newest_checkpoint(const Run& run);
/// A model of that configuration with the weights that a training begins with.
Vae new_vae(const Config& config);
/// What the names of the average's tensors begin with in a checkpoint of a training that keeps one.
inline constexpr const char* kAveraged = "average.";
/// A model of that configuration with the parameters of a checkpoint whose names begin with `prefix`, by default those
/// to be used: the average where there is one. Error when they do not fit.
Vae load_vae(const Config& config, const Checkpoint& checkpoint, const std::string& prefix);
Vae load_vae(const Config& config, const Checkpoint& checkpoint);
/// New images, (count, D): the mean of p(x|z) for z drawn from the prior, decoded so many at once, under their condition,
/// (count, C), if there is one. NumericError, here and below, when the images are not finite.
std::vector<Real> sample_images(const Vae& vae, std::int64_t count, std::uint64_t seed, std::int64_t at_once,
                                const std::optional<Tensor>& condition = {});
inline constexpr std::int64_t kPictured = 60;  // new images in the samples.png of a training
/// Error when images of the model's size are too large for that picture.
void check_samples(const Config& config);
/// In how many columns so many samples stand: of a conditional model so many that each label has its row.
std::int64_t sample_columns(std::int64_t count, const Config& config, std::optional<std::int64_t> label);
/// samples.png: `count` new images in a grid; of a conditional model all of one label, or a row of each label in turn. Like
/// reconstructions, it takes no more memory at once than evaluation does, beside the picture itself. Error when the model
/// does not know the label.
/// Of a model of tables it is samples.csv, in the table's own units.
void write_samples(const std::filesystem::path& file, const Config& config, const Vae& vae, std::int64_t count,
                   std::uint64_t seed, std::optional<std::int64_t> label = {});
/// reconstructions.png: the first `count` images over the mean of p(x|z) at the mean of q(z|x). Of tables it is
/// reconstructions.csv, in whose first column stands whether a row is of the data or of the model.
void write_reconstructions(const std::filesystem::path& file, const Config& config, const Vae& vae,
                           const Images& images, std::int64_t count);

}  // namespace GRADUS
