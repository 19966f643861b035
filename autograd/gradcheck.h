// gradcheck: the gradients of a function held against central differences, element by element.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "autograd/functional.h"

namespace GRADUS {

/// What a gradient and its numeric estimate may differ by: rtol·max(|both|) + atol, and what rounding can do to the
/// estimate. atol is meant for gradients of about 1; where all are smaller it shrinks with the largest of them. In the
/// double build the defaults are tight.
struct GradcheckOptions {
  int order = 1;                                            // 2: the gradient's own gradient as well
  Real step = sizeof(Real) == 8 ? Real(1e-3) : Real(3e-2);  // of the difference; keep points 2 steps away from kinks
  double rtol = sizeof(Real) == 8 ? 1e-7 : 1e-2;
  double atol = sizeof(Real) == 8 ? 1e-9 : 1e-2;
  std::int64_t elements = std::numeric_limits<std::int64_t>::max();  // at most so many of each input are looked at
  int retries = 0;  // where an element is off, again with steps of 1/8, 1/64, …: a kink may have been in between
  std::vector<std::string> names = {};  // of the inputs, for the message
};

struct GradcheckResult {
  bool passed = true;
  double worst = 0;                       // the largest difference, as a multiple of what is allowed
  std::string message;                    // where it failed: order, input, element, both numbers; empty when it passed
  std::int64_t checked = 0, unclear = 0;  // elements, of all orders; of them without a verdict, since the last two
                                          // steps do not agree
};

/// Checks d Σ w·f(inputs) / d inputs for fixed random weights w, by the five-point stencil (error of order step⁴)
/// summed in double; at order 2 the same for the gradient as a function of inputs and w. f must be a pure function.
GradcheckResult gradcheck(const TensorFunction& f, std::vector<Tensor> inputs, const GradcheckOptions& options = {});

}  // namespace GRADUS
