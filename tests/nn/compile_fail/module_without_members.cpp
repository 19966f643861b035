// expect: a struct that is a member lists its own, settings too, in public: void members\(auto&& visit\)
#include "nn/module.h"

using namespace gradus;

struct Scale {
  Tensor gain;
};

std::vector<Tensor> all(const Scale& scale) { return parameters(scale); }
