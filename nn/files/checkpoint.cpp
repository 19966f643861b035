#include "nn/files/checkpoint.h"

#include <fmt/ranges.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

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
    const Tensor row_major = detach_contiguous(tensor);
    const std::span values(row_major.view().data, static_cast<std::size_t>(tensor.numel()));
    const bool may_be_infinite = checkpoint.infinite.contains(name);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!std::isfinite(values[i]) && !(may_be_infinite && std::isinf(values[i])))
        throw NumericError(fmt::format("[checkpoint] cannot save {}: tensor {} holds {} at element {}\n"
                                       "help: a smaller rate, or clipped gradients, may keep numbers finite; the file "
                                       "is as it was",
                                       file, quote(name), values[i], i));
    const std::size_t begin = numbers.size();
    numbers.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
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

namespace {

/// The 16 bits of an F16: sign, 5 bits of exponent, 10 of fraction, as IEEE 754 has them.
struct Half {
  std::uint16_t bits;
  float value() const {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float size = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                               : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
    if (exponent == 31)
      size = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    return bits >> 15 != 0 ? -size : size;
  }
};

/// The 16 bits of a BF16: the upper half of a float.
struct Brain {
  std::uint16_t bits;
  float value() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};

float value_of(Half number) { return number.value(); }
float value_of(Brain number) { return number.value(); }
float value_of(float number) { return number; }
double value_of(double number) { return number; }

/// The next `to.numel()` numbers of type Stored; whether one is infinite.
template <class Stored>
bool read_numbers(InputFile& file, const View& to, const std::string& name) {
  constexpr std::int64_t kChunk = 1 << 14;
  bool infinite = false;
  std::vector<Stored> chunk(static_cast<std::size_t>(std::min(kChunk, to.shape.numel())));
  for (std::int64_t done = 0; done < to.shape.numel(); done += kChunk) {
    const std::int64_t count = std::min(kChunk, to.shape.numel() - done);
    file.read(chunk.data(), count * static_cast<std::int64_t>(sizeof(Stored)));
    for (std::int64_t i = 0; i < count; ++i) {
      const auto value = value_of(chunk[static_cast<std::size_t>(i)]);
      if (std::isnan(value)) cannot_load(file.path(), "tensor {} holds {} at element {}", quote(name), value, done + i);
      if (std::isfinite(value) && std::abs(value) > std::numeric_limits<Real>::max())
        cannot_load(file.path(), "tensor {} holds {} at element {}, beyond this build's Real", quote(name), value,
                    done + i);
      infinite |= std::isinf(value);
      to.data[done + i] = static_cast<Real>(value);
    }
  }
  return infinite;
}

using Reader = bool (*)(InputFile&, const View&, const std::string&);
Reader reader_of(std::string_view dtype) {
  if (dtype == "F32") return read_numbers<float>;
  if (dtype == "F64") return read_numbers<double>;
  if (dtype == "F16") return read_numbers<Half>;
  if (dtype == "BF16") return read_numbers<Brain>;
  return nullptr;
}

}  // namespace

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  return load_checkpoint(path, [](const std::string&) { return true; });
}

Checkpoint load_checkpoint(const std::filesystem::path& path, const std::function<bool(const std::string&)>& wanted) {
  InputFile file(path);
  SafetensorsHeader header = read_safetensors_header(file);
  Checkpoint checkpoint{.tensors = {}, .metadata = std::move(header.metadata), .file = path};
  for (const auto& [name, dtype, shape, bytes] : header.entries) {
    const Reader reader = reader_of(dtype);
    if (reader && wanted(name)) {
      Tensor& read = checkpoint.tensors[name];
      read = Tensor(shape);
      if (reader(file, read.write(), name)) checkpoint.infinite.insert(name);
    } else {
      checkpoint.unread.emplace(name, dtype);
      file.skip(bytes);
    }
  }
  return checkpoint;
}

// ---- what is in it ----

std::string detail::name_of_file(const Checkpoint& checkpoint) {
  return checkpoint.file.empty() ? "the checkpoint" : quote(checkpoint.file.native());
}

const Tensor& detail::find_tensor(const Checkpoint& checkpoint, const std::string& name, const std::string& own,
                                  const Shape& shape, bool buffer) {
  const std::string file = name_of_file(checkpoint), called = own == name ? "" : fmt::format(" ({} here)", quote(own));
  const auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end()) {
    const auto other = checkpoint.unread.find(name);
    check(other == checkpoint.unread.end(), "[load] tensor {}{} of {} has dtype {}; F16, BF16, F32 and F64 are read",
          quote(name), called, file, other == checkpoint.unread.end() ? "" : other->second);
    throw Error(fmt::format("[load] {} has no tensor {}{}", file, quote(name), called));
  }
  check(found->second.shape() == shape, "[load] tensor {}{} of {} has shape {}, the module needs {}", quote(name),
        called, file, found->second.shape(), shape);
  check(buffer || !checkpoint.infinite.contains(name),
        "[load] tensor {}{} of {} holds an infinity, which only a Buffer may", quote(name), called, file);
  return found->second;
}

}  // namespace GRADUS
