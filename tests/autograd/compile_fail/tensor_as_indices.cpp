// expect first: a Tensor is not Indices, which are integers
#include "autograd/ops.h"

using namespace gradus;

Tensor rows(const Tensor& table, const Tensor& which) { return embedding(table, which); }
