// The variational autoencoder: a latent, which encodes x as a distribution over codes and prices its draws; a decoder,
// which makes of a code a distribution over x; and the bound on log p(x) that trains both. Kingma, Welling 2013; Géron,
// Hands-On Machine Learning, chapter 17.
//
// K draws, B batch, D data (pixels), H hidden, Z latent.
#pragma once

#include "models/decoder.h"
#include "models/latent.h"
#include "models/objective.h"

namespace GRADUS {

struct Vae {
  Latent latent;    // q(z|x) and p(z)
  Decoder decoder;  // p(x|z)

  void members(auto&& visit) {
    visit("encoder", latent);
    visit("decoder", decoder);
  }
};

/// The bound for a batch by the objective's draws, and by its weighing of them.
Bound bound(const Vae& vae, const Minibatch& batch, const Objective& objective, Context& context);

}  // namespace GRADUS
