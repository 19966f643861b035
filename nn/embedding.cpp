#include "nn/embedding.h"

#include <cmath>

namespace GRADUS {

Tensor Embedding::operator()(const Tensor& words) const {
  Indices numbers(words.shape());
  auto to = numbers.values.begin();
  for (const Real word : words.values()) {
    constexpr Real most = 1 << 24;  // beyond it a float has gaps between whole numbers
    check(word >= 0 && word <= most && std::floor(word) == word, "[embedding] {} is not the number of a word", word);
    *to++ = static_cast<std::int64_t>(word);
  }
  return (*this)(numbers);
}

}  // namespace GRADUS
