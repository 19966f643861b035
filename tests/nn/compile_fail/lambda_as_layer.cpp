// expect: a layer is a struct with members\(visit\), called with a Tensor
#include "nn/linear.h"
#include "nn/sequential.h"

using namespace gradus;

Sequential net(Rng& rng) { return Sequential{Linear(2, 2, Init::he, rng), [](const Tensor& x) { return x * x; }}; }
