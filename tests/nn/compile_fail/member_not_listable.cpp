// expect: a member is not a pointer, of which a copied module would share what it points at: a Layer \(nn/sequential.h\) holds any
#include "nn/module.h"

using namespace gradus;

struct Tied {
  Tensor* weight;
  void members(auto&& visit) { visit("weight", weight); }
};

std::vector<Tensor> all(const Tied& tied) { return parameters(tied); }
