// The random streams of a run: each purpose draws from one of its own, so none depends on how much another has used.
#pragma once

#include <cstdint>

#include "tensor/real.h"

namespace GRADUS::stream {

inline constexpr std::uint64_t kInit = 1, kShuffle = 2, kTraining = 3, kPrior = 4;  // under the run's seed
inline constexpr std::uint64_t kTest = 5, kTestBits = 6, kTrainBits = 7;            // the same for every run
inline constexpr std::uint64_t kImportance = 8;
inline constexpr std::uint64_t kBegin = 9, kFit = 10;  // under the run's seed
inline constexpr std::uint64_t kBootstrap = 40;
inline constexpr std::uint64_t kAggregate = 11;  // the same for every run

}  // namespace GRADUS::stream
