// expect: a member is a Tensor, a Buffer, a setting, a module with members\(auto&& visit\), or a container of those; it is not const
#include "nn/module.h"

using namespace gradus;

struct Masked {
  std::vector<bool> mask;
  void members(auto&& visit) { visit("mask", mask); }
};

std::vector<Tensor> all(const Masked& masked) { return parameters(masked); }
