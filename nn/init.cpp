#include "nn/init.h"

#include <cmath>

#include "autograd/ops.h"

namespace GRADUS {

Tensor uniform(const Shape& shape, Real low, Real high, Rng& rng) { return low + uniform(shape, rng) * (high - low); }

Tensor initial_weight(Init init, const Shape& shape, std::int64_t fan_in, std::int64_t fan_out, Rng& rng) {
  check(fan_in > 0 && fan_out > 0, "[init] a layer of {} inputs and {} outputs has no weights", fan_in, fan_out);
  const double in = static_cast<double>(fan_in), out = static_cast<double>(fan_out);
  switch (init) {
    case Init::variance_scaling: return truncated_normal(shape, 2, rng) * static_cast<Real>(std::sqrt(1.3 * 2 / in));
    case Init::he: return normal(shape, rng) * static_cast<Real>(std::sqrt(2 / in));
    case Init::glorot: {
      const auto bound = static_cast<Real>(std::sqrt(6 / (in + out)));
      return uniform(shape, -bound, bound, rng);
    }
    case Init::fan_in: {
      const auto bound = static_cast<Real>(1 / std::sqrt(in));
      return uniform(shape, -bound, bound, rng);
    }
    case Init::none: return detach(zeros({1}), shape, {});
  }
  throw Error("[init] unknown scheme");
}

Tensor initial_bias(Init init, std::int64_t n, std::int64_t fan_in, Rng& rng) {
  return init == Init::fan_in || init == Init::none ? initial_weight(init, {n}, fan_in, n, rng) : zeros({n});
}

}  // namespace GRADUS
