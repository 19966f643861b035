// A model for PyTorch: its tensors as a safetensors file, and the module that they load into as a Python file to read.
#pragma once

#include <filesystem>

#include "models/training/config.h"
#include "models/vae.h"
#include "nn/files/checkpoint.h"

namespace GRADUS {

/// model.py: the classes Encoder, Decoder and Vae, and load(), which reads model.safetensors beside it and needs nothing
/// but torch. Tensors have the names that they have here. Encoder gives what the latent's heads give, Decoder what the
/// likelihood takes, and Decoder.mean the mean of p(x|z).
///
/// SettingError naming the kind of code whose encoder does more than a list of steps, or whose tensors are not all those
/// of steps; Error when the decoder does not list its steps or the likelihood's mean is not known.
std::string torch_module(const Vae& vae, const Config& config);

/// model.py and model.safetensors in that folder, which is made unless it is there. Error also when they cannot be
/// written.
void export_torch(const std::filesystem::path& folder, const Vae& vae, const Config& config);

}  // namespace GRADUS
