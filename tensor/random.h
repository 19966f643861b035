// Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011).
//
// A draw is a function of (seed, stream, counter): never of the number of threads, nor of what ran before
// in another stream. The whole state is three integers, so a resumed run goes on exactly where it stopped.
#pragma once

#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace GRADUS {

/// The Philox 4x32-10 block function: 128 random bits from a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// A stream of random numbers. Block i of stream s under seed k is philox({i lo, i hi, s lo, s hi}, {k lo, k hi}).
struct Rng {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  std::uint64_t counter = 0;  // blocks of four 32-bit words used so far; every draw starts at a fresh block
};

// Every draw uses whole blocks: element i depends on (seed, stream, counter) and i alone, so the first n numbers of
// a draw are the same however many follow, and the counter moves on by ⌈n / 4⌉ blocks (⌈n / 2⌉ in double) unless
// said otherwise.

/// Independent numbers in [0, 1), in steps of 2^-24 (float) or 2^-53 (double). Float: element i is the upper 24 bits
/// of word i % 4 of block counter + i / 4. Double: element i is the upper 27 bits of word 2·(i % 2), followed by the
/// upper 26 bits of the next word, of block counter + i / 2.
Tensor uniform(const Shape& shape, Rng& rng);
/// Independent numbers in (-1, 1), never 0: the sign is a fair coin, and the size, uniform in (0, 1), has all of Real's
/// digits however small it is, so that what is rare comes at its rate. The size begins with the bits of element i of a
/// uniform draw, followed by the rest of the last word (7 bits in float, 5 in double), but for the lowest one: the
/// number is negative where that is 1. Where fewer than 24 (53) bits are left after the leading zeros, it goes on with
/// the upper 32 (10) bits of the element's first word in its block enciphered once more (philox(block, seed)), and
/// again, down to 2^-127 (2^-1018); then it is rounded to a Real below 1.
Tensor signed_uniform(const Shape& shape, Rng& rng);
/// Independent standard normals (Box–Muller). Elements 2j and 2j + 1 are r·cos θ and r·sin θ with r = √(-2 log u),
/// θ = 2πv - π/4, where u in (0, 1] and v in [0, 1) come from the words of elements 2j and 2j + 1 of a uniform draw.
/// u has 32 bits (54 in double), so |x| is at most 6.66 (8.65): what lies beyond has 3e-11 (5e-18) of the mass.
Tensor normal(const Shape& shape, Rng& rng);
/// Independent standard normals conditioned on |x| ≤ bound, by rejection; Error unless bound > 0. Element i begins
/// with block counter + i; the counter moves on by n.
Tensor truncated_normal(const Shape& shape, Real bound, Rng& rng);
/// 1 with probability p, however small, else 0: whether the size of a signed_uniform draw is below p. Error unless
/// 0 ≤ p ≤ 1.
Tensor bernoulli(const Shape& shape, Real p, Rng& rng);
/// 0 … n-1 in random order, all orders equally likely (Fisher–Yates); Error when n < 0. The counter moves on by as
/// many blocks as were needed, about n / 2.
Indices permutation(std::int64_t n, Rng& rng);

}  // namespace GRADUS
