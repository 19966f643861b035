#include "nn/files/safetensors_header.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace GRADUS {

using Json = nlohmann::json;

namespace {

/// What the header says of one tensor.
struct Said {
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> offsets;  // begin and end, in bytes after the header
};

/// Takes the header's JSON token by token (no tree of it is built, so a hostile header costs no more memory than a
/// good one) and allows exactly the tokens of the format. Throws Error at the first that does not fit.
class HeaderReader final : public Json::json_sax_t {
 public:
  explicit HeaderReader(const std::filesystem::path& path) : path_(path) {}

  std::map<std::string, Said> tensors;
  std::map<std::string, std::string> metadata;

  bool start_object(std::size_t) override {
    if (place_ == Place::kStart) return go(Place::kTop);
    if (place_ == Place::kTop) return go(name_ == kMetadata ? Place::kMetadata : Place::kTensor);
    misfit();
  }

  bool key(std::string& key) override {
    if (place_ == Place::kTop) {
      name_ = key;
      const bool twice = name_ == kMetadata ? std::exchange(has_metadata_, true) : !tensors.try_emplace(name_).second;
      if (twice) cannot_load(path_, "{} is listed twice", quote(key));
    } else if (place_ == Place::kMetadata) {
      if (metadata.contains(key)) cannot_load(path_, "the metadata {} is listed twice", quote(key));
    } else {
      const auto known = std::find(std::begin(kFields), std::end(kFields), key);
      if (known == std::end(kFields)) cannot_load(path_, "tensor {} has an unknown entry {}", quote(name_), quote(key));
      bool& seen = seen_[known - std::begin(kFields)];
      if (std::exchange(seen, true)) cannot_load(path_, "tensor {} has two entries {}", quote(name_), quote(key));
    }
    key_ = key;
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::kMetadata)
      metadata.emplace(key_, text);
    else if (place_ == Place::kTensor && key_ == "dtype")
      tensors[name_].dtype = text;
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
    auto& list = shape ? tensors[name_].shape : tensors[name_].offsets;
    if (shape && list.size() == kMaxRank) cannot_load(path_, "tensor {} has more than {} axes", quote(name_), kMaxRank);
    if (!shape && list.size() == 2) misfit();
    if (number > std::numeric_limits<std::int64_t>::max())
      cannot_load(path_, "tensor {} has a number that is too large in its {}", quote(name_), key_);
    list.push_back(static_cast<std::int64_t>(number));
    return true;
  }

  bool end_array() override {
    if (place_ == Place::kOffsets && tensors[name_].offsets.size() != 2) misfit();
    return go(Place::kTensor);
  }

  bool end_object() override {
    if (place_ == Place::kTensor) {
      for (std::size_t i = 0; i < std::size(kFields); ++i)
        if (!std::exchange(seen_[i], false)) cannot_load(path_, "tensor {} has no entry {}", quote(name_), kFields[i]);
    }
    return go(place_ == Place::kTop ? Place::kStart : Place::kTop);
  }

  bool null() override { misfit(); }
  bool boolean(bool) override { misfit(); }
  bool number_integer(std::int64_t) override { misfit(); }  // only negative ones come here
  bool number_float(double, const std::string&) override { misfit(); }
  bool binary(Json::binary_t&) override { misfit(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    cannot_load(path_, "its header is not valid JSON (at byte {})",
                kHeaderLengthBytes + static_cast<std::int64_t>(position));
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
    if (place_ == Place::kMetadata) cannot_load(path_, "the metadata {} is not a string", quote(key_));
    if (place_ == Place::kTop) cannot_load(path_, "the entry for {} is not an object", quote(name_));
    if (key_ == "dtype") cannot_load(path_, "the dtype of tensor {} is not a string", quote(name_));
    if (key_ == "shape") cannot_load(path_, "the shape of tensor {} is not a list of whole numbers", quote(name_));
    cannot_load(path_, "the data_offsets of tensor {} are not two whole numbers", quote(name_));
  }

  const std::filesystem::path& path_;
  Place place_ = Place::kStart;
  std::string name_;  // the key at the top
  std::string key_;   // the key within
  bool has_metadata_ = false;
  bool seen_[std::size(kFields)] = {};
};

/// What a file that is not a safetensors file seems to be, by its first bytes.
std::string_view likely_format(std::string_view start) {
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
std::string read_text(InputFile& file) {
  if (file.size() == 0) cannot_load(file.path(), "it is empty");
  std::string start(static_cast<std::size_t>(std::min(file.size(), kHeaderLengthBytes)), '\0');
  file.read(start.data(), static_cast<std::int64_t>(start.size()));
  const auto not_one = [&](std::string_view reason) {
    cannot_load(file.path(), "it is not a safetensors file ({}){}", reason, likely_format(start));
  };
  if (file.size() < kHeaderLengthBytes) not_one(fmt::format("it has only {} bytes", file.size()));
  std::uint64_t length = 0;
  std::memcpy(&length, start.data(), sizeof(length));
  if (length > static_cast<std::uint64_t>(file.size() - kHeaderLengthBytes))
    not_one(fmt::format("its header would have {} bytes, the file has {}", length, file.size()));
  if (length > kLongestHeader) not_one(fmt::format("its header would have {} bytes", length));

  std::string header(length, '\0');
  file.read(header.data(), static_cast<std::int64_t>(length));
  const std::size_t first = header.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || header[first] != '{')
    cannot_load(file.path(), "it is not a safetensors file (its header does not begin with {{)");
  // nlohmann takes a zero byte for the end and would ignore what follows.
  if (header.find('\0') != std::string::npos) cannot_load(file.path(), "its header holds a zero byte");
  return header;
}

/// Bits per number of every dtype that the format knows; 0 for others.
std::int64_t bits_of(std::string_view dtype) {
  static constexpr std::pair<std::string_view, int> kBits[] = {
      {"F64", 64}, {"F32", 32},    {"F16", 16},    {"BF16", 16},   {"I64", 64},    {"U64", 64},   {"C64", 64},
      {"I32", 32}, {"U32", 32},    {"I16", 16},    {"U16", 16},    {"I8", 8},      {"U8", 8},     {"BOOL", 8},
      {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}};
  for (const auto& [name, bits] : kBits)
    if (name == dtype) return bits;
  return 0;
}

/// The shape of a tensor; Error unless its dtype is known and its size in bytes is that of its place.
Shape checked_shape(const std::filesystem::path& path, const std::string& name, const Said& said) {
  std::int64_t bits = bits_of(said.dtype);
  if (bits == 0) cannot_load(path, "tensor {} has the unknown dtype {}", quote(name), quote(said.dtype));
  bool overflow = false;
  for (const std::int64_t extent : said.shape)  // without the zeros: a Shape wants that product to fit as well
    overflow |= __builtin_mul_overflow(bits, std::max<std::int64_t>(extent, 1), &bits);
  if (overflow)
    cannot_load(path, "tensor {} of shape {} is too large", quote(name),
                fmt::format("({})", fmt::join(said.shape, ", ")));
  const Shape shape(said.shape);
  if (shape.numel() == 0) bits = 0;
  if (bits % 8 != 0) cannot_load(path, "tensor {} of dtype {} does not end with a byte", quote(name), said.dtype);
  const std::int64_t bytes = bits / 8;
  const auto [begin, end] = std::pair(said.offsets[0], said.offsets[1]);
  if (begin > end || end - begin != bytes)
    cannot_load(path, "tensor {} of shape {} and dtype {} takes {} bytes, but its data_offsets are {} and {}",
                quote(name), shape, said.dtype, bytes, begin, end);
  return shape;
}

}  // namespace

SafetensorsHeader read_safetensors_header(InputFile& file) {
  const std::string text = read_text(file);
  HeaderReader reader(file.path());
  Json::sax_parse(text, &reader);

  std::vector<const std::pair<const std::string, Said>*> order;
  for (const auto& named : reader.tensors) order.push_back(&named);
  std::ranges::stable_sort(order, {}, [](const auto* named) { return named->second.offsets; });
  SafetensorsHeader header{.entries = {}, .metadata = std::move(reader.metadata)};
  std::int64_t end = 0;
  for (const auto* named : order) {
    const auto& [name, said] = *named;
    header.entries.push_back(
        {name, said.dtype, checked_shape(file.path(), name, said), said.offsets[1] - said.offsets[0]});
    if (said.offsets[0] != end)
      cannot_load(file.path(), "tensor {} begins at byte {} of the numbers instead of {}", quote(name), said.offsets[0],
                  end);
    end = said.offsets[1];
  }
  const std::int64_t bytes = file.size() - kHeaderLengthBytes - static_cast<std::int64_t>(text.size());
  if (end != bytes) cannot_load(file.path(), "its tensors take {} bytes, but {} follow the header", end, bytes);
  return header;
}

}  // namespace GRADUS
