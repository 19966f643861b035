// What tests of reproducible training share: equal checkpoints, and a number of threads that does not stay changed.
#pragma once

#include <doctest/doctest.h>

#include "nn/files/checkpoint.h"
#include "tensor/parallel.h"

namespace gradus::test {

inline void check_equal(const Checkpoint& a, const Checkpoint& b) {
  CHECK(a.metadata == b.metadata);
  REQUIRE(a.tensors.size() == b.tensors.size());
  for (const auto& entry : a.tensors)
    CHECK_MESSAGE(entry.second.values() == b.tensors.at(entry.first).values(), entry.first);
}

struct Threads {  // restores the number of threads
  int before = threads();
  ~Threads() { set_threads(before); }
};

}  // namespace gradus::test
