// A model as the page runs it: the steps of its two networks as JSON, their tensors among packed numbers.
#pragma once

#include "models/explore/numbers.h"
#include "models/model.h"

namespace GRADUS {

/// {"encoder": [step, …] or null, "decoder": [step, …], "mean": {…}}. A step has a name of its kind, the settings of that
/// kind, the shape of a sample after it and its tensors. Weights go as `weights`, all else as f32. Dropout is left out.
/// The encoder goes as far as the code; null when the latent's does not list its steps. Error when the decoder does not,
/// or the page does not know the likelihood.
std::string model_json(const Vae& vae, const ModelSettings& settings, PackedNumbers::Type weights,
                       PackedNumbers& numbers);

}  // namespace GRADUS
