// Checkpoints against files written by hand, and every way in which a file can be wrong.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cmath>
#include <limits>

#include "nn/files/checkpoint.h"
#include "tests/files.h"

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus::test;

namespace {

template <class T>
std::string bytes_of(std::initializer_list<T> values) {
  return std::string(reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T));
}

std::string file_of(const std::string& header, const std::string& data) {
  return bytes_of<std::uint64_t>({header.size()}) + header + data;
}

const std::string kName = sizeof(Real) == 4 ? "F32" : "F64";
const std::string kFloats = bytes_of<float>({1, 2});

/// The header of one F32 tensor "w" of two numbers, with one of its entries replaced.
std::string header_with(const std::string& shape = "[2]", const std::string& offsets = "[0,8]",
                        const std::string& dtype = "\"F32\"") {
  return "{\"w\":{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}";
}

std::string load_error(const std::string& bytes) {
  const Folder folder;
  put(folder.path / "x.safetensors", bytes);
  return error_of([&] { load_checkpoint(folder.path / "x.safetensors"); });
}

}  // namespace

// ---- what is written ----

TEST_CASE("checkpoint: the bytes are those of a file written by hand") {
  const Folder folder;
  Checkpoint checkpoint;
  checkpoint.tensors["b"] = tensor({2, 1}, {Real(1.5), Real(-2)});
  checkpoint.tensors["a"] = scalar(Real(0.25));
  checkpoint.metadata["step"] = "7";
  checkpoint.metadata["by"] = "\"ä\"\n";
  save_checkpoint(folder.path / "x", checkpoint);

  const bool f32 = kName == "F32";
  std::string header = R"({"__metadata__":{"by":"\"ä\"\n","step":"7"},"a":{"dtype":")" + kName +
                       R"(","shape":[],"data_offsets":[0,)" + (f32 ? "4" : "8") + R"(]},"b":{"dtype":")" + kName +
                       R"(","shape":[2,1],"data_offsets":)" + (f32 ? "[4,12]" : "[8,24]") + "}}";
  while (header.size() % 8 != 0) header += ' ';
  CHECK(get(folder.path / "x") == file_of(header, bytes_of<Real>({Real(0.25), Real(1.5), Real(-2)})));
  CHECK(folder.names() == std::vector<std::string>{"x"});
}

TEST_CASE("checkpoint: what is loaded is what was saved, to the bit") {
  const Folder folder;
  const fs::path path = folder.path / "x.safetensors";
  Checkpoint saved;
  Tensor many({3, 257, 61});  // more than one chunk
  const View numbers = many.write();
  for (std::int64_t i = 0; i < many.numel(); ++i)
    numbers.data[i] = std::sin(Real(i)) * std::pow(Real(10), Real(i % 60 - 30));
  saved.tensors["many"] = many;
  saved.tensors["transposed"] = detach(many, Shape{61, 257}, Strides{1, 61});
  saved.tensors["extremes"] =
      tensor({5}, {Real(-0.0), std::numeric_limits<Real>::max(), std::numeric_limits<Real>::lowest(),
                   std::numeric_limits<Real>::denorm_min(), std::numeric_limits<Real>::min()});
  saved.tensors["empty"] = zeros({0, 3});
  saved.tensors[""] = ones({1, 1, 1, 1, 1, 1});
  saved.tensors["../../etc/<script>\x01"] = scalar(3);
  saved.metadata[""] = std::string("a\0b", 3);
  save_checkpoint(path, saved);
  const Checkpoint loaded = load_checkpoint(path);
  CHECK(loaded.metadata == saved.metadata);
  REQUIRE(loaded.tensors.size() == saved.tensors.size());
  for (const auto& [name, tensor] : saved.tensors) {
    REQUIRE(loaded.tensors.contains(name));
    const Tensor& other = loaded.tensors.at(name);
    CHECK(other.shape() == tensor.shape());
    const std::vector<Real> a = tensor.values(), b = other.values();
    CHECK(std::string(reinterpret_cast<const char*>(a.data()), a.size() * sizeof(Real)) ==
          std::string(reinterpret_cast<const char*>(b.data()), b.size() * sizeof(Real)));
  }
  const std::string once = get(path);
  save_checkpoint(path, loaded);
  CHECK(get(path) == once);
}

TEST_CASE("checkpoint: nothing at all, and text alone, make good files") {
  const Folder folder;
  save_checkpoint(folder.path / "x", {});
  CHECK(get(folder.path / "x") == file_of("{}      ", ""));
  CHECK(load_checkpoint(folder.path / "x").tensors.empty());
  save_checkpoint(folder.path / "y", {{}, {{"epoch", "18446744073709551615"}}});
  CHECK(load_checkpoint(folder.path / "y").metadata.at("epoch") == "18446744073709551615");
}

TEST_CASE("checkpoint: what could not be loaded is not saved") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  put(path, "old");
  const auto refused = [&](const std::string& name, const Tensor& tensor, const std::string& text) {
    return error_of([&] { save_checkpoint(path, {{{name, tensor}}, {{"key", text}}}); });
  };
  CHECK(contains(refused("bad.weight", tensor({2}, {1, std::numeric_limits<Real>::quiet_NaN()}), ""),
                 "tensor \"bad.weight\" holds nan"));
  CHECK(contains(refused("w", scalar(std::numeric_limits<Real>::infinity()), ""), "holds inf"));
  CHECK(contains(refused("__metadata__", scalar(1), ""), "cannot be called __metadata__"));
  CHECK(contains(refused("\xff", scalar(1), ""), "\"\\xff\" is not UTF-8"));
  CHECK(contains(refused("w", scalar(1), "\xc0\x80"), "is not UTF-8"));
  CHECK(get(path) == "old");
  CHECK(folder.names() == std::vector<std::string>{"x"});
}

// ---- what is read ----

TEST_CASE("checkpoint: files that are unusual but right") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  const auto load = [&](const std::string& header, const std::string& data) {
    put(path, file_of(header, data));
    return load_checkpoint(path);
  };
  CHECK(load("{}", "").tensors.empty());
  CHECK(load(" \n\t{}", "").tensors.empty());
  CHECK(load("{\"__metadata__\":{}}   ", "").metadata.empty());
  CHECK(load(header_with(), kFloats).tensors.at("w").values() == std::vector<Real>{1, 2});
  CHECK(load(header_with("[]", "[0,4]"), bytes_of<float>({3})).tensors.at("w").item() == 3);
  // Doubles are rounded to the build's type.
  CHECK(load(header_with("[2]", "[0,16]", "\"F64\""), bytes_of<double>({0.1, 1e-300})).tensors.at("w").values() ==
        std::vector<Real>{static_cast<Real>(0.1), static_cast<Real>(1e-300)});
  // Empty tensors share their place with a neighbour; the order in the header is not that of the data.
  const std::string header = R"({"z":{"data_offsets":[0,4],"shape":[1],"dtype":"F32"},
    "e":{"dtype":"F64","shape":[0,9223372036854775],"data_offsets":[4,4]},
    "f":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]},
    "a":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]}})";
  const Checkpoint checkpoint = load(header, kFloats);
  CHECK(checkpoint.tensors.at("z").item() == 1);
  CHECK(checkpoint.tensors.at("a").item() == 2);
  CHECK(checkpoint.tensors.at("f").shape() == Shape{3, 0});
  CHECK(checkpoint.tensors.at("e").numel() == 0);
}

TEST_CASE("checkpoint: lengths that cannot be") {
  CHECK(contains(load_error(""), "it is empty"));
  for (std::size_t size = 1; size < 8; ++size)
    CHECK(contains(load_error(std::string(size, '\x02')), fmt::format("it has only {} bytes", size)));
  const auto with_length = [](std::uint64_t length) { return load_error(bytes_of({length}) + "{}"); };
  for (const std::uint64_t length : {~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{100'000'001},
                                     std::uint64_t{11}, std::uint64_t{3}, std::uint64_t{2} << 56 /* big-endian 2 */})
    CHECK(contains(with_length(length), fmt::format("its header would have {} bytes, the file has 10", length)));
  CHECK(contains(with_length(1), "not valid JSON"));
  CHECK(contains(with_length(0), "does not begin with {"));
  // A header over the limit in a file that is really that long (and takes no room on the disk).
  const Folder folder;
  put(folder.path / "x", bytes_of<std::uint64_t>({100'000'001}));
  fs::resize_file(folder.path / "x", 200'000'000);
  CHECK(contains(error_of([&] { load_checkpoint(folder.path / "x"); }), "its header would have 100000001 bytes"));
}

TEST_CASE("checkpoint: headers that are not the right JSON") {
  const auto header_error = [](const std::string& header) { return load_error(file_of(header, kFloats)); };
  for (const std::string header : {"[]", "null", "\"x\"", " ", "\xef\xbb\xbf{}", "\xff{}"})
    CHECK(contains(header_error(header), "does not begin with {"));
  for (const std::string header : {"{", "{]", "{}}", "{\"\xff\":1}", "{,}", "{\"a\"}", "{} x", "{\"a\":tru",
                                   "{\"a\":1e999}", "{}/**/", "{\"\\ud800\":{}}", "{'a':1}"})
    CHECK(contains(header_error(header), "not valid JSON"));
  CHECK(contains(header_error(std::string("{}\0\0", 4)), "zero byte"));
  CHECK(contains(header_error(std::string("{}\0 rubbish", 11)), "zero byte"));
  for (const std::string entry : {"1", "01", "null", "[]", "\"F32\"", "true", "-1", "1.5"})
    CHECK(contains(header_error("{\"w\":" + entry + "}"), "the entry for \"w\" is not an object"));
  CHECK(contains(header_error("{\"a\":" + std::string(1'000'000, '[')), "the entry for \"a\" is not an object"));
  CHECK(contains(header_error("{\"a\":" + std::string(1'000'000, '{')), "not valid JSON"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
  CHECK(contains(header_error(deep), "unknown entry \"a\""));
  CHECK(contains(header_error("{\"\\u001b[2J\":1}"), R"(the entry for "\x1b[2J")"));
}

TEST_CASE("checkpoint: metadata is text by name") {
  const auto header_error = [](const std::string& header) { return load_error(file_of(header, kFloats)); };
  for (const std::string value : {"1", "-1", "1.5", "null", "[]", "{}", "true"})
    CHECK(contains(header_error("{\"__metadata__\":{\"k\":" + value + "}}"), "the metadata \"k\" is not a string"));
  for (const std::string value : {"\"x\"", "1", "[]", "null"})
    CHECK(
        contains(header_error("{\"__metadata__\":" + value + "}"), "the entry for \"__metadata__\" is not an object"));
  CHECK(contains(header_error(R"({"__metadata__":{"k":"a","k":"a"}})"), "the metadata \"k\" is listed twice"));
  CHECK(contains(header_error(R"({"__metadata__":{},"__metadata__":{}})"), "\"__metadata__\" is listed twice"));
}

TEST_CASE("checkpoint: entries that are missing, double, unknown or of the wrong kind") {
  const auto header_error = [](const std::string& header) { return load_error(file_of(header, kFloats)); };
  const std::string good = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  CHECK(contains(header_error("{\"w\":" + good + ",\"w\":" + good + "}"), "\"w\" is listed twice"));
  CHECK(contains(header_error("{\"w\":" + good + ",\"\\u0077\":" + good + "}"), "\"w\" is listed twice"));
  CHECK(contains(header_error(R"({"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})"),
                 "two entries \"dtype\""));
  CHECK(contains(header_error(R"({"w":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}})"),
                 "two entries \"shape\""));
  CHECK(contains(header_error(R"({"w":{"shape":[2],"data_offsets":[0,8]}})"), "has no entry dtype"));
  CHECK(contains(header_error(R"({"w":{"dtype":"F32","data_offsets":[0,8]}})"), "has no entry shape"));
  CHECK(contains(header_error(R"({"w":{"dtype":"F32","shape":[2]}})"), "has no entry data_offsets"));
  CHECK(contains(header_error("{\"v\":" + good + ",\"w\":{}}"), "tensor \"w\" has no entry dtype"));
  CHECK(
      contains(header_error(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})"), "unknown entry \"x\""));
  for (const std::string dtype : {"f32", "F8", "I128", "", "F32 "})
    CHECK(contains(header_error(header_with("[2]", "[0,8]", "\"" + dtype + "\"")),
                   "tensor \"w\" has the unknown dtype \"" + dtype + "\""));
  for (const std::string dtype : {"1", "null", "[\"F32\"]", "{}", "true"})
    CHECK(contains(header_error(header_with("[2]", "[0,8]", dtype)), "the dtype of tensor \"w\" is not a string"));
  for (const std::string shape : {"[-1]", "[1.5]", "[2e0]", "[\"2\"]", "[true]", "[null]", "[[2]]", "[{}]", "2",
                                  "\"2\"", "null", "{}", "[18446744073709551616]", "[-0]"})
    CHECK(contains(header_error(header_with(shape)), "the shape of tensor \"w\" is not a list of whole numbers"));
  CHECK(contains(header_error(header_with("[1,1,1,1,1,1,2]")), "more than 6 axes"));
  for (const std::string offsets :
       {"[0]", "[]", "[0,8,8]", "[-1,8]", "[0,1e30]", "[0.0,8]", "8", "null", "[\"0\",8]", "{}"})
    CHECK(contains(header_error(header_with("[2]", offsets)),
                   "the data_offsets of tensor \"w\" are not two whole numbers"));
}

TEST_CASE("checkpoint: sizes and places that do not fit") {
  const auto header_error = [](const std::string& header) { return load_error(file_of(header, kFloats)); };
  CHECK(contains(header_error(header_with("[2,18446744073709551614]")), "too large in its shape"));
  for (const std::string shape :
       {"[2,9223372036854775807]", "[4294967296,4294967296]", "[4194305,4194305,211106198978564]",
        "[4611686018427387905]", "[0,9223372036854775807]"})
    CHECK(contains(header_error(header_with(shape)), "is too large"));
  for (const std::string offsets :
       {"[4,0]", "[0,4]", "[0,7]", "[0,9]", "[0,12]", "[0,0]", "[8,0]", "[0,9223372036854775807]"})
    CHECK(contains(header_error(header_with("[2]", offsets)), "tensor \"w\" of shape (2) and dtype F32 takes 8 bytes"));
  CHECK(contains(header_error(header_with("[1]", "[0,8]")), "takes 4 bytes"));
  CHECK(contains(header_error(header_with("[2]", "[0,8]", "\"F64\"")), "takes 16 bytes"));
  CHECK(contains(header_error(header_with("[1]", "[4,8]")), "begins at byte 4 of the numbers instead of 0"));
  CHECK(contains(header_error(header_with("[0]", "[4,4]")), "begins at byte 4 of the numbers instead of 0"));
  CHECK(contains(header_error(header_with("[4]", "[0,16]")), "its tensors take 16 bytes, but 8 follow"));
  CHECK(contains(header_error(header_with("[1]", "[0,4]")), "its tensors take 4 bytes, but 8 follow"));
  CHECK(contains(load_error(file_of(header_with(), kFloats + "x")), "its tensors take 8 bytes, but 9 follow"));
  CHECK(contains(load_error(file_of(header_with(), kFloats.substr(2))), "its tensors take 8 bytes, but 6 follow"));
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"F32","shape":[1],"data_offsets":)" + first +
           R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":)" + second + "}}";
  };
  CHECK(header_error(two("[0,4]", "[4,8]")) == "no error");
  CHECK(contains(header_error(two("[0,4]", "[0,4]")), "tensor \"b\" begins at byte 0 of the numbers instead of 4"));
  CHECK(contains(header_error(two("[0,4]", "[2,6]")), "tensor \"b\" begins at byte 2 of the numbers instead of 4"));
  CHECK(contains(header_error(two("[0,4]", "[5,9]")), "tensor \"b\" begins at byte 5 of the numbers instead of 4"));
  // Many tensors over the same bytes.
  std::string same = "{";
  for (int i = 0; i < 20'000; ++i)
    same += fmt::format("{}\"{}\":{{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", i ? "," : "", i);
  CHECK(contains(header_error(same + "}"), "begins at byte 0 of the numbers instead of 8"));
}

TEST_CASE("checkpoint: tensors of other dtypes are passed over, but their sizes and places must be right") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  const std::map<std::string, int> bits{{"I64", 64},    {"U64", 64},    {"C64", 64},    {"I32", 32},
                                        {"U32", 32},    {"I16", 16},    {"U16", 16},    {"I8", 8},
                                        {"U8", 8},      {"BOOL", 8},    {"F8_E5M2", 8}, {"F8_E4M3", 8},
                                        {"F8_E8M0", 8}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F4", 4}};
  for (const auto& [name, size_of_one] : bits) {
    const std::string dtype = name;
    const int size = size_of_one;  // of eight in bytes
    const auto file = [&](int count, int begin, int end) {
      const std::string header =
          fmt::format(R"({{"n":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}},)", dtype, count, begin, end) +
          fmt::format(R"("w":{{"dtype":"F32","shape":[2],"data_offsets":[{},{}]}}}})", end, end + 8);
      return file_of(header, std::string(static_cast<std::size_t>(size), '\xff') + kFloats);
    };
    put(path, file(8, 0, size));
    const Checkpoint checkpoint = load_checkpoint(path);
    CHECK(checkpoint.tensors.size() == 1);
    CHECK(checkpoint.tensors.at("w").values() == std::vector<Real>{1, 2});
    CHECK(checkpoint.unread == std::map<std::string, std::string>{{"n", dtype}});
    CHECK(contains(load_error(file(7, 0, size)),
                   size % 8 == 0 ? fmt::format("takes {} bytes", 7 * size / 8) : "does not end with a byte"));
    CHECK(contains(load_error(file(16, 0, size)), fmt::format("takes {} bytes", 2 * size)));
    CHECK(contains(load_error(file(8, 8, size + 8)), "begins at byte 8"));
  }
}

TEST_CASE("checkpoint: NaN is refused, infinities are told") {
  const float inf = std::numeric_limits<float>::infinity();
  const Folder folder;
  put(folder.path / "x", file_of(header_with(), bytes_of<float>({1, -inf})));
  const Checkpoint checkpoint = load_checkpoint(folder.path / "x");
  CHECK(checkpoint.infinite == std::set<std::string>{"w"});
  CHECK(checkpoint.tensors.at("w").at({1}) == -std::numeric_limits<Real>::infinity());
  save_checkpoint(folder.path / "y", checkpoint);  // what is told to be infinite may be
  CHECK(load_checkpoint(folder.path / "y").infinite == checkpoint.infinite);
  put(folder.path / "x", file_of(header_with("[1]", "[0,8]", "\"F64\""), bytes_of<double>({inf})));
  CHECK(load_checkpoint(folder.path / "x").tensors.at("w").item() == std::numeric_limits<Real>::infinity());
  CHECK(contains(load_error(file_of(header_with(), bytes_of<float>({1, std::nanf("")}))),
                 "tensor \"w\" holds nan at element 1"));
  const std::string wide = load_error(file_of(header_with("[1]", "[0,8]", "\"F64\""), bytes_of<double>({-1e39})));
  CHECK((kName == "F32" ? contains(wide, "holds -1e+39 at element 0, beyond this build's Real") : wide == "no error"));
}

TEST_CASE("checkpoint: other files are recognised") {
  const std::string rest(64, '\x07');
  CHECK(contains(load_error("PK\x03\x04" + rest), "zip archive"));
  CHECK(contains(load_error("\x80\x02" + rest), "pickle"));
  CHECK(contains(load_error("GGUF" + rest), "GGUF"));
  CHECK(contains(load_error("\x89HDF\r\n\x1a\n" + rest), "HDF5"));
  CHECK(contains(load_error("\x89PNG\r\n\x1a\n" + rest), "PNG"));
  CHECK(contains(load_error("\x93NUMPY" + rest), "numpy"));
  CHECK(contains(load_error("{\"hidden\": [500]}"), "JSON"));
  CHECK(contains(load_error("<!DOCTYPE html><html>"), "web page"));
  CHECK(contains(load_error("version https://git-lfs.github.com/spec/v1"), "Git LFS"));
  const Folder folder;
  CHECK(contains(error_of([&] { load_checkpoint(folder.path); }), "it is a folder"));
  CHECK(contains(error_of([&] { load_checkpoint(folder.path / "none"); }), "there is no such file"));
  CHECK(contains(error_of([&] { load_checkpoint("/dev/zero"); }), "not a regular file"));
  REQUIRE(mkfifo((folder.path / "pipe").c_str(), 0600) == 0);
  CHECK(contains(error_of([&] { load_checkpoint(folder.path / "pipe"); }), "not a regular file"));
  fs::create_symlink("loop", folder.path / "loop");
  CHECK(contains(error_of([&] { load_checkpoint(folder.path / "loop"); }), "symbolic links"));
}

TEST_CASE("checkpoint: any byte of a good file changed, or any part of it cut off, gives numbers or an error") {
  const Folder folder;
  const fs::path path = folder.path / "x";
  save_checkpoint(path, {{{"a", tensor({2, 2}, {1, 2, 3, 4})}, {"b", scalar(5)}}, {{"k", "v"}}});
  const std::string good = get(path);
  for (std::size_t cut = 0; cut < good.size(); ++cut) CHECK(load_error(good.substr(0, cut)) != "no error");
  int loaded = 0;
  for (std::size_t at = 0; at < good.size(); ++at)
    for (const int flip : {0x01, 0x10, 0x80, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      put(path, bad);
      const std::string error = error_of([&] { load_checkpoint(path); });
      CHECK((error == "no error" || error.starts_with("[checkpoint] cannot load ") || error.starts_with("[read] ")));
      if (at < 8) CHECK(error != "no error");  // the length
      loaded += error == "no error";
    }
  CHECK(loaded > 0);  // letters of names and bits of numbers
}
