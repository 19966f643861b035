// Asymmetric numeral systems: a stack of symbols that is one large number. To push a symbol that has `count` of 2^bits
// slots multiplies the number by about 2^bits / count; to pop it divides. So a symbol costs log₂(2^bits / count) bits,
// fractions of bits included, and popping what nobody has pushed turns bits that lie there into a sample. Duda 2009; the
// arithmetic is that of Giesen's rans64: a state of 64 bits and words of 32.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tensor/check.h"

namespace GRADUS {

/// The slots of a symbol: `count` of them, at least one, from `start`.
struct Slots {
  std::uint32_t start, count;
};

class Ans {
 public:
  /// An empty stack. Popped all the same, it gives pseudo-random words, always the same ones, and counts them.
  Ans() = default;
  /// The stack that another has become, of which so many words were drawn. It draws none.
  Ans(std::uint64_t state, std::vector<std::uint32_t> words) : state_(state), words_(std::move(words)), draws_(false) {}

  /// A symbol that has these of 2^bits slots, bits <= 31.
  void push(const Slots& symbol, int bits) {
    if (state_ >= static_cast<std::uint64_t>(symbol.count) << (63 - bits)) {
      words_.push_back(static_cast<std::uint32_t>(state_));
      state_ >>= 32;
    }
    state_ = (state_ / symbol.count << bits) + state_ % symbol.count + symbol.start;
  }
  /// The slot of 2^bits that the symbol on top holds.
  std::uint32_t top(int bits) const { return static_cast<std::uint32_t>(state_ & ((std::uint64_t{1} << bits) - 1)); }
  /// Takes it off; it holds that slot. Error when there is nothing left.
  void pop(const Slots& symbol, int bits) {
    state_ = symbol.count * (state_ >> bits) + top(bits) - symbol.start;
    if (state_ < kLeast) state_ = state_ << 32 | next();
  }

  std::uint64_t state() const { return state_; }
  const std::vector<std::uint32_t>& words() const { return words_; }
  /// How many words were drawn.
  std::uint32_t drawn() const { return drawn_; }
  /// Whether it is what an empty stack becomes when `drawn` words have been drawn and pushed back.
  bool is_empty_but_for(std::uint32_t drawn) const {
    if (state_ != kLeast || words_.size() != drawn) return false;
    for (std::uint32_t i = 0; i < drawn; ++i)
      if (words_[i] != word(drawn - 1 - i)) return false;
    return true;
  }

  static bool is_state(std::uint64_t state) { return state >= kLeast && state < std::uint64_t{1} << 63; }

 private:
  static constexpr std::uint64_t kLeast = std::uint64_t{1} << 31;

  std::uint32_t next() {
    if (!words_.empty()) {
      const std::uint32_t word = words_.back();
      words_.pop_back();
      return word;
    }
    check(draws_, "[decompress] there are fewer symbols than there should be");
    return word(drawn_++);
  }
  /// Word n of the stream that is drawn from: n mixed until it looks random (Steele, Lea, Flood 2014, SplitMix).
  static std::uint32_t word(std::uint32_t n) {
    std::uint64_t z = (n + std::uint64_t{1}) * 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return static_cast<std::uint32_t>((z ^ z >> 31) >> 32);
  }

  std::uint64_t state_ = kLeast;
  std::vector<std::uint32_t> words_{};
  std::uint32_t drawn_ = 0;
  bool draws_ = true;
};

}  // namespace GRADUS
