#include "nn/lengths.h"

#include <algorithm>

#include "autograd/elementwise.h"

namespace GRADUS::detail {

Tensor inside_lengths(const char* op, const Indices& lengths, std::int64_t samples, std::int64_t steps) {
  check(lengths.shape == Shape{samples}, "[{}] lengths of shape {} are not one for each of {} samples", op,
        lengths.shape, samples);
  lengths.check_filled(op);
  for (const std::int64_t length : lengths.values)
    check(length >= 0 && length <= steps, "[{}] a length of {} is not from 0 to the {} steps of the input", op, length,
          steps);
  if (std::ranges::all_of(lengths.values, [&](std::int64_t length) { return length == steps; })) return Tensor();
  Tensor inside({samples, steps, 1});
  Real* out = inside.write().data;
  for (const std::int64_t length : lengths.values) {
    std::fill_n(std::fill_n(out, length, Real(1)), steps - length, Real(0));
    out += steps;
  }
  return inside;
}

Tensor zero_outside(const Tensor& x, const Tensor& inside) {
  return elementwise<"zero_outside">([](auto x, auto inside) { return where(inside > 0, x, 0); }, x, inside);
}

}  // namespace GRADUS::detail
