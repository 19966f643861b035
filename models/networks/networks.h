// The kinds of networks, each a file beside this one and a word here.
#pragma once

#include "models/networks/conv.h"
#include "models/networks/dense.h"

namespace GRADUS {

using Networks = Choice<Dense, Conv>;

}  // namespace GRADUS
