// One step of the VAE as Explain sees it, and the plane of its codes: for lesson 14.
#pragma once

#include <map>
#include <string>

#include "autograd/explain.h"

namespace study {

/// The nodes of a step by their name, or else by their op (the last of several).
using Explained = std::map<std::string, gradus::ExplainedNode>;
Explained first_step(std::int64_t batch);

/// Test images as their digits, where a VAE puts them that was trained for so many steps: 50 columns, 22 rows.
std::string latent_plane(int steps);

}  // namespace study
