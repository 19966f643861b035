#include "models/networks/dense.h"

namespace GRADUS {

Network Dense::encoder(const NetworkPlan& plan, Rng& rng) const {
  NetworkBuilder to({plan.data()}, plan.init, rng);
  return add_hidden(to.join(plan.condition), hidden, plan, layers).build();
}

Network Dense::decoder(const NetworkPlan& plan, Rng& rng) const {
  NetworkBuilder to({plan.code_size()}, plan.init, rng);
  add_hidden(to.join(plan.condition), {hidden.rbegin(), hidden.rend()}, plan, layers);
  return to.linear("output", checked_mul(plan.data(), plan.numbers)).build();
}

}  // namespace GRADUS
