// Checkpoints in safetensors' format.
#include <cmath>

#include "nn/files/checkpoint.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gradus;
  const test::MemoryFile file(bytes, size);
  try {
    const Checkpoint checkpoint = load_checkpoint(file.path());
    for (const auto& [name, tensor] : checkpoint.tensors) {
      test::must(static_cast<std::size_t>(tensor.numel()) <= size);
      for (std::int64_t i = 0; i < tensor.numel(); ++i) test::must(!std::isnan(tensor.view().data[i]));
    }
  } catch (const Error&) {
  }
  return 0;
}
