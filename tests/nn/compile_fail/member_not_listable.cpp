// expect: a member is a Tensor, a Buffer, a setting, a module with members\(auto&& visit\), or a container
#include "nn/module.h"

using namespace gradus;

struct Tied {
  Tensor* weight;
  void members(auto&& visit) { visit("weight", weight); }
};

std::vector<Tensor> all(const Tied& tied) { return parameters(tied); }
