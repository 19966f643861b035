#include "models/data/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "nn/files/atomic_file.h"
#include "nn/files/input_file.h"
#include "nn/files/quote.h"

namespace GRADUS {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "numbers are read as they stand in the file");

static constexpr std::string_view kMagic("\x93NUMPY", 6);

[[noreturn]] static void fail(const fs::path& path, std::string_view problem) {
  throw Error(fmt::format("[npy] {} {}", quote(path.native()), problem));
}

// ---- The header -----------------------------------------------------------------------------------------------------

struct NpyHeader {
  std::string type;  // "<f4"
  bool fortran = false;
  Shape shape;
};

/// Reads a dictionary of exactly three entries, in any order, as NumPy writes it and Python may.
class NpyHeaderReader {
 public:
  NpyHeaderReader(const fs::path& path, std::string_view text) : path_(path), rest_(text) {}

  NpyHeader read() {
    std::optional<std::string> type;
    std::optional<bool> fortran;
    std::optional<Shape> shape;
    const auto once = [&](bool first, const std::string& key) {
      if (!first) wrong(fmt::format("it names {} twice", quote(key)));
    };
    expect('{');
    while (!accept('}')) {
      const std::string key = text();
      expect(':');
      if (key == "descr") {
        once(!type, key);
        type = read_type();
      } else if (key == "fortran_order") {
        once(!fortran, key);
        fortran = read_bool();
      } else if (key == "shape") {
        once(!shape, key);
        shape = read_shape();
      } else {
        wrong(fmt::format("it has an entry {}", quote(key)));
      }
      if (accept('}')) break;
      expect(',');
    }
    skip_space();
    if (!rest_.empty()) wrong("something follows its dictionary");
    if (!type || !fortran || !shape) wrong("it lacks 'descr', 'fortran_order' or 'shape'");
    return {*type, *fortran, *shape};
  }

 private:
  [[noreturn]] void wrong(std::string_view why) const {
    fail(path_, fmt::format("has a header that cannot be read: {}", why));
  }
  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  bool accept(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool accept(std::string_view word) {
    skip_space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void expect(char c) {
    if (!accept(c)) wrong(fmt::format("'{}' was expected at {}", c, quote(rest_.substr(0, 20))));
  }
  std::string text() {
    const char mark = accept('\'') ? '\'' : '"';
    if (mark == '"') expect('"');
    const std::size_t end = rest_.find(mark);
    if (end == std::string_view::npos) wrong("a text in it does not end");
    const std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return text;
  }
  std::string read_type() {
    skip_space();
    if (rest_.starts_with('['))
      fail(path_, "holds records of several fields, not an array of numbers\nhelp: save one field, or a .csv");
    return text();
  }
  bool read_bool() {
    if (accept("True")) return true;
    if (!accept("False")) wrong("fortran_order is neither True nor False");
    return false;
  }
  Shape read_shape() {
    std::vector<std::int64_t> extents;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::int64_t extent = 0;
      const char *const begin = rest_.data(), *const end = begin + rest_.size();
      const auto [stop, error] = std::from_chars(begin, end, extent);
      if (error != std::errc() || extent < 0) wrong("an extent in its shape is not a whole number of 64 bits");
      rest_.remove_prefix(stop - begin);
      if (extents.size() == kMaxRank) wrong(fmt::format("its shape has more than {} axes", kMaxRank));
      extents.push_back(extent);
      if (accept(')')) break;
      expect(',');
    }
    std::int64_t numel = 1;
    for (const std::int64_t extent : extents)
      if (__builtin_mul_overflow(numel, extent, &numel)) wrong("its shape has more elements than can be counted");
    return Shape(extents);
  }

  const fs::path& path_;
  std::string_view rest_;
};

static const char* describe(std::string_view start) {
  if (start.starts_with("PK\x03\x04"))
    return "is a .npz or zip archive, not a .npy file\nhelp: save one array by numpy.save";
  if (start.starts_with("\x80")) return "is a pickle, not a .npy file\nhelp: save the array by numpy.save";
  if (start.starts_with("<")) return "is a web page, not a .npy file\nhelp: a download went wrong; fetch it again";
  return "is not a .npy file: it does not begin as those that numpy.save writes";
}

/// Reads up to the first number; `left` is how many bytes of the file follow.
static NpyHeader read_header(InputFile& file, std::int64_t& left) {
  const fs::path& path = file.path();
  left = file.size();
  const auto take = [&](void* to, std::int64_t bytes) {
    if (left < bytes) fail(path, "ends in the middle of its header");
    file.read(to, bytes);
    left -= bytes;
  };
  if (left == 0) fail(path, "is empty");
  std::string magic(std::min<std::int64_t>(left, kMagic.size()), '\0');
  take(magic.data(), static_cast<std::int64_t>(magic.size()));
  if (magic != kMagic.substr(0, magic.size())) fail(path, describe(magic));
  std::uint8_t version[2]{};
  take(version, 2);
  if (version[0] < 1 || version[0] > 3 || version[1] != 0)
    fail(path, fmt::format("is of version {}.{}, but only 1.0, 2.0 and 3.0 are read", version[0], version[1]));
  std::uint32_t length = 0;
  take(&length, version[0] == 1 ? 2 : 4);
  constexpr std::uint32_t kLongest = 1 << 16;  // NumPy itself reads no header longer than 10,000 bytes
  if (length > kLongest) fail(path, fmt::format("announces a header of {} bytes; {} are the most", length, kLongest));
  std::string text(std::min<std::int64_t>(length, left), '\0');
  take(text.data(), length);
  return NpyHeaderReader(path, text).read();
}

// ---- The numbers ----------------------------------------------------------------------------------------------------

template <class T>
constexpr const char* kType = nullptr;
template <>
constexpr const char* kType<std::uint8_t> = "|u1";
template <>
constexpr const char* kType<float> = "<f4";
template <>
constexpr const char* kType<double> = "<f8";

/// "3, 0, 17" of the element at a row-major index.
static std::string place_of(const Shape& shape, std::int64_t index) {
  std::vector<std::int64_t> place(shape.rank());
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    place[axis] = index % shape[axis];
    index /= shape[axis];
  }
  return fmt::format("{}", fmt::join(place, ", "));
}

/// Where elements go that come in Fortran order: the first axis runs fastest.
class FortranWalk {
 public:
  explicit FortranWalk(const Shape& shape) : shape_(shape), strides_(contiguous_strides(shape)) {}
  std::int64_t next() {
    const std::int64_t at = offset_;
    for (int axis = 0; axis < shape_.rank(); ++axis) {
      offset_ += strides_[axis];
      if (++index_[axis] < shape_[axis]) break;
      offset_ -= strides_[axis] * shape_[axis];
      index_[axis] = 0;
    }
    return at;
  }

 private:
  Shape shape_;
  Strides strides_, index_{};
  std::int64_t offset_ = 0;
};

template <class T>
static std::vector<T> read_values(InputFile& file, const NpyHeader& header, std::int64_t left) {
  const fs::path& path = file.path();
  const std::int64_t count = header.shape.numel();
  constexpr std::int64_t kBytes = sizeof(T);
  if (count > left / kBytes) fail(path, fmt::format("is too short for the array {} that it announces", header.shape));
  if (count * kBytes < left) fail(path, fmt::format("goes on after the array {} that it announces", header.shape));
  std::vector<T> values(count);
  if (header.fortran) {
    constexpr std::int64_t kStep = 1 << 16;
    std::vector<T> some(std::min(count, kStep));
    FortranWalk walk(header.shape);
    for (std::int64_t done = 0; done < count; done += kStep) {
      const std::int64_t step = std::min(kStep, count - done);
      file.read(some.data(), step * kBytes);
      for (std::int64_t i = 0; i < step; ++i) values[walk.next()] = some[i];
    }
  } else {
    file.read(values.data(), left);
  }
  if constexpr (std::is_floating_point_v<T>) {
    const auto wrong = std::ranges::find_if(values, [](T value) { return !std::isfinite(value); });
    if (wrong != values.end())
      fail(path, fmt::format("holds a number that is not finite: [{}] is {}",
                             place_of(header.shape, wrong - values.begin()), *wrong));
  }
  return values;
}

NpyArray read_npy(const fs::path& path) {
  InputFile file(path);
  std::int64_t left = 0;
  const NpyHeader header = read_header(file, left);
  const std::string& type = header.type;
  NpyArray array{header.shape, {}};
  if (type.starts_with('>') && type != ">u1")
    fail(path, "is big-endian\nhelp: save it as array.astype(array.dtype.newbyteorder(\"<\"))");
  const bool bytes = type == "|u1" || type == "<u1" || type == ">u1" || type == "u1";
  if (!bytes && type != kType<float> && type != kType<double>)
    fail(path, fmt::format("holds elements of type {}, but uint8, float32 and float64 are read\n"
                           "help: save it as array.astype(\"float32\")",
                           quote(type)));
  if (header.shape.rank() == 1) fail(path, "has one axis\nhelp: for one number per sample, save array.reshape(-1, 1)");
  if (header.shape.rank() < 2 || header.shape.rank() > 4)
    fail(path, fmt::format("has {} axes, but samples are (N, D), (N, H, W) or (N, H, W, C)", header.shape.rank()));
  if (header.shape.numel() == 0) fail(path, fmt::format("holds nothing: its array is {}", header.shape));
  if (bytes)
    array.values = read_values<std::uint8_t>(file, header, left);
  else if (type == kType<float>)
    array.values = read_values<float>(file, header, left);
  else
    array.values = read_values<double>(file, header, left);
  return array;
}

void write_npy(const fs::path& path, const NpyArray& array) {
  std::visit(
      [&]<class T>(const std::vector<T>& values) {
        check(static_cast<std::int64_t>(values.size()) == array.shape.numel(), "[npy] {} values for an array {}",
              values.size(), array.shape);
        std::string shape;
        for (const std::int64_t extent : array.shape) shape += fmt::format("{}, ", extent);
        if (array.shape.rank() > 1) shape.resize(shape.size() - 2);
        if (array.shape.rank() == 1) shape.pop_back();  // Python's tuple of one: (3,)
        std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", kType<T>, shape);
        constexpr std::size_t kAlign = 64, kBefore = 10;  // the numbers begin at a multiple; magic, version, length
        header.append(kAlign - 1 - (kBefore + header.size()) % kAlign, ' ');
        header += '\n';
        std::string bytes(kMagic);
        const auto length = static_cast<std::uint16_t>(header.size());
        bytes += {1, 0, static_cast<char>(length & 255), static_cast<char>(length >> 8)};
        bytes += header;
        bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
        write_file_atomically(path, bytes);
      },
      array.values);
}

}  // namespace GRADUS
