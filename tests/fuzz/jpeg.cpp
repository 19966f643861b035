// JPEG pictures, and how they are cut and turned.
#include "tests/fuzz/picture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gradus;
  test::decode_and_look([&] { return decode_jpeg({reinterpret_cast<const char*>(bytes), size}, "x.jpeg"); });
  return 0;
}
