// expect: a member is a Tensor, a Buffer, a setting, a module with members\(auto&& visit\), or a container of those; it is not const
#include "nn/module.h"

using namespace gradus;

struct Fixed {
  const Tensor weight;
  void members(auto&& visit) { visit("weight", weight); }
};

std::vector<Tensor> all(const Fixed& fixed) { return parameters(fixed); }
