// Lanes that change places: between two registers, and rows in memory that become columns.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>

#include "tensor/lanes.h"

namespace GRADUS {

namespace detail {

/// Lane i of the result is lane From::at(i) of a, or lane From::at(i) - kLanes of b.
template <class From>
[[gnu::always_inline]] inline Batch shuffle(const Batch& a, const Batch& b) {
  return [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    return Lanes(__builtin_shufflevector(a.lanes.data, b.lanes.data, From::at(I)...));
  }(std::make_integer_sequence<int, kLanes>());
}

/// Within every `Group` lanes: lane 0 of a, lane 0 of b, lane 1 of a, …: the lower or the upper halves interleaved.
template <bool Upper, int Group = kLanes>
struct Interleave {
  static constexpr int at(int i) {
    return i / Group * Group + (Upper ? Group / 2 : 0) + i % Group / 2 + i % 2 * kLanes;
  }
};
/// `Apart` lanes of a, the next ones of b, and so on, each from its place or, if `Swapped`, from its neighbour's.
template <int Apart, bool Swapped = false>
struct Alternate {
  static constexpr int at(int i) { return (Swapped ? i ^ Apart : i) + (i & Apart ? kLanes : 0); }
};
/// Lanes 0, 2, 4, … of a, then those of b: every second of 2·kLanes numbers.
struct EverySecond {
  static constexpr int at(int i) { return 2 * i; }
};

}  // namespace detail

/// Rows become columns: columns[i] is number `at` + i of each of kLanes rows in memory.
///
/// A row number and a column number change places bit by bit. The high bits of the row number do so when 16 bytes each
/// of several rows are put side by side; the others by interleaving register i with the one half the registers further
/// on: that moves the highest bit of an element's row number to the end of its column number and the other way round,
/// and after as many rounds as there are bits all have changed sides.
[[gnu::always_inline]] inline void load_transposed(const Real* const (&rows)[kLanes], std::int64_t at,
                                                   Batch (&columns)[kPer16Bytes]) {
  unrolled<kPer16Bytes>([&](auto i) __attribute__((always_inline)) {
    columns[i] = [&]<int... P>(std::integer_sequence<int, P...>) __attribute__((always_inline)) {
      return detail::load_16_bytes({rows[P * kPer16Bytes + i] + at...});
    }(std::make_integer_sequence<int, kLanes / kPer16Bytes>());
  });
  unrolled<std::countr_zero(unsigned{kPer16Bytes})>([&](auto) __attribute__((always_inline)) {
    constexpr int half = kPer16Bytes / 2;
    Batch next[kPer16Bytes];
    unrolled<half>([&](auto i) __attribute__((always_inline)) {
      next[2 * i] = detail::shuffle<detail::Interleave<false, kPer16Bytes>>(columns[i], columns[i + half]);
      next[2 * i + 1] = detail::shuffle<detail::Interleave<true, kPer16Bytes>>(columns[i], columns[i + half]);
    });
    unrolled<kPer16Bytes>([&](auto i) __attribute__((always_inline)) { columns[i] = next[i]; });
  });
}

}  // namespace GRADUS
