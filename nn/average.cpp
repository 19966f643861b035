#include "nn/average.h"

#include "tensor/map.h"

namespace gradus::inline GRADUS_FLAVOUR {

void detail::move_average(Tensor& average, const Tensor& x, double decay) {
  const Batch kept = decay, rest = 1 - decay;
  const View out = average.write();
  kernel::map([=](Batch a, Batch x) { return kept * a + rest * x; }, out, {out, x.view()});
}

}  // namespace gradus::inline GRADUS_FLAVOUR
