// Every op that autograd/ops.h declares, with functions of it and inputs to check its derivatives at: all kinds of
// shapes and layouts, at least ten steps of gradcheck away from kinks.
#pragma once

#include <string>
#include <vector>

#include "autograd/gradcheck.h"

namespace gradus::test {

struct OpCase {
  std::string op;      // as ops.h declares it, by types alone: "pow(Tensor, Real)"
  std::string inputs;  // what is special about them
  TensorFunction f;
  std::vector<Tensor> at;
};

const std::vector<OpCase>& op_table();

}  // namespace gradus::test
