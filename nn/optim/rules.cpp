// The loops of the rules that are built in, compiled once and as fast as the library is, however its user compiles.
#include "nn/optim.h"

namespace GRADUS::detail {

template class HeldRule<Sgd>;
template class HeldRule<Adagrad>;
template class HeldRule<RmsProp>;
template class HeldRule<Adam>;
template class HeldRule<AdamW>;
template class HeldRule<Nadam>;

}  // namespace GRADUS::detail
