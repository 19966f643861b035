// NumPy's files: what NumPy writes is read exactly, what we write is what NumPy would, what is wrong gets its sentence.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "models/data/npy.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

template <class T>
static std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

static std::string npy(const std::string& header, const std::string& numbers, char version = 1) {
  std::string length{static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  if (version > 1) length += std::string(2, '\0');
  return "\x93NUMPY" + std::string{version, 0} + length + header + numbers;
}

static std::string head(const std::string& type, const std::string& shape, const char* fortran = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

/// numpy.save's file of [[1, 2, 3], [4, 5, 6]] as float32: the bytes of NumPy 1.24.
static std::string by_numpy() {
  return npy(head("<f4", "(2, 3)") + std::string(58, ' ') + "\n", raw<float>({1, 2, 3, 4, 5, 6}));
}

TEST_CASE("npy: each type, order and version") {
  const Folder folder;
  const auto read = [&](const std::string& bytes) { return read_npy(folder.put("x.npy", bytes)); };
  const NpyArray floats = read(by_numpy());
  CHECK(floats.shape == Shape{2, 3});
  CHECK(std::get<std::vector<float>>(floats.values) == std::vector<float>{1, 2, 3, 4, 5, 6});
  for (const char version : {1, 2, 3}) {
    const NpyArray doubles = read(npy(head("<f8", "(3, 1)"), raw<double>({0.1, -2, 1e300}), version));
    CHECK(doubles.shape == Shape{3, 1});
    CHECK(std::get<std::vector<double>>(doubles.values) == std::vector<double>{0.1, -2, 1e300});
  }
  for (const char* type : {"|u1", "<u1", ">u1", "u1"}) {
    const NpyArray bytes = read(npy(head(type, "(1, 2, 2)"), {0, 1, '\xfe', '\xff'}));
    CHECK(bytes.shape == Shape{1, 2, 2});
    CHECK(std::get<std::vector<std::uint8_t>>(bytes.values) == std::vector<std::uint8_t>{0, 1, 254, 255});
  }
  // numpy.asfortranarray: columns one after the other
  const NpyArray fortran = read(npy(head("<f4", "(2, 3)", "True"), raw<float>({1, 4, 2, 5, 3, 6})));
  CHECK(std::get<std::vector<float>>(fortran.values) == std::vector<float>{1, 2, 3, 4, 5, 6});
  // The keys in another order, with other quotes and space, as Python would take them.
  const NpyArray other = read(npy("{\"shape\":(1,2),\"fortran_order\":False,\"descr\":\"|u1\"}  \n", "ab"));
  CHECK(other.shape == Shape{1, 2});
}

TEST_CASE("npy: Fortran order of four axes, longer than a buffer") {
  const Folder folder;
  const std::int64_t N = 50, H = 40, W = 13, C = 3;
  std::vector<float> numbers;
  for (std::int64_t c = 0; c < C; ++c)
    for (std::int64_t w = 0; w < W; ++w)
      for (std::int64_t h = 0; h < H; ++h)
        for (std::int64_t n = 0; n < N; ++n) numbers.push_back(static_cast<float>(((n * H + h) * W + w) * C + c));
  const NpyArray array = read_npy(folder.put("x", npy(head("<f4", "(50, 40, 13, 3)", "True"), raw(numbers))));
  CHECK(array.shape == Shape{N, H, W, C});
  const auto& values = std::get<std::vector<float>>(array.values);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < values.size(); ++i) right += values[i] == static_cast<float>(i);
  CHECK(right == N * H * W * C);
}

TEST_CASE("npy: what is written is what NumPy writes, and comes back") {
  const Folder folder;
  const auto path = folder.path / "x.npy";
  write_npy(path, {Shape{2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6}});
  CHECK(get(path) == by_numpy());
  write_npy(path, {Shape{3}, std::vector<std::uint8_t>{0, 0, 0}});
  CHECK(get(path) == npy(head("|u1", "(3,)") + std::string(60, ' ') + "\n", std::string(3, '\0')));
  write_npy(path, {Shape{}, std::vector<double>{7}});
  CHECK(contains(get(path), "'shape': (), }"));
  const NpyArray array{Shape{2, 1, 2, 1}, std::vector<double>{0.1, -0.0, 5e-324, 1.7e308}};
  write_npy(path, array);
  const NpyArray back = read_npy(path);
  CHECK(back.shape == array.shape);
  CHECK(raw(std::get<std::vector<double>>(back.values)) == raw(std::get<std::vector<double>>(array.values)));
  CHECK(contains(error_of([&] { write_npy(path, {Shape{2, 2}, std::vector<float>{1}}); }),
                 "[npy] 1 values for an array (2, 2)"));
}

TEST_CASE("npy: each kind of bad file has its sentence, naming the file") {
  const Folder folder;
  const std::string good = by_numpy();
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  const auto of = [](const std::string& header) { return npy(header, raw<float>({1, 2, 3, 4, 5, 6})); };
  const struct {
    std::string bytes, says;
  } cases[] = {
      {"", "is empty"},
      {"\x93NUM", "ends in the middle of its header"},
      {good.substr(0, 6), "ends in the middle of its header"},
      {good.substr(0, 9), "ends in the middle of its header"},
      {good.substr(0, 60), "ends in the middle of its header"},
      {"PK\x03\x04.......", "is a .npz or zip archive"},
      {"\x80\x04.......", "is a pickle"},
      {"<!DOCTYPE html>", "is a web page"},
      {"\x89PNG\r\n\x1a\n", "it does not begin as those that numpy.save writes"},
      {npy(head("<f4", "(2, 3)"), "", 4), "is of version 4.0"},
      {"\x93NUMPY" + std::string{2, 0, '\xff', '\xff', '\xff', '\x7f'}, "announces a header of 2147483647 bytes"},
      {of(head("<f4", "(2, 3)").substr(0, 30)), "has a header that cannot be read"},
      {of(""), "'{' was expected"},
      {of("[]"), "'{' was expected"},
      {of("{}"), "it lacks 'descr', 'fortran_order' or 'shape'"},
      {of("{'descr': '<f4', 'fortran_order': False}"), "it lacks 'descr'"},
      {of(head("<f4", "(2, 3)") + "x"), "something follows its dictionary"},
      {of("{'descr': '<f4', 'descr': '<f4'}"), "it names \"descr\" twice"},
      {of("{'other': 1}"), "it has an entry \"other\""},
      {of("{'descr': '<f4}"), "a text in it does not end"},
      {of("{descr: '<f4'}"), "'\"' was expected at \"descr: "},
      {of(head("<f4", "(2, 3)", "1")), "fortran_order is neither True nor False"},
      {of(head("<f4", "(2, -3)")), "an extent in its shape"},
      {of(head("<f4", "(2, 3.0)")), "',' was expected at \".0)"},
      {of(head("<f4", "(2, 99999999999999999999)")), "an extent in its shape"},
      {of(head("<f4", "[2, 3]")), "'(' was expected"},
      {of(head("<f4", "(1, 1, 1, 1, 1, 1, 1)")), "its shape has more than 6 axes"},
      {of(head("<f4", "(4294967296, 4294967296)")), "more elements than can be counted"},
      {of(head("<f4", "(9223372036854775807, 3)")), "more elements than can be counted"},
      {of(head("<f4", "(4611686018427387904, 1)")), "is too short for the array (4611686018427387904, 1)"},
      {of(head("<f4", "(2, 4)")), "is too short for the array (2, 4)"},
      {good.substr(0, good.size() - 1), "is too short for the array (2, 3)"},
      {good + "x", "goes on after the array (2, 3)"},
      {of(head("<f4", "()")), "has 0 axes, but samples are (N, D)"},
      {of(head("<f4", "(6,)")), "has one axis\nhelp: for one number per sample, save array.reshape(-1, 1)"},
      {of(head("<f4", "(1, 1, 1, 2, 3)")), "has 5 axes"},
      {npy(head("<f4", "(0, 3)"), ""), "holds nothing: its array is (0, 3)"},
      {npy(head("<f4", "(3, 0)"), ""), "holds nothing: its array is (3, 0)"},
      {of(head(">f4", "(2, 3)")), "is big-endian"},
      {of(head("<f2", "(2, 6)")), "holds elements of type \"<f2\", but uint8, float32 and float64 are read"},
      {of(head("<i4", "(2, 3)")), "help: save it as array.astype(\"float32\")"},
      {of(head("|b1", "(2, 12)")), "type \"|b1\""},
      {of(head("|O", "(2, 3)")), "type \"|O\""},
      {of("{'descr': [('x', '<f4'), ('y', '<f4')], 'fortran_order': False, 'shape': (3,), }"),
       "holds records of several fields"},
      {npy(head("<f4", "(2, 3)"), raw<float>({1, 2, 3, 4, nan, 6})), "a number that is not finite: [1, 1] is nan"},
      {npy(head("<f4", "(2, 3)", "True"), raw<float>({1, 2, 3, 4, -infinity, 6})), "[0, 2] is -inf"},
      {npy(head("<f8", "(1, 1, 1, 2)"), raw<double>({0, HUGE_VAL})), "[0, 0, 0, 1] is inf"},
  };
  int number = 0;
  for (const auto& c : cases) {
    const std::string name = "case-" + std::to_string(number++);
    const std::string says = error_of([&] { read_npy(folder.put(name, c.bytes)); });
    CAPTURE(says);
    CAPTURE(c.says);
    CHECK(contains(says, c.says));
    CHECK(contains(says, name));
  }
  CHECK(contains(error_of([&] { read_npy(folder.path / "none"); }), "there is no such file"));
  CHECK(contains(error_of([&] { read_npy(folder.path); }), "it is a folder"));
}

TEST_CASE("npy: a file cut anywhere is an error") {
  const Folder folder;
  const std::string good = by_numpy();
  for (std::size_t length = 0; length < good.size(); ++length)
    CHECK(error_of([&] { read_npy(folder.put("cut", good.substr(0, length))); }) != "no error");
}
