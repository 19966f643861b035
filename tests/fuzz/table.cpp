// Tables, with and without labels, and those whose columns are pixels.
#include "models/data/table.h"

#include "models/data/pixel_table.h"
#include "tests/fuzz/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gradus;
  const test::MemoryFile file(bytes, size);
  for (const char* label : {"", "label", "column_1"}) try {
      const Table table = read_table(file.path(), {.label = label});
      const std::size_t rows = static_cast<std::size_t>(table.rows);
      test::must(rows > 0 && rows <= size && table.values.size() == rows * table.columns.size());
      test::must(table.labels.size() == (*label ? rows : 0));
      for (const std::int32_t one : table.labels) test::must(one >= 0 && one < std::ssize(table.classes));
    } catch (const Error&) {
    }
  try {
    if (!is_pixel_table(file.path())) return 0;
    const Images images = read_pixel_table(file.path());
    test::must(std::ssize(images.pixels) == images.count * images.pixels_per_image());
  } catch (const Error&) {
  }
  return 0;
}
