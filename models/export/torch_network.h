// A network in Python: the layers and the steps of a PyTorch module whose tensors have the names that ours have.
#pragma once

#include <string>
#include <vector>

#include "models/networks/network.h"

namespace GRADUS {

/// Lines of a class in Python, without indentation.
struct TorchNetwork {
  std::vector<std::string> init;     // of __init__: self.hidden = nn.ModuleList([nn.Linear(784, 500), …
  std::vector<std::string> forward;  // x = F.elu(self.hidden[0](x)) …, where `condition` is the condition
};

/// Names may nest ("hidden.0.norm" is a part of the layer "hidden.0"): what is in both `steps` and `heads` becomes a
/// member; forward goes through `steps`.
TorchNetwork torch_network(const std::vector<Step>& steps, const std::vector<std::vector<Step>>& heads);
/// What one head makes of x, as an expression: "self.mean(x)".
std::string torch_head(const std::vector<Step>& head);

}  // namespace GRADUS
