// NumPy's arrays.
#include "models/data/npy.h"

#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const gradus::test::MemoryFile file(bytes, size);
  try {
    const gradus::NpyArray array = gradus::read_npy(file.path());
    const auto values = std::visit([](const auto& values) { return values.size(); }, array.values);
    gradus::test::must(values > 0 && values < size && static_cast<std::int64_t>(values) == array.shape.numel());
  } catch (const gradus::Error&) {
  }
  return 0;
}
