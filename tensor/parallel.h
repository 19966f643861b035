// Work on several threads, with the same bits for any number of them.
//
// Whoever calls cuts the work into chunks by the size of the problem alone, and each chunk writes its own part
// of the result. Which thread runs a chunk does then not matter: chunks are handed out one by one to
// whoever is free, the calling thread included, so a thread that the system does not run costs nothing.
#pragma once

#include <cstdint>
#include <type_traits>

#include "tensor/real.h"

namespace GRADUS {

/// How many threads may work at once, the caller included (default: `available_threads()`). 1 to 256, more than
/// the machine has included; Error otherwise. Not to be called while work is under way.
void set_threads(int count);
int threads();
/// The processors that this process may use: its affinity and its cgroup's quota, at least 1.
int available_threads();

namespace detail {
void run_chunks(std::int64_t chunks, void (*body)(void* context, std::int64_t chunk, int worker), void* context);
}

/// How many chunks of `size` things cover `total`.
constexpr std::int64_t ceil_div(std::int64_t total, std::int64_t size) { return (total + size - 1) / size; }

/// Runs body(0) … body(chunks - 1), in any order and on any threads, and returns when all are done. Serial when
/// there is one chunk or one thread, or inside another parallel_for. The first exception is rethrown at the end.
/// A body may take a second argument: the number of the thread that runs it, from 0 to threads() - 1, no two at once
/// of the same. It is there to choose scratch memory by; no result may depend on it.
template <class Body>
void parallel_for(std::int64_t chunks, Body&& body) {
  using B = std::remove_reference_t<Body>;
  detail::run_chunks(
      chunks,
      [](void* context, std::int64_t chunk, [[maybe_unused]] int worker) {
        if constexpr (std::is_invocable_v<B&, std::int64_t, int>)
          (*static_cast<B*>(context))(chunk, worker);
        else
          (*static_cast<B*>(context))(chunk);
      },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace GRADUS
