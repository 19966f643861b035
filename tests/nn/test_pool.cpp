// Pooling layers and Flatten: what the ops say (PyTorch's word on those is in test_conv.cpp), listed, audited, in a net.
#include <doctest/doctest.h>

#include "nn/audit.h"
#include "nn/conv.h"
#include "nn/linear.h"
#include "nn/pool.h"
#include "nn/state.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("pool: layers are their ops with settings kept") {
  Rng rng{.seed = 1};
  const Tensor x = normal({2, 3, 6, 7}, rng);
  const PoolSettings settings{.stride = {1, 2}, .padding = 1};
  CHECK(MaxPool2d{2}(x).values() == max_pool2d(x, 2).values());
  CHECK(MaxPool2d{{3, 2}, settings}(x).values() == max_pool2d(x, {3, 2}, settings).values());
  CHECK(AvgPool2d{2}(x).values() == avg_pool2d(x, 2).values());
  CHECK(AvgPool2d{{3, 2}, settings}(x).values() == avg_pool2d(x, {3, 2}, settings).values());
  CHECK(MaxPool2d{2}(tensor({1, 1, 2, 4}, {1, 5, -3, -1, 2, 0, -4, -2})).values() == std::vector<Real>{5, -1});
  CHECK(AvgPool2d{2}(tensor({1, 1, 2, 4}, {1, 5, -3, -1, 2, 0, -4, -2})).values() == std::vector<Real>{2, Real(-2.5)});
  CHECK(state(MaxPool2d{2}).empty());
}

TEST_CASE("flatten: all axes but the first become one, in row-major order") {
  const Tensor x = reshape(arange(24), {2, 3, 4});
  CHECK(Flatten{}(x).shape() == Shape{2, 12});
  CHECK(Flatten{}(x).values() == arange(24).values());
  CHECK(Flatten{}(permute(x, {0, 2, 1})).values() == permute(x, {0, 2, 1}).values());
  CHECK(Flatten{}(arange(3)).shape() == Shape{3, 1});
  CHECK(Flatten{}(zeros({0, 3, 4})).shape() == Shape{0, 12});
  CHECK(error_of([] { Flatten{}(scalar(1)); }) == "[flatten] an input of shape () has no batch axis");
}

TEST_CASE("pool and flatten pass the audit, alone and in a net") {
  Rng rng{.seed = 2};
  const Sequential net{Conv2d(1, 2, 3, {.padding = 1}, Init::he, rng), MaxPool2d{2}, Flatten{},
                       Linear(8, 3, Init::fan_in, rng)};
  for (const Layer& layer :
       {Layer(MaxPool2d{2, {.padding = 1}}), Layer(AvgPool2d{{2, 3}}), Layer(Flatten{}), Layer(net)}) {
    const Audit audit = audit_layer(layer, {3, 1, 4, 5}, {.print = false});
    CHECK_MESSAGE(audit.passed(), audit.text());
  }
}
