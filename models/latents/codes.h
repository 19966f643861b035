// The kinds of codes, each a file beside this one and a word here.
#pragma once

#include "models/latents/codebook.h"
#include "models/latents/flow.h"
#include "models/latents/gaussian.h"
#include "models/latents/laplace.h"
#include "models/latents/point.h"
#include "models/latents/sparse.h"
#include "models/latents/two_layer.h"
#include "models/latents/vamp.h"

namespace GRADUS {

using Codes = Choice<GaussianCode, PointCode, SparseCode, FlowCode, VampCode, TwoLayerCode, CodebookCode, LaplaceCode>;

/// "a Gaussian fitted to the codes of the training images": what new codes are drawn from, of kinds that say so as
/// kSampled; null where it is p(z).
const char* sampled_from(const Codes& codes);
/// Whether codes are chosen from a set, of kinds that say so as kDiscrete: there is nothing between them.
bool is_discrete(const Codes& codes);
/// Before a new training on so many images: what depends on their number, of kinds with settle(images).
void settle(Codes& codes, std::int64_t images);

}  // namespace GRADUS
