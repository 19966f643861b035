// PNG pictures, and how they are cut and turned.
#include "models/data/picture.h"
#include "tensor/check.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gradus;
  try {
    const Decoded decoded = decode_png({reinterpret_cast<const char*>(bytes), size}, "x.png");
    const Picture& picture = decoded.picture;
    test::must(std::ssize(picture.pixels) == picture.height * picture.width * picture.channels);
    const Picture small = turn(fit(picture, {5, 3}), decoded.orientation);
    test::must(std::ssize(small.pixels) == 15 * picture.channels);
  } catch (const Error&) {
  }
  return 0;
}
