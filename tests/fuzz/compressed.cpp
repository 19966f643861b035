// Files of compressed images.
#include "models/compression/file.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const gradus::test::MemoryFile file(bytes, size);
  try {
    const gradus::CompressedImages images = gradus::read_compressed(file.path());
    const std::string again = gradus::to_bytes(images);  // there is one way to write what a file says
    gradus::test::must(again.size() == size &&
                       std::equal(again.begin(), again.end(), reinterpret_cast<const char*>(bytes)));
  } catch (const gradus::Error&) {
  }
  return 0;
}
