#include "tensor/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "tensor/parallel.h"
#include "tensor/simd_math.h"

namespace GRADUS {
namespace {

constexpr std::uint64_t kMultiplier[2] = {0xD2511F53, 0xCD9E8D57};  // the paper's, as the Weyl constants below
constexpr std::uint32_t kWeyl[2] = {0x9E3779B9, 0xBB67AE85};        // golden ratio - 1 and √3 - 1, times 2^32
constexpr int kRounds = 10;

// One word each of several blocks, in the low halves of 64-bit lanes; the high halves hold anything.
using WordLanes [[gnu::vector_size(sizeof(Batch))]] = std::uint64_t;
constexpr int kWordLanes = sizeof(WordLanes) / sizeof(std::uint64_t);

// 32 x 32 -> 64 bits: one instruction per register, which compilers do not find by themselves.
std::uint64_t multiply(std::uint64_t a, std::uint64_t b) { return (a & 0xFFFFFFFF) * b; }
WordLanes multiply(const WordLanes& a, std::uint64_t b) {
#if defined(__AVX512F__)
  return WordLanes(_mm512_mul_epu32(__m512i(a), _mm512_set1_epi64(b)));
#elif defined(__AVX2__)
  return WordLanes(_mm256_mul_epu32(__m256i(a), _mm256_set1_epi64x(b)));
#elif defined(__SSE2__)
  return WordLanes(_mm_mul_epu32(__m128i(a), _mm_set1_epi64x(b)));
#else
  return (a & 0xFFFFFFFF) * b;
#endif
}

// All rounds on one block (Word = std::uint64_t) or on kWordLanes blocks side by side.
template <class Word>
[[gnu::always_inline]] inline void encipher(Word& a, Word& b, Word& c, Word& d, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const Word p = multiply(a, kMultiplier[0]), q = multiply(c, kMultiplier[1]);
    a = (q >> 32) ^ b ^ std::uint64_t{key[0]};
    c = (p >> 32) ^ d ^ std::uint64_t{key[1]};
    b = q;
    d = p;
    key[0] += kWeyl[0];
    key[1] += kWeyl[1];
  }
}

std::array<std::uint32_t, 2> halves(std::uint64_t x) {
  return {static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(x >> 32)};
}

// Block `index` of the generator's stream.
std::array<std::uint32_t, 4> block(const Rng& rng, std::uint64_t index) {
  const auto [i0, i1] = halves(index);
  const auto [s0, s1] = halves(rng.stream);
  return philox({i0, i1, s0, s1}, halves(rng.seed));
}

constexpr int kGroup = 32;                    // blocks that are made side by side
constexpr int kPerBlock = 16 / sizeof(Real);  // numbers from a block: 4 floats of a word each, 2 doubles of two words
constexpr std::int64_t kPerGroup = kGroup * kPerBlock;
constexpr std::int64_t kGroupsPerChunk = 128;
static_assert(kGroup % kLanes == 0);

// The words of kGroup consecutive blocks: word[k][j] is word k of block rng.counter + offset + j.
struct Words {
  alignas(kAlignment) std::uint32_t word[4][kGroup];
  std::uint64_t seed;

  Words(const Rng& rng, std::uint64_t offset) : seed(rng.seed) {
    const std::uint64_t first = rng.counter + offset;
    for (int j = 0; j < kGroup; j += kWordLanes) {
      WordLanes a, b, c = WordLanes{} + rng.stream, d = WordLanes{} + (rng.stream >> 32);
      for (int lane = 0; lane < kWordLanes; ++lane) {
        a[lane] = first + j + lane;
        b[lane] = (first + j + lane) >> 32;
      }
      encipher(a, b, c, d, halves(rng.seed));
      for (int lane = 0; lane < kWordLanes; ++lane) {
        word[0][j + lane] = static_cast<std::uint32_t>(a[lane]);
        word[1][j + lane] = static_cast<std::uint32_t>(b[lane]);
        word[2][j + lane] = static_cast<std::uint32_t>(c[lane]);
        word[3][j + lane] = static_cast<std::uint32_t>(d[lane]);
      }
    }
  }

  // The k-th number of each block, uniform in [0, 1), from the topmost bits of its words. Through signed integers,
  // which every instruction set converts.
  void uniform(int k, Real* out) const {
    for (int j = 0; j < kGroup; ++j) {
      if constexpr (sizeof(Real) == 4) {
        out[j] = static_cast<Real>(static_cast<std::int32_t>(word[k][j] >> 8)) * Real(0x1p-24);
      } else {
        const auto high = static_cast<Real>(static_cast<std::int32_t>(word[2 * k][j] >> 5));
        const auto low = static_cast<Real>(static_cast<std::int32_t>(word[2 * k + 1][j] >> 6));
        out[j] = (high * Real(0x1p26) + low) * Real(0x1p-53);
      }
    }
  }

  // The same, in (0, 1] and fine near 0, to be taken the logarithm of: more bits than a float has places for.
  void positive(int k, Real* out) const {
    if constexpr (sizeof(Real) == 4) {
      for (int j = 0; j < kGroup; ++j)
        out[j] = (static_cast<Real>(static_cast<std::int32_t>(word[k][j] >> 1)) + Real(0.5)) * Real(0x1p-31);
    } else {
      uniform(k, out);
      for (int j = 0; j < kGroup; ++j) out[j] += Real(0x1p-54);
    }
  }

  // In (-1, 1) and fine near 0: the lowest bit is the sign, and the size has the bits above it, of which the first are
  // those of uniform(). Where so many begin with zeros that fewer are left than Real has places for, more follow.
  void signed_uniform(int k, Real* out) const {
    constexpr int bits = sizeof(Real) == 4 ? 31 : 58;
    constexpr Real few = sizeof(Real) == 4 ? 0x1p-7 : 0x1p-5, below_one = 1 - std::numeric_limits<Real>::epsilon() / 2;
    const std::uint32_t* const last = sizeof(Real) == 4 ? word[k] : word[2 * k + 1];
    for (int j = 0; j < kGroup; ++j) {
      const auto low = static_cast<Real>(static_cast<std::int32_t>(last[j] >> 1));
      if constexpr (sizeof(Real) == 4)
        out[j] = low * Real(0x1p-31);
      else
        out[j] =
            (static_cast<Real>(static_cast<std::int32_t>(word[2 * k][j] >> 5)) * Real(0x1p31) + low) * Real(0x1p-58);
      out[j] = std::min(out[j], below_one);
    }
    for (int j = 0; j < kGroup; ++j)
      if (out[j] < few) out[j] = continued(k, j, static_cast<std::int64_t>(std::ldexp(out[j], bits)), -bits);
    for (int j = 0; j < kGroup; ++j) out[j] = last[j] & 1 ? -out[j] : out[j];
  }

 private:
  static constexpr int kDigits = std::numeric_limits<Real>::digits;

  // n·2^exponent, n followed by the upper bits of the element's word in the block enciphered once more, and so on.
  Real continued(int k, int j, std::int64_t n, int exponent) const {
    constexpr int more = sizeof(Real) == 4 ? 32 : 10;  // bits that fit behind those of a Real
    std::array<std::uint32_t, 4> words{word[0][j], word[1][j], word[2][j], word[3][j]};
    while (n >> kDigits == 0 && exponent - more >= std::numeric_limits<Real>::min_exponent - 2) {
      words = philox(words, halves(seed));
      n = n << more | words[k * sizeof(Real) / 4] >> (32 - more);
      exponent -= more;
    }
    return std::ldexp(static_cast<Real>(std::max(n, std::int64_t{1})), exponent);
  }
};

// Fills a tensor group by group: make(words, numbers) turns the words of kGroup blocks into numbers[k][j], the
// k-th number of block j, which is element kPerBlock·j + k of the group.
template <class Make>
Tensor draw(const Shape& shape, Rng& rng, const Make& make) {
  Tensor result(shape);
  Real* const out = result.write().data;
  const std::int64_t size = shape.numel();
  const std::int64_t groups = ceil_div(size, kPerGroup);
  parallel_for(ceil_div(groups, kGroupsPerChunk), [&](std::int64_t chunk) {
    const std::int64_t end = std::min(groups, (chunk + 1) * kGroupsPerChunk);
    for (std::int64_t group = chunk * kGroupsPerChunk; group < end; ++group) {
      alignas(kAlignment) Real numbers[kPerBlock][kGroup];
      make(Words(rng, group * kGroup), numbers);
      alignas(kAlignment) Real ordered[kPerGroup];
      for (int j = 0; j < kGroup; ++j)
        for (int k = 0; k < kPerBlock; ++k) ordered[j * kPerBlock + k] = numbers[k][j];
      std::copy_n(ordered, std::min(kPerGroup, size - group * kPerGroup), out + group * kPerGroup);
    }
  });
  rng.counter += ceil_div(size, kPerBlock);
  return result;
}

// Box and Muller (1958): radius √(-2 log u) at the angle 2πv, u and v uniform and u > 0, has two independent standard
// normal coordinates. The angle is a number of quarter turns and up to an eighth of a turn to either side.
void box_muller(Real* u, Real* v) {
  for (int j = 0; j < kGroup; j += kLanes) {
    const Batch radius = sqrt(-2 * log(Batch::load(u + j)));
    Batch turn = 4 * Batch::load(v + j);
    const Mask half = turn >= 2;
    turn = where(half, turn - 2, turn);
    const Mask quarter = turn >= 1;
    turn = where(quarter, turn - 1, turn);
    const Batch angle = (turn - 0.5) * (std::numbers::pi / 2);
    const Batch cosine = detail::cos_near_zero(angle), sine = detail::sin_near_zero(angle);
    const Batch r = where(half, -radius, radius);
    (r * where(quarter, -sine, cosine)).store(u + j);
    (r * where(quarter, cosine, sine)).store(v + j);
  }
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  std::uint64_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
  encipher(a, b, c, d, key);
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  return {low(a), low(b), low(c), low(d)};
}

Tensor uniform(const Shape& shape, Rng& rng) {
  return draw(shape, rng, [](const Words& words, auto& numbers) {
    for (int k = 0; k < kPerBlock; ++k) words.uniform(k, numbers[k]);
  });
}

Tensor signed_uniform(const Shape& shape, Rng& rng) {
  return draw(shape, rng, [](const Words& words, auto& numbers) {
    for (int k = 0; k < kPerBlock; ++k) words.signed_uniform(k, numbers[k]);
  });
}

Tensor normal(const Shape& shape, Rng& rng) {
  return draw(shape, rng, [](const Words& words, auto& numbers) {
    for (int k = 0; k < kPerBlock; k += 2) {
      words.positive(k, numbers[k]);
      words.uniform(k + 1, numbers[k + 1]);
      box_muller(numbers[k], numbers[k + 1]);
    }
  });
}

Tensor bernoulli(const Shape& shape, Real p, Rng& rng) {
  check(p >= 0 && p <= 1, "[bernoulli] the probability must be between 0 and 1, not {}", p);
  return draw(shape, rng, [p](const Words& words, auto& numbers) {
    for (int k = 0; k < kPerBlock; ++k) {
      words.signed_uniform(k, numbers[k]);
      for (Real& x : numbers[k]) x = std::abs(x) < p ? 1 : 0;
    }
  });
}

// Rejection, element by element: whether an element is drawn again depends on nothing but its own block. The next
// attempt's words are the last one's, enciphered once more: as good as unrelated, and no element takes another's.
Tensor truncated_normal(const Shape& shape, Real bound, Rng& rng) {
  check(bound > 0, "[truncated_normal] the bound must be positive, not {}", bound);
  Tensor result(shape);
  Real* const out = result.write().data;
  constexpr std::int64_t kPerChunk = 4096;
  const std::int64_t size = shape.numel();
  parallel_for(ceil_div(size, kPerChunk), [&](std::int64_t chunk) {
    const std::int64_t end = std::min(size, (chunk + 1) * kPerChunk);
    for (std::int64_t i = chunk * kPerChunk; i < end; ++i) {
      for (auto words = block(rng, rng.counter + i);; words = philox(words, halves(rng.seed))) {
        const double u = ((words[0] >> 5) * 0x1p26 + (words[1] >> 6) + 0.5) * 0x1p-53;  // in (0, 1)
        const double v = (words[2] + 0.5) * 0x1p-32;
        if (bound > 2) {  // a normal of the whole line, kept if it is within
          const double x = std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
          out[i] = static_cast<Real>(x);
          if (std::abs(x) <= bound) break;
        } else {  // a uniform within, kept in proportion to the density
          const double x = bound * (2 * u - 1);
          out[i] = static_cast<Real>(x);
          if (v < std::exp(-0.5 * x * x)) break;
        }
      }
    }
  });
  rng.counter += size;
  return result;
}

Indices permutation(std::int64_t n, Rng& rng) {
  check(n >= 0, "[permutation] the number of elements cannot be negative: {}", n);
  Indices result{Shape{n}};
  const std::span<std::int64_t> order = result.values;
  std::iota(order.begin(), order.end(), 0);
  std::array<std::uint32_t, 4> words{};
  bool second = false;
  const auto next = [&] {  // 64 bits: a block gives two
    if (!second) words = block(rng, rng.counter++);
    second = !second;
    return second ? std::uint64_t{words[1]} << 32 | words[0] : std::uint64_t{words[3]} << 32 | words[2];
  };
  for (std::uint64_t count = n; count > 1; --count) {  // Fisher and Yates: the last of `count` trades with any
    // The 2^64 mod count smallest numbers are drawn again, so that each remainder has as many numbers.
    std::uint64_t bits = next();
    while (bits < -count % count) bits = next();
    std::swap(order[count - 1], order[bits % count]);
  }
  return result;
}

}  // namespace GRADUS
