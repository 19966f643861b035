// expect: a layer can be copied: instead of a unique_ptr it holds a Layer \(nn/sequential.h\)
#include "nn/sequential.h"

using namespace gradus;

struct Owning {
  std::unique_ptr<Tensor> gain;
  Tensor operator()(const Tensor& x) const { return x; }
  void members(auto&& visit) { visit("gain", *gain); }
};

Layer layer() { return Owning{}; }
