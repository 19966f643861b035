// What goes wrong with a training although every number is finite, in plain words: what was seen, where it began, and, in
// a second line, what to try. Each of these gives an empty string where all is well. Settings stand in `backquotes`.
#pragma once

#include "models/training/metrics.h"

namespace GRADUS {

/// "training images 3, 17 and 40 (rows 0, 5 and 9 of the batch)", of more than three the first ones and how many there
/// are. `samples` count within the batch from 0, `rows` says which images these are.
std::string samples_text(std::span<const std::int64_t> samples, std::span<const std::int64_t> rows);

/// Pixels that cannot be meant: all the same, or so dark that the file holds 0 … 1 in bytes; and numbers so far from what
/// a likelihood of fixed width expects that nothing can be learnt of them. It looks at the first 1000 images.
std::string pixel_remark(const Config& config, const Images& images);

/// A KL divergence that explodes, of a batch's mean `kl`: more nats than it would take to send D numbers of 256 levels as
/// they are, and more than a thousand.
bool explodes(double kl, const SampleShape& sample);
/// What is to be said of such a batch in a step of an epoch, both from 1.
std::string kl_remark(double kl, const Bound& bound, std::span<const std::int64_t> rows, const SampleShape& sample,
                      std::int64_t epoch, std::int64_t step);

/// Posterior collapse: after `steps` steps, at least 200, a KL divergence below 0.1 nats that nothing holds there.
std::string collapse_remark(const Config& config, const EpochMetrics& metrics, std::int64_t steps);

/// A codebook of which less than a quarter is used by `images` test images, though ten vectors or more came for each code.
std::string dead_codes_remark(const Vae& vae, const EpochMetrics& metrics, std::int64_t images);

/// Logits beyond ±30 where they are more than one in twenty: sigmoid, and with it the gradient, is flat there. Of the
/// first 100 images, or as many as evaluation takes at once.
std::string logits_remark(const Config& config, const Vae& vae, const Images& images);

}  // namespace GRADUS
