// config.json of a run.
#include "models/training/config.h"

#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gradus;
  try {
    const Config config = config_from_json({reinterpret_cast<const char*>(bytes), size}, "config.json");
    const std::string text = to_json(config);
    test::must(to_json(config_from_json(text, "config.json")) == text);  // what is written is read as what it was
  } catch (const Error&) {
  }
  return 0;
}
