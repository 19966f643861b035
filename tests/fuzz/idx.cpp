// IDX files of images and of labels.
#include "models/data/idx.h"

#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gradus;
  const test::MemoryFile file(bytes, size);
  try {
    const Images images = read_idx_images(file.path());
    test::must(images.count > 0 && std::ssize(images.pixels) == images.count * images.pixels_per_image());
  } catch (const Error&) {
  }
  try {
    test::must(!read_idx_labels(file.path()).empty());
  } catch (const Error&) {
  }
  return 0;
}
