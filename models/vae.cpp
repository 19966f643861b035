#include "models/vae.h"

#include <cmath>

namespace GRADUS {

namespace {

// The mean over draws, where there are several: (K, …) -> (…).
Tensor mean_of_draws(const Tensor& x) { return x.shape()[0] == 1 ? reshape(x, x.shape().without(0)) : mean(x, 0); }

// log w, (K, B).
Tensor log_weights(const Tensor& log_p, const Draw& q) { return log_p - sum(*q.kl, -1); }

}  // namespace

Bound bound(const Vae& vae, const Minibatch& batch, const Objective& objective, Context& context) {
  Price price = objective.price();
  const Minibatch seen = corrupted(batch, objective.corrupt, context);
  if (objective.kind.is<DregObjective>()) {  // a first look, for the weights alone
    const Pause no_derivatives;
    Rng same = context.rng;
    Context first{context.training, same};
    const Vae copy = vae;  // so that what training leaves in buffers is left once
    const Draw q = copy.latent.draw(seen, objective.samples, price, first);
    price.pull = softmax(log_weights(copy.decoder.log_likelihood(batch, q.z, first), q), 0);
  }
  const Draw q = vae.latent.draw(seen, objective.samples, price, context);  // q(z|x), K draws
  const Tensor log_p = vae.decoder.log_likelihood(batch, q.z, context);     // log p(x|z), (K, B)
  Bound bound{.log_likelihood = mean_of_draws(log_p), .kl = q.kl, .penalty = q.penalty};
  if (q.kl && q.kl->rank() == 3) bound.kl = mean_of_draws(*q.kl);
  if (objective.weighs()) {
    const Tensor log_w = log_weights(log_p, q);
    bound.weighed = logsumexp(log_w, 0) - std::log(static_cast<Real>(objective.samples));
  }
  return bound;
}

}  // namespace GRADUS
