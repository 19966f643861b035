// What is compressed, as IDX files may be: the input is the file after the two bytes that gzip begins with, so that all
// of them are taken for compressed ones.
#include <vector>

#include "models/data/idx.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gradus;
  std::vector<std::uint8_t> all{0x1f, 0x8b};
  all.insert(all.end(), bytes, bytes + size);
  const test::MemoryFile file(all.data(), all.size());
  try {
    test::must(!read_idx_labels(file.path()).empty());
  } catch (const Error&) {
  }
  return 0;
}
