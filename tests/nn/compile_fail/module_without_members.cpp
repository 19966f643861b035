// expect: a member is a Tensor, a Buffer, a setting, a module with members\(auto&& visit\), or a container
#include "nn/module.h"

using namespace gradus;

struct Scale {
  Tensor gain;
};

std::vector<Tensor> all(const Scale& scale) { return parameters(scale); }
