#include "nn/files/checkpoint.h"

#include <fmt/ranges.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nn/files/atomic_file.h"
#include "nn/files/safetensors_header.h"

namespace GRADUS {

static_assert(std::endian::native == std::endian::little, "numbers are copied to and from the file as they are");

// ---- writing ----

/// `text` as a JSON string. nlohmann throws on invalid UTF-8.
static std::string json_string(const std::string& text) {
  using Json = nlohmann::json;
  try {
    return Json(text).dump();
  } catch (const Json::exception&) {
    throw Error(fmt::format("[checkpoint] {} is not UTF-8", quote(text)));
  }
}

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  const std::string file = quote(path.native());
  std::vector<std::string> entries;
  if (!checkpoint.metadata.empty()) {
    std::vector<std::string> pairs;
    for (const auto& [key, text] : checkpoint.metadata) pairs.push_back(json_string(key) + ":" + json_string(text));
    entries.push_back(fmt::format("\"{}\":{{{}}}", kMetadata, fmt::join(pairs, ",")));
  }
  std::string numbers;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    check(name != kMetadata, "[checkpoint] cannot save {}: a tensor cannot be called {}", file, kMetadata);
    const std::vector<Real> values = tensor.values();
    for (const Real value : values)
      if (!std::isfinite(value))
        throw Error(fmt::format("[checkpoint] cannot save {}: tensor {} holds {}", file, quote(name), value));
    const std::size_t begin = numbers.size();
    numbers.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Real));
    entries.push_back(fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", json_string(name),
                                  sizeof(Real) == 4 ? "F32" : "F64", fmt::join(tensor.shape(), ","), begin,
                                  numbers.size()));
  }
  std::string header = fmt::format("{{{}}}", fmt::join(entries, ","));
  header.resize((header.size() + 7) / 8 * 8, ' ');  // so that the numbers are aligned for whoever maps the file
  check(header.size() <= kLongestHeader, "[checkpoint] cannot save {}: too many tensors or too much text", file);

  const auto length = static_cast<std::uint64_t>(header.size());
  std::string bytes(reinterpret_cast<const char*>(&length), kHeaderLengthBytes);
  bytes.reserve(kHeaderLengthBytes + header.size() + numbers.size());
  write_file_atomically(path, bytes.append(header).append(numbers));
}

// ---- reading ----

/// The next `to.numel()` numbers of type Stored.
template <class Stored>
static void read_numbers(InputFile& file, const View& to, const std::string& name) {
  constexpr std::int64_t kChunk = 1 << 14;
  std::vector<Stored> chunk(static_cast<std::size_t>(std::min(kChunk, to.shape.numel())));
  for (std::int64_t done = 0; done < to.shape.numel(); done += kChunk) {
    const std::int64_t count = std::min(kChunk, to.shape.numel() - done);
    file.read(chunk.data(), count * static_cast<std::int64_t>(sizeof(Stored)));
    for (std::int64_t i = 0; i < count; ++i) {
      const Stored value = chunk[static_cast<std::size_t>(i)];
      if (!std::isfinite(value))
        cannot_load(file.path(), "tensor {} holds {} at element {}", quote(name), value, done + i);
      if (std::abs(value) > std::numeric_limits<Real>::max())
        cannot_load(file.path(), "tensor {} holds {} at element {}, beyond this build's Real", quote(name), value,
                    done + i);
      to.data[done + i] = static_cast<Real>(value);
    }
  }
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  InputFile file(path);
  SafetensorsHeader header = read_safetensors_header(file);
  Checkpoint checkpoint{.tensors = {}, .metadata = std::move(header.metadata), .file = path};
  for (const auto& [name, single, shape] : header.entries) {
    Tensor& tensor = checkpoint.tensors[name] = Tensor(shape);
    if (single)
      read_numbers<float>(file, tensor.write(), name);
    else
      read_numbers<double>(file, tensor.write(), name);
  }
  return checkpoint;
}

}  // namespace GRADUS
