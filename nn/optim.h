// Optimisers: the class Optimizer and the rules that are built in. A new rule is a file in nn/optim/, named here and in
// nn/optim/rules.cpp.
#pragma once

#include "nn/optim/adagrad.h"
#include "nn/optim/adam.h"
#include "nn/optim/adam_w.h"
#include "nn/optim/nadam.h"
#include "nn/optim/optimizer.h"
#include "nn/optim/rms_prop.h"
#include "nn/optim/sgd.h"

namespace GRADUS::detail {

extern template class HeldRule<Sgd>;
extern template class HeldRule<Adagrad>;
extern template class HeldRule<RmsProp>;
extern template class HeldRule<Adam>;
extern template class HeldRule<AdamW>;
extern template class HeldRule<Nadam>;

}  // namespace GRADUS::detail
