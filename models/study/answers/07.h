// Your answer to lesson 7. Replace the line that throws.
#pragma once

/// x summed over the axes along which `shape` would be repeated to give x's shape.
inline Tensor summed_to(const Tensor& /*x*/, const Shape& /*shape*/) { throw Todo{"write `summed_to`"}; }
