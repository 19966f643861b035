// The kinds of codes, each a file beside this one and a word here.
#pragma once

#include "models/latents/gaussian.h"

namespace GRADUS {

using Codes = Choice<GaussianCode>;

}  // namespace GRADUS
