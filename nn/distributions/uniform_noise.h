// Where draws by inverse distribution functions begin.
#pragma once

#include <limits>

#include "autograd/dual.h"

namespace GRADUS {

/// The least number above 0 that a uniform draw gives: it stands for 0, whose logarithm no draw could bear. The
/// largest is 1 minus as much.
inline constexpr Real kLeastUniform = std::numeric_limits<Real>::epsilon() / 2;

/// A uniform draw inside (0, 1): a number, also where a lambda is differentiated by its arguments.
template <class T>
Batch inside(T u) {
  return max(value(u), Batch(kLeastUniform));
}

}  // namespace GRADUS
