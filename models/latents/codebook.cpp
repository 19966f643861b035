#include "models/latents/codebook.h"

#include <cmath>

namespace GRADUS {

Tensor CodebookLatent::vectors(const Minibatch& batch, Context& context) const {
  Tensor h = network(batch.x, batch.condition, context);
  const std::int64_t B = h.shape()[0], P = table.places();
  if (h.rank() == 4) h = transpose(reshape(h, {B, h.shape()[1], P}));  // (B, P, C)
  return reshape(head(h), {B, P, table.table().extent(-1)});
}

Tensor CodebookLatent::as_maps(const Tensor& codes) {
  return reshape(transpose(codes), {codes.shape()[0], codes.shape()[1] * codes.shape()[2]});
}

void CodebookLatent::begin(const Minibatch& images) {
  Rng unused;
  Context context{.training = false, .rng = unused};
  table.begin(vectors(images, context));
}

void CodebookLatent::tally(const Minibatch& batch, std::vector<double>& counts, Context& context) const {
  counts.resize(table.settings.size);
  for (const std::int64_t code : table.nearest(vectors(batch, context)).values) ++counts[code];
}

std::vector<Figure> CodebookLatent::figures(const std::vector<double>& counts) const {
  double used = 0, all = 0, entropy = 0;
  for (const double n : counts) {
    used += n > 0;
    all += n;
  }
  for (const double n : counts)
    if (n > 0) entropy -= n / all * std::log(n / all);
  return {{"used_codes", used}, {"perplexity", std::exp(entropy)}};
}

Latent CodebookCode::make(Network network, const NetworkPlan& plan, Rng& rng) const {
  const Shape features = network.out();
  const std::int64_t P = plan.places.numel();
  Linear head = features.rank() == 3 ? Linear(features[0], plan.latent, plan.init, rng)
                                     : Linear(features.numel(), checked_mul(P, plan.latent), plan.init, rng);
  CodeTable codes(table, P, plan.latent, plan.init, rng);
  return CodebookLatent{std::move(network), std::move(head), std::move(codes), commitment};
}

}  // namespace GRADUS
