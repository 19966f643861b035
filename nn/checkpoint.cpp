#include "nn/checkpoint.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "nn/atomic_file.h"
#include "nn/input_file.h"
#include "nn/quote.h"

namespace gradus::inline GRADUS_FLAVOUR {

static_assert(std::endian::native == std::endian::little, "numbers are copied to and from the file as they are");

using Json = nlohmann::json;

constexpr std::int64_t kLengthBytes = 8;
constexpr std::int64_t kLongestHeader = 100'000'000;  // the limit of the reference reader
constexpr const char* kMetadata = "__metadata__";
constexpr const char* kRealName = sizeof(Real) == 4 ? "F32" : "F64";

// ---- writing ----

/// `text` as a JSON string. nlohmann throws on invalid UTF-8.
static std::string json_string(const std::string& text) {
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
                                  kRealName, fmt::join(tensor.shape(), ","), begin, numbers.size()));
  }
  std::string header = fmt::format("{{{}}}", fmt::join(entries, ","));
  header.resize((header.size() + 7) / 8 * 8, ' ');  // so that the numbers are aligned for whoever maps the file
  check(header.size() <= kLongestHeader, "[checkpoint] cannot save {}: too many tensors or too much text", file);

  const auto length = static_cast<std::uint64_t>(header.size());
  std::string bytes(reinterpret_cast<const char*>(&length), kLengthBytes);
  bytes.reserve(kLengthBytes + header.size() + numbers.size());
  write_file_atomically(path, bytes.append(header).append(numbers));
}

// ---- reading ----

template <class... Args>
[[noreturn]] static void fail(const std::filesystem::path& path, fmt::format_string<const Args&...> reason,
                              const Args&... args) {
  throw Error(fmt::format("[checkpoint] cannot load {}: {}", quote(path.native()), fmt::format(reason, args...)));
}

/// What the header says of one tensor.
struct Entry {
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> offsets;  // begin and end, in bytes after the header
};

/// Takes the header's JSON token by token (no tree of it is built, so a hostile header costs no more memory than a
/// good one) and allows exactly the tokens of the format. Throws Error at the first that does not fit.
class HeaderReader final : public Json::json_sax_t {
 public:
  explicit HeaderReader(const std::filesystem::path& path) : path_(path) {}

  std::map<std::string, Entry> entries;
  std::map<std::string, std::string> metadata;

  bool start_object(std::size_t) override {
    if (place_ == Place::kStart) return go(Place::kTop);
    if (place_ == Place::kTop) return go(name_ == kMetadata ? Place::kMetadata : Place::kTensor);
    misfit();
  }

  bool key(std::string& key) override {
    if (place_ == Place::kTop) {
      name_ = key;
      const bool twice = name_ == kMetadata ? std::exchange(has_metadata_, true) : !entries.try_emplace(name_).second;
      if (twice) fail(path_, "{} is listed twice", quote(key));
    } else if (place_ == Place::kMetadata) {
      if (metadata.contains(key)) fail(path_, "the metadata {} is listed twice", quote(key));
    } else {
      const auto known = std::find(std::begin(kFields), std::end(kFields), key);
      if (known == std::end(kFields)) fail(path_, "tensor {} has an unknown entry {}", quote(name_), quote(key));
      bool& seen = seen_[known - std::begin(kFields)];
      if (std::exchange(seen, true)) fail(path_, "tensor {} has two entries {}", quote(name_), quote(key));
    }
    key_ = key;
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::kMetadata)
      metadata.emplace(key_, text);
    else if (place_ == Place::kTensor && key_ == "dtype")
      entries[name_].dtype = text;
    else
      misfit();
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::kTensor && key_ == "shape") return go(Place::kShape);
    if (place_ == Place::kTensor && key_ == "data_offsets") return go(Place::kOffsets);
    misfit();
  }

  bool number_unsigned(std::uint64_t number) override {
    if (place_ != Place::kShape && place_ != Place::kOffsets) misfit();
    const bool shape = place_ == Place::kShape;
    auto& list = shape ? entries[name_].shape : entries[name_].offsets;
    if (shape && list.size() == kMaxRank) fail(path_, "tensor {} has more than {} axes", quote(name_), kMaxRank);
    if (!shape && list.size() == 2) misfit();
    if (number > std::numeric_limits<std::int64_t>::max())
      fail(path_, "tensor {} has a number that is too large in its {}", quote(name_), key_);
    list.push_back(static_cast<std::int64_t>(number));
    return true;
  }

  bool end_array() override {
    if (place_ == Place::kOffsets && entries[name_].offsets.size() != 2) misfit();
    return go(Place::kTensor);
  }

  bool end_object() override {
    if (place_ == Place::kTensor) {
      for (std::size_t i = 0; i < std::size(kFields); ++i)
        if (!std::exchange(seen_[i], false)) fail(path_, "tensor {} has no entry {}", quote(name_), kFields[i]);
    }
    return go(place_ == Place::kTop ? Place::kStart : Place::kTop);
  }

  bool null() override { misfit(); }
  bool boolean(bool) override { misfit(); }
  bool number_integer(std::int64_t) override { misfit(); }  // only negative ones come here
  bool number_float(double, const std::string&) override { misfit(); }
  bool binary(Json::binary_t&) override { misfit(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    fail(path_, "its header is not valid JSON (at byte {})", kLengthBytes + static_cast<std::int64_t>(position));
  }

 private:
  enum class Place { kStart, kTop, kMetadata, kTensor, kShape, kOffsets };
  static constexpr std::string_view kFields[] = {"dtype", "shape", "data_offsets"};

  bool go(Place place) {
    place_ = place;
    return true;
  }

  /// The token does not belong here: says what does.
  [[noreturn]] void misfit() const {
    if (place_ == Place::kMetadata) fail(path_, "the metadata {} is not a string", quote(key_));
    if (place_ == Place::kTop) fail(path_, "the entry for {} is not an object", quote(name_));
    if (key_ == "dtype") fail(path_, "the dtype of tensor {} is not a string", quote(name_));
    if (key_ == "shape") fail(path_, "the shape of tensor {} is not a list of whole numbers", quote(name_));
    fail(path_, "the data_offsets of tensor {} are not two whole numbers", quote(name_));
  }

  const std::filesystem::path& path_;
  Place place_ = Place::kStart;
  std::string name_;  // the key at the top
  std::string key_;   // the key within
  bool has_metadata_ = false;
  bool seen_[std::size(kFields)] = {};
};

/// What a file that is no safetensors file seems to be, by its first bytes.
static std::string_view likely_format(std::string_view start) {
  using namespace std::string_view_literals;
  constexpr std::pair<std::string_view, std::string_view> kFormats[] = {
      {"PK\x03\x04"sv, "; it is a zip archive, as torch.save and numpy.savez write"},
      {"GGUF"sv, "; it is a GGUF file"},
      {"\x89HDF"sv, "; it is an HDF5 file"},
      {"\x89PNG"sv, "; it is a PNG picture"},
      {"\x93NUMPY"sv, "; it is a numpy array"},
      {"\x1f\x8b"sv, "; it is a gzip file"},
      {"\x80\x02"sv, "; it is a Python pickle"},
      {"\x80\x03"sv, "; it is a Python pickle"},
      {"\x80\x04"sv, "; it is a Python pickle"},
      {"\x80\x05"sv, "; it is a Python pickle"},
      {"version "sv, "; it is a Git LFS pointer, not the file itself"},
      {"{"sv, "; it is JSON or other text"},
      {"<"sv, "; it is a web page or XML"},
  };
  for (const auto& [magic, name] : kFormats)
    if (start.starts_with(magic)) return name;
  return "";
}

/// Reads the length and the header, and checks that they are what they should be at first sight.
static std::string read_header(InputFile& file) {
  if (file.size() == 0) fail(file.path(), "it is empty");
  std::string start(static_cast<std::size_t>(std::min(file.size(), kLengthBytes)), '\0');
  file.read(start.data(), static_cast<std::int64_t>(start.size()));
  const auto not_one = [&](std::string_view reason) {
    fail(file.path(), "it is not a safetensors file ({}){}", reason, likely_format(start));
  };
  if (file.size() < kLengthBytes) not_one(fmt::format("it has only {} bytes", file.size()));
  std::uint64_t length = 0;
  std::memcpy(&length, start.data(), sizeof(length));
  if (length > static_cast<std::uint64_t>(file.size() - kLengthBytes))
    not_one(fmt::format("its header would have {} bytes, the file has {}", length, file.size()));
  if (length > kLongestHeader) not_one(fmt::format("its header would have {} bytes", length));

  std::string header(length, '\0');
  file.read(header.data(), static_cast<std::int64_t>(length));
  const std::size_t first = header.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || header[first] != '{')
    fail(file.path(), "it is not a safetensors file (its header does not begin with {{)");
  // nlohmann takes a zero byte for the end and would ignore what follows.
  if (header.find('\0') != std::string::npos) fail(file.path(), "its header holds a zero byte");
  return header;
}

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
      if (!std::isfinite(value)) fail(file.path(), "tensor {} holds {} at element {}", quote(name), value, done + i);
      if (std::abs(value) > std::numeric_limits<Real>::max())
        fail(file.path(), "tensor {} holds {} at element {}, beyond this build's Real", quote(name), value, done + i);
      to.data[done + i] = static_cast<Real>(value);
    }
  }
}

/// The shape of `entry`; Error unless its dtype is known and its size in bytes is that of its place.
static Shape checked_shape(const std::filesystem::path& path, const std::string& name, const Entry& entry) {
  if (entry.dtype != "F32" && entry.dtype != "F64")
    fail(path, "tensor {} has dtype {}; only F32 and F64 are read", quote(name), quote(entry.dtype));
  std::int64_t bytes = entry.dtype == "F32" ? 4 : 8;
  bool overflow = false;
  for (const std::int64_t extent : entry.shape)  // without the zeros: a Shape wants that product to fit as well
    overflow |= __builtin_mul_overflow(bytes, std::max<std::int64_t>(extent, 1), &bytes);
  if (overflow)
    fail(path, "tensor {} of shape {} is too large", quote(name), fmt::format("({})", fmt::join(entry.shape, ", ")));
  const Shape shape(entry.shape);
  if (shape.numel() == 0) bytes = 0;
  const auto [begin, end] = std::pair(entry.offsets[0], entry.offsets[1]);
  if (begin > end || end - begin != bytes)
    fail(path, "tensor {} of shape {} and dtype {} takes {} bytes, but its data_offsets are {} and {}", quote(name),
         shape, entry.dtype, bytes, begin, end);
  return shape;
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  InputFile file(path);
  const std::string header = read_header(file);
  const std::int64_t data_bytes = file.size() - kLengthBytes - static_cast<std::int64_t>(header.size());
  HeaderReader reader(path);
  Json::sax_parse(header, &reader);

  // In the order of the file, where each must begin at the end of the one before.
  std::vector<std::pair<const std::string, Entry>*> order;
  for (auto& named : reader.entries) order.push_back(&named);
  std::ranges::stable_sort(order, {}, [](const auto* named) { return named->second.offsets; });
  std::vector<Shape> shapes;
  std::int64_t end = 0;
  for (const auto* named : order) {
    const auto& [name, entry] = *named;
    shapes.push_back(checked_shape(path, name, entry));
    if (entry.offsets[0] != end)
      fail(path, "tensor {} begins at byte {} of the numbers instead of {}", quote(name), entry.offsets[0], end);
    end = entry.offsets[1];
  }
  if (end != data_bytes) fail(path, "its tensors take {} bytes, but {} follow the header", end, data_bytes);

  Checkpoint checkpoint;
  checkpoint.metadata = std::move(reader.metadata);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& [name, entry] = *order[i];
    Tensor& tensor = checkpoint.tensors[name] = Tensor(shapes[i]);
    if (entry.dtype == "F32")
      read_numbers<float>(file, tensor.write(), name);
    else
      read_numbers<double>(file, tensor.write(), name);
  }
  return checkpoint;
}

}  // namespace gradus::inline GRADUS_FLAVOUR
