// The header of a safetensors file (nn/files/checkpoint.h describes the format).
#pragma once

#include <map>
#include <vector>

#include "nn/files/input_file.h"
#include "nn/files/quote.h"
#include "tensor/shape.h"

namespace GRADUS {

inline constexpr std::int64_t kHeaderLengthBytes = 8;
inline constexpr std::int64_t kLongestHeader = 100'000'000;  // the limit of the reference reader
inline constexpr const char* kMetadata = "__metadata__";

struct SafetensorsHeader {
  struct Entry {
    std::string name, dtype;  // one that the format knows
    Shape shape;
    std::int64_t bytes;
  };
  std::vector<Entry> entries;  // in the order of their numbers, which lie back to back up to the end of the file
  std::map<std::string, std::string> metadata;
};

/// Reads up to the first number. Error for whatever does not follow the format to the letter.
SafetensorsHeader read_safetensors_header(InputFile& file);

template <class... Args>
[[noreturn]] void cannot_load(const std::filesystem::path& path, fmt::format_string<const Args&...> reason,
                              const Args&... args) {
  throw Error(fmt::format("[checkpoint] cannot load {}: {}", quote(path.native()), fmt::format(reason, args...)));
}

}  // namespace GRADUS
