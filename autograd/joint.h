// What functions as ops share: inputs under ids of their own, and one VJP for all inputs together.
#pragma once

#include <span>

#include "autograd/op.h"

namespace GRADUS::detail {

/// The same numbers under new ids, still depending on x to the tapes that are active.
std::vector<Tensor> renamed(std::span<const Tensor> x);

/// Zeros in the shapes of x.
std::vector<Tensor> zeros_like(std::span<const Tensor> x);

/// y under a new id. Error when a tape knows y, which `op` has computed from detached inputs: then a function has
/// captured a tensor whose derivative would be lost.
Tensor untracked(const char* op, const Tensor& y);

/// dx under a new id, computed from the tensors of `from`: an Error, in the name of `op`, to whoever differentiates it.
Tensor without_derivative(const char* op, const Tensor& dx, std::span<const Tensor> from);

/// A stand-in for the inputs taken together, a vector with an element for each of theirs: an op whose derivative by all
/// of them is computed at once takes it as its one argument. It has ids for tapes, and no numbers to be read.
Tensor bundle(std::span<const Tensor> inputs);
/// The gradient of a bundle from the gradients of its inputs; Error, in the name of `op`, when their number or shapes
/// are not those of the inputs.
Tensor bundled(const char* op, std::span<const Tensor> gradients, std::span<const Tensor> inputs);

}  // namespace GRADUS::detail
