// Ops against PyTorch's word on their values, gradients and the gradients of those.
#pragma once

#include <doctest/doctest.h>

#include <set>

#include "autograd/functional.h"
#include "tests/golden/golden.h"

namespace gradus::test {

/// Each of `functions` by its name in a file that was written with `case` of make_conv.py; the two name the same ones.
inline void check_twice(const Golden& golden, const std::map<std::string, TensorFunction>& functions) {
  std::set<std::string> met;
  for (const std::string& name : golden.names_with("/value")) {
    const auto found = functions.find(name);
    REQUIRE_MESSAGE(found != functions.end(), "no function for ", name);
    met.insert(name);
    const std::vector<Tensor> inputs = golden.list(name + "/in"), directions = golden.list(name + "/direction");
    Tape outer(inputs);
    Tensor along = sum(inputs[0]) * 0;  // where a gradient depends on nothing, there is nothing else
    {
      Tape tape(inputs);
      const Tensor value = found->second(inputs);
      CHECK_MESSAGE(distance(value, golden[name + "/value"]) <= kGoldenBound, name);
      const std::vector<Tensor> gradients = tape.gradient(sum(value * golden[name + "/weight"]));
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        CHECK_MESSAGE(distance(gradients[i], golden.list(name + "/gradient")[i]) <= kGoldenBound, name, ", gradient ",
                      i);
        along = along + sum(gradients[i] * directions[i]);
      }
    }
    const std::vector<Tensor> seconds = outer.gradient(along);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      CHECK_MESSAGE(distance(seconds[i], golden.list(name + "/second")[i]) <= kGoldenBound, name, ", second order ", i);
  }
  CHECK(met.size() == functions.size());
}

}  // namespace gradus::test
