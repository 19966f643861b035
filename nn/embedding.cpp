#include "nn/embedding.h"

#include <cmath>

namespace gradus::inline GRADUS_FLAVOUR {

Tensor Embedding::operator()(const Tensor& words) const {
  std::vector<std::int64_t> numbers;
  numbers.reserve(words.numel());
  for (const Real word : words.values()) {
    constexpr Real most = 1 << 24;  // beyond it a float has gaps between whole numbers
    check(word >= 0 && word <= most && std::floor(word) == word, "[embedding] {} is not the number of a word", word);
    numbers.push_back(static_cast<std::int64_t>(word));
  }
  return (*this)(Indices(words.shape(), std::move(numbers)));
}

}  // namespace gradus::inline GRADUS_FLAVOUR
