#include "nn/state.h"

#include <cmath>

namespace GRADUS {

Tensor detail::state_tensor(const std::map<std::string, Tensor>& source, const std::string& name, const Shape& shape) {
  const auto found = source.find(name);
  check(found != source.end(), "[load] there is no tensor \"{}\"", name);
  check(found->second.shape() == shape, "[load] \"{}\" has shape {}, the module needs {}", name, found->second.shape(),
        shape);
  return detach(found->second);
}

void detail::check_finite(const Tensor& parameter, const std::string& name) {
  const Tensor row_major = detach_contiguous(parameter);
  const Real* numbers = row_major.view().data;
  for (std::int64_t i = 0; i < parameter.numel(); ++i)
    check(std::isfinite(numbers[i]), "[load] the parameter \"{}\" holds {} at element {}", name, numbers[i], i);
}

}  // namespace GRADUS
