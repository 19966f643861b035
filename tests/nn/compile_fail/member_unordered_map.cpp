// expect: a map of members is a std::map with std::string keys, which give names and order
#include <unordered_map>

#include "nn/linear.h"

using namespace gradus;

struct Experts {
  std::unordered_map<std::string, Linear> experts;
  void members(auto&& visit) { visit("experts", experts); }
};

std::vector<Tensor> all(const Experts& experts) { return parameters(experts); }
