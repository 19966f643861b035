// Ways from one code to another.
#pragma once

#include "tensor/tensor.h"

namespace GRADUS {

/// line: straight. sphere: the angle between the codes is passed evenly and their norm changes evenly, so that a path
/// between codes as far from the origin as draws of a Gaussian are stays as far (White 2016); straight where there is no
/// such angle, for a code is 0 or they lie opposite.
enum class Path { line, sphere };

/// (steps, Z): from a to b, both (Z), which are its first and last row. Error for fewer than two steps.
Tensor path_between(const Tensor& a, const Tensor& b, std::int64_t steps, Path path);

}  // namespace GRADUS
