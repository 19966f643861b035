// A few generated digits to train on, and the switch of a training that nobody stops.
#pragma once

#include <atomic>

#include "models/data/digits.h"

namespace gradus::test {

inline const std::atomic<bool> never{false};

inline Dataset some_digits(std::int64_t train, std::int64_t test) {
  return {.name = "digits", .train = generate_digits(train, 0), .test = generate_digits(test, 1)};
}

}  // namespace gradus::test
