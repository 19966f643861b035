// expect: a layer is a struct that can be copied
#include "nn/sequential.h"

using namespace gradus;

struct Owning {
  std::unique_ptr<Tensor> gain;
  Tensor operator()(const Tensor& x) const { return x; }
  void members(auto&& visit) { visit("gain", *gain); }
};

Layer layer() { return Owning{}; }
