// expect: a member is not const, and neither is members\(\)
#include "nn/module.h"

using namespace gradus;

struct Fixed {
  const Tensor weight;
  void members(auto&& visit) { visit("weight", weight); }
};

std::vector<Tensor> all(const Fixed& fixed) { return parameters(fixed); }
