// expect: a member is not a pointer, of which a copied module would share what it points at: a Layer \(nn/sequential.h\) holds any
#include <memory>

#include "nn/linear.h"

using namespace gradus;

struct Owning {
  std::unique_ptr<Linear> inner;
  void members(auto&& visit) { visit("inner", inner); }
};

std::vector<Tensor> all(const Owning& owning) { return parameters(owning); }
