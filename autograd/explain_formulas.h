// What ops compute and what their VJPs give, in the signs of mathematics, for people who click on them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tensor/real.h"

namespace GRADUS {

struct Formulas {
  std::string value;              // of arguments a, b, …, or x
  std::vector<std::string> vjps;  // by each, of g = d loss / d value
  std::string any;                // by the others
};
/// Those of an op of so many tensors.
const Formulas& formulas(std::string_view op, std::size_t arguments);

}  // namespace GRADUS
