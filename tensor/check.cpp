#include "tensor/check.h"

namespace GRADUS {

#define GRADUS_TEXT_(x) #x
#define GRADUS_TEXT(x) GRADUS_TEXT_(x)
const char* const flavour = GRADUS_TEXT(GRADUS_FLAVOUR);

std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  check(!__builtin_mul_overflow(a, b, &product), "[size] {} x {} does not fit in 64 bits", a, b);
  return product;
}

std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  check(!__builtin_add_overflow(a, b, &sum), "[size] {} + {} does not fit in 64 bits", a, b);
  return sum;
}

}  // namespace GRADUS
