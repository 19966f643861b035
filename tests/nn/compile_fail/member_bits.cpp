// expect: a member is a Tensor, a Buffer, a setting \(a number, enum or string\), a module with members\(auto&& visit\), or a container of those
#include "nn/module.h"

using namespace gradus;

struct Masked {
  std::vector<bool> mask;
  void members(auto&& visit) { visit("mask", mask); }
};

std::vector<Tensor> all(const Masked& masked) { return parameters(masked); }
