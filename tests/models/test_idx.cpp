// Reading images and labels: what is right is read exactly, what is wrong gets its sentence.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "models/data/dataset.h"
#include "models/data/idx.h"
#include "models/data/sources.h"
#include "tests/models/idx_files.h"

using namespace gradus;
using namespace gradus::test;
namespace fs = std::filesystem;

/// `count` images of 3 × 2 whose bytes count up from 0, modulo 251.
static std::string some_images(std::uint32_t count) {
  std::string bytes = idx_header({count, 3, 2});
  for (std::uint32_t i = 0; i < count * 6; ++i) bytes += static_cast<char>(i % 251);
  return bytes;
}

static void check_some_images(const Images& images, std::int64_t count) {
  CHECK(images.count == count);
  CHECK(images.height == 3);
  CHECK(images.width == 2);
  REQUIRE(static_cast<std::int64_t>(images.pixels.size()) == count * 6);
  bool same = true;
  for (std::int64_t i = 0; i < count * 6; ++i) same = same && images.pixels[i] == i % 251;
  CHECK(same);
}

TEST_CASE("IDX: plain and compressed files are told apart by content") {
  const Folder folder;
  const std::string bytes = some_images(300);
  check_some_images(read_idx_images(folder.put("plain", bytes)), 300);
  check_some_images(read_idx_images(folder.put("plain.gz", bytes)), 300);
  check_some_images(read_idx_images(folder.put("gzip.gz", gzip(bytes))), 300);
  check_some_images(read_idx_images(folder.put("gzip", gzip(bytes))), 300);
  const std::string members = gzip(bytes.substr(0, 7)) + gzip("") + gzip(bytes.substr(7));
  check_some_images(read_idx_images(folder.put("members", members)), 300);
  check_some_images(read_idx_images(folder.put("larger than a buffer", some_images(100000))), 100000);
  CHECK(read_idx_labels(folder.put("labels", idx_header({3}) + "\x07\x01\xff")) ==
        std::vector<std::uint8_t>{7, 1, 255});
}

TEST_CASE("IDX: coloured images, whose pixels are three bytes, become planes of red, green and blue") {
  const Folder folder;
  // Two images of 2 x 1 pixels: each byte names image, colour and row.
  const std::string pixels = "RGBrgb"
                             "XYZxyz";
  const Images images = read_idx_images(folder.put("colours", idx_header({2, 2, 1, 3}) + pixels));
  CHECK(images.channels == 3);
  CHECK(images.height == 2);
  CHECK(images.width == 1);
  CHECK(images.pixels_per_image() == 6);
  CHECK(std::string(images.pixels.begin(), images.pixels.end()) == "RrGgBbXxYyZz");
  const std::uint32_t sum = crc32(0, images.pixels.data(), 12);
  CHECK(fingerprint(images) == fmt::format("2x2x1x3 crc32:{:08x}", sum));
  CHECK(read_fingerprint(fingerprint(images)).shape == SampleShape{3, 2, 1});
  for (const char* none : {"2x2x1x1 crc32:00000000", "2x2x1x2 crc32:00000000", "2x2x1x3x1 crc32:00000000"})
    CHECK(contains(error_of([&] { read_fingerprint(none); }), "does not identify images"));
  CHECK(contains(error_of([&] { read_idx_labels(folder.path / "colours"); }), "holds images, not labels"));

  Images turned = images;
  transpose(turned);
  CHECK(turned.shape() == SampleShape{3, 1, 2});
  CHECK(turned.pixels == images.pixels);  // a column of each plane becomes its row

  const Images grey = read_idx_images(folder.put("grey", idx_header({2, 2, 3, 1}) + pixels));
  CHECK(grey.channels == 1);
  CHECK(std::string(grey.pixels.begin(), grey.pixels.end()) == pixels);
}

TEST_CASE("IDX: extreme shapes") {
  const Folder folder;
  const Images dot = read_idx_images(folder.put("dot", idx_header({1, 1, 1}) + "x"));
  CHECK(dot.pixels_per_image() == 1);
  CHECK(dot.pixels == std::vector<std::uint8_t>{'x'});
  const Images line = read_idx_images(folder.put("line", idx_header({2, 1, 65535}) + std::string(2 * 65535, 'y')));
  CHECK(line.width == 65535);
  CHECK(line.count == 2);
}

TEST_CASE("IDX: each kind of bad file has its sentence, naming the file") {
  const Folder folder;
  const std::string good = some_images(10), zipped = gzip(good);
  const auto damaged = [](std::string bytes, std::size_t from_end) {
    bytes[bytes.size() - from_end] ^= 0x55;
    return bytes;
  };
  const struct {
    std::string bytes, says;
  } cases[] = {
      {"", "is empty"},
      {gzip(""), "is empty once decompressed"},
      {std::string(1, '\0'), "ends in the middle of its header"},
      {good.substr(0, 3), "ends in the middle of its header"},
      {std::string("\0\1", 2), "is not an IDX file: it begins with 00 01, not with 00 00 08"},
      {std::string{3, 8, 0, 0} + good.substr(4), "wrong byte order"},
      {"<!DOCTYPE html><title>404</title>", "is a web page"},
      {"\x89PNG\r\n\x1a\n", "it begins with 89 50 4e 47"},
      {gzip(zipped), "is compressed twice"},
      {idx_header({1, 1, 1}, 0x09) + "x", "signed bytes (type 0x09)"},
      {idx_header({1, 1, 1}, 0x0b) + "xx", "16-bit integers (type 0x0b)"},
      {idx_header({1, 1, 1}, 0x0c) + "xxxx", "32-bit integers (type 0x0c)"},
      {idx_header({1, 1, 1}, 0x0d) + "xxxx", "32-bit floats (type 0x0d)"},
      {idx_header({1, 1, 1}, 0x0e) + "xxxxxxxx", "64-bit floats (type 0x0e)"},
      {idx_header({1, 1, 1}, 0x77) + "x", "no known type (type 0x77)"},
      {idx_header({}) + "x", "has 0 axes"},
      {idx_header({1, 1}) + "x", "has 2 axes"},
      {idx_header({1, 1, 1, 1, 1}) + "x", "has 5 axes, but images have 3: (count, height, width), or 4"},
      {idx_header({1, 1, 1, 2}) + "xx", "announces images of 2 channels; there must be 1, or 3"},
      {idx_header({2, 1, 1, 3}) + "xxx", "is too short for the 2 images"},
      {std::string{0, 0, 8, '\xff'} + std::string(2000, 'x'), "has 255 axes"},
      {idx_header({2}) + "xx", "holds labels, not images\nhelp: are the files"},
      {good.substr(0, 4), "ends in the middle of its header"},
      {good.substr(0, 15), "ends in the middle of its header"},
      {idx_header({0, 28, 28}), "holds no images"},
      {idx_header({1, 0, 28}), "0 x 28 pixels"},
      {idx_header({1, 28, 0}), "28 x 0 pixels"},
      {idx_header({1, 65536, 1}) + std::string(65536, 'x'), "65536 x 1 pixels"},
      {idx_header({0xffffffff, 0xffffffff, 0xffffffff}), "4294967295 x 4294967295 pixels"},
      {idx_header({0xffffffff, 65535, 65535}), "is too short for the 4294967295 images"},
      {gzip(idx_header({0xffffffff, 65535, 65535})), "is too short for the 4294967295 images"},
      {good.substr(0, good.size() - 1), "is too short for the 10 images"},
      {good + "x", "goes on after the 10 images"},
      {gzip(good.substr(0, good.size() - 1)), "is too short for the 10 images"},
      {gzip(good + "x"), "goes on after the 10 images"},
      {zipped.substr(0, zipped.size() / 2), "ends in the middle of its compressed data"},
      {zipped.substr(0, 5), "ends in the middle of its compressed data"},
      {zipped.substr(0, zipped.size() - 8), "ends in the middle of its compressed data"},
      {zipped.substr(0, zipped.size() - 1), "ends in the middle of its compressed data"},
      {damaged(zipped, 8), "is damaged: its compressed data have an incorrect data check"},
      {damaged(zipped, 1), "is damaged: its compressed data have an incorrect length check"},
      {zipped + "trailing", "goes on after the end of its compressed data"},
      {zipped + zipped, "goes on after the 10 images"},
  };
  int number = 0;
  for (const auto& c : cases) {
    const std::string name = "case-" + std::to_string(number++);
    const std::string says = error_of([&] { read_idx_images(folder.put(name, c.bytes)); });
    CAPTURE(says);
    CAPTURE(c.says);
    CHECK(contains(says, c.says));
    CHECK(contains(says, name));
  }
  const std::string says = error_of([&] { read_idx_labels(folder.put("l", good)); });
  CHECK(contains(says, "holds images, not labels\nhelp: are the files"));
  CHECK(contains(error_of([&] { read_idx_labels(folder.put("l", idx_header({0}))); }), "holds no labels"));
  CHECK(contains(error_of([&] { read_idx_labels(folder.put("l", idx_header({2}) + "x")); }),
                 "too short for the 2 labels"));
}

TEST_CASE("IDX: what is no regular file is refused without waiting") {
  const Folder folder;
  const auto says = [](const fs::path& path) { return error_of([&] { read_idx_images(path); }); };
  CHECK(contains(says(folder.path / "missing"), "there is no such file"));
  CHECK(contains(says(folder.path), "it is a folder"));
  REQUIRE(::mkfifo((folder.path / "pipe").c_str(), 0600) == 0);
  CHECK(contains(says(folder.path / "pipe"), "it is not a regular file"));
  CHECK(contains(says("/dev/zero"), "it is not a regular file"));
  fs::create_symlink("loop", folder.path / "loop");
  CHECK(contains(says(folder.path / "loop"), "loop"));
  CHECK(contains(says(folder.path / "esc\x1b[31m\n"), "esc\\x1b[31m\\x0a"));
  if (::geteuid() != 0) {
    fs::permissions(folder.put("secret", some_images(1)), fs::perms::none);
    CHECK(contains(says(folder.path / "secret"), "secret"));
  }
}

TEST_CASE("IDX: a file cut anywhere is an error, and so is a flipped byte unless it changes nothing") {
  const Folder folder;
  const std::string good = some_images(20);
  for (const std::string& bytes : {good, gzip(good)}) {
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const fs::path path = folder.put("cut", bytes.substr(0, length));
      CAPTURE(length);
      CHECK(error_of([&] { read_idx_images(path); }) != "no error");
    }
  }
  const std::string zipped = gzip(good);
  int unharmed = 0;
  for (std::size_t at = 0; at < zipped.size(); ++at) {
    std::string bytes = zipped;
    bytes[at] ^= 0xff;
    const fs::path path = folder.put("flipped", bytes);
    try {
      check_some_images(read_idx_images(path), 20);
      ++unharmed;
    } catch (const Error&) {
    }
  }
  CHECK(unharmed <= 6);  // of gzip's header: time (4 bytes), level and system
}

TEST_CASE("IDX: a small file that swells is stopped at what its header announces") {
  const Folder folder;
  constexpr int kMegabytes = 100;
  const fs::path bomb = folder.put("bomb", [] {
    std::string bytes = gzip(idx_header({10, 28, 28}));
    const std::string zeros = gzip(std::string(1 << 20, '\0'));
    for (int i = 0; i < kMegabytes; ++i) bytes += zeros;
    return bytes;
  }());
  // Announces 102 MB, which its 0.26 MB could become if they were not all there is, and hardly compressed.
  const fs::path liar = folder.put("liar", [] {
    std::string bytes = idx_header({100000, 32, 32});
    for (std::uint32_t i = 0, noise = 1; i < 1 << 18; ++i, noise = noise * 1664525 + 1013904223)
      bytes += static_cast<char>(noise >> 24);
    return gzip(bytes);
  }());
  const auto resident = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;  // KiB
  };
  const auto before = resident();
  CHECK(contains(error_of([&] { read_idx_images(bomb); }), "goes on after the 10 images"));
  CHECK(contains(error_of([&] { read_idx_images(liar); }), "is too short for the 100000 images"));
  CHECK(resident() - before < 32 * 1024);
}

TEST_CASE("a folder of IDX files under MNIST's names") {
  const auto labels = [](std::uint32_t n) { return idx_header({n}) + std::string(n, '\x03'); };
  SUBCASE("each file in any of its spellings") {
    const Folder folder;
    folder.put("train-images-idx3-ubyte", some_images(7));
    folder.put("train-labels.idx1-ubyte.gz", gzip(labels(7)));
    folder.put("t10k-images-idx3-ubyte.gz", gzip(some_images(5)));
    folder.put("t10k-labels.idx1-ubyte", labels(5));
    const Dataset data = load_dataset(folder.path);
    check_some_images(data.train, 7);
    check_some_images(data.test, 5);
    CHECK(data.train.labels == std::vector<std::uint8_t>(7, 3));
    CHECK(data.test.labels == std::vector<std::uint8_t>(5, 3));
  }
  SUBCASE("labels may be missing") {
    const Folder folder;
    folder.put("train-images-idx3-ubyte", some_images(7));
    folder.put("t10k-images-idx3-ubyte", some_images(5));
    const Dataset data = load_dataset(folder.path);
    CHECK(data.train.labels.empty());
    CHECK(data.test.count == 5);
  }
  SUBCASE("coloured images have four axes, whatever the file is called") {
    const Folder folder;
    folder.put("train-images-idx4-ubyte", idx_header({2, 2, 1, 3}) + "RGBrgbXYZxyz");
    folder.put("t10k-images-idx3-ubyte", idx_header({1, 2, 1, 3}) + "RGBrgb");
    const Dataset data = load_dataset(folder.path);
    CHECK(data.train.shape() == SampleShape{3, 2, 1});
    CHECK(std::string(data.train.pixels.begin(), data.train.pixels.end()) == "RrGgBbXxYyZz");
    CHECK(std::string(data.test.pixels.begin(), data.test.pixels.end()) == "RrGgBb");
    folder.put("t10k-images-idx3-ubyte", idx_header({1, 2, 1}) + "Rr");
    CHECK(contains(error_of([&] { load_dataset(folder.path); }),
                   "training images are 2 x 1 x 3 pixels and test images 2 x 1"));
  }
  SUBCASE("what does not fit together") {
    const Folder folder;
    const auto says = [&] { return error_of([&] { load_dataset(folder.path); }); };
    CHECK(contains(says(), "there is no train-images-idx3-ubyte or t10k-images-idx3-ubyte, plain or with .gz"));
    folder.put("train-images-idx3-ubyte", some_images(7));
    CHECK(contains(says(), "there is no t10k-images-idx3-ubyte"));
    folder.put("t10k-images-idx3-ubyte", idx_header({1, 2, 2}) + "abcd");
    CHECK(contains(says(), "training images are 3 x 2 pixels and test images 2 x 2"));
    folder.put("t10k-images-idx3-ubyte", idx_header({1, 3, 1}) + "abc");
    CHECK(contains(says(), "training images are 3 x 2 pixels and test images 3 x 1"));
    folder.put("t10k-images-idx3-ubyte", some_images(5));
    folder.put("t10k-labels-idx1-ubyte", labels(4));
    CHECK(contains(says(), "has 4 labels for the 5 images"));
    folder.put("t10k-labels-idx1-ubyte", some_images(5));
    folder.put("t10k-images-idx3-ubyte", labels(5));
    CHECK(contains(says(), "are the files of images and labels swapped?"));
    fs::remove(folder.path / "train-images-idx3-ubyte");
    fs::create_symlink("nowhere", folder.path / "train-images-idx3-ubyte");
    CHECK(contains(says(), "there is no such file"));
  }
  SUBCASE("no folder at all") {
    const Folder folder;
    const auto says = [](const std::string& where) { return error_of([&] { load_dataset(where); }); };
    CHECK(contains(says(folder.path / "none"), "there is no folder"));
    CHECK(contains(says(folder.put("file", "x")), "is not a folder"));
    CHECK(contains(says(""), "there is no folder \"\""));
    CHECK(contains(says(std::string(5000, 'x')), "cannot look into"));
  }
}

TEST_CASE("a batch holds the chosen rows as numbers from 0 to 1") {
  const Images images{.name = "", .count = 3, .height = 1, .width = 2, .pixels = {0, 255, 51, 102, 153, 204}};
  std::vector<Real> memory(12, Real(-1));
  const std::int64_t rows[] = {2, 0, 2};
  const View batch{memory.data(), Shape{3, 2}, Strides{2, 1}};
  fill_batch(images, rows, batch);
  const Real c = Real(153) / 255, d = Real(204) / 255;
  CHECK(std::vector<Real>(memory.begin(), memory.begin() + 6) == std::vector<Real>{c, d, 0, 1, c, d});
  CHECK(memory[6] == -1);
  const View transposed{memory.data() + 6, Shape{3, 2}, Strides{1, 3}};
  fill_batch(images, rows, transposed);
  CHECK(std::vector<Real>(memory.begin() + 6, memory.end()) == std::vector<Real>{c, 0, c, d, 1, d});

  const std::int64_t outside[] = {0, 3, 0}, negative[] = {0, 0, -1};
  CHECK(contains(error_of([&] { fill_batch(images, outside, batch); }), "there is no image 3 among 3"));
  CHECK(contains(error_of([&] { fill_batch(images, negative, batch); }), "there is no image -1 among 3"));
  const View narrow{memory.data(), Shape{3, 1}, Strides{1, 1}};
  CHECK(contains(error_of([&] { fill_batch(images, rows, narrow); }), "is (3, 2), not (3, 1)"));
}

TEST_CASE("a fingerprint knows shape, pixels and labels, but not the name") {
  // CRC-32 of "123456789" is cbf43926: the check value in the catalogue of such sums.
  Images images{
      .name = "a", .count = 9, .height = 1, .width = 1, .pixels = {'1', '2', '3', '4', '5', '6', '7', '8', '9'}};
  CHECK(fingerprint(images) == "9x1x1 crc32:cbf43926");
  images.name = "b";
  CHECK(fingerprint(images) == "9x1x1 crc32:cbf43926");
  images.labels.assign(9, 1);
  CHECK(fingerprint(images) != "9x1x1 crc32:cbf43926");
}

TEST_CASE("MNIST") {
  const char* folder = std::getenv("MNIST");
  if (!folder) {
    MESSAGE("[skipped] set MNIST to a folder of its four files");
    return;
  }
  const Dataset data = load_dataset(folder);
  CHECK(data.train.count == 60000);
  CHECK(data.test.count == 10000);
  CHECK(data.train.pixels_per_image() == 784);
  CHECK(data.train.labels.size() == 60000);
  // The first labels, as printed in many places; the mean grey of the training set is 0.1307.
  CHECK(std::vector<std::uint8_t>(data.train.labels.begin(), data.train.labels.begin() + 6) ==
        std::vector<std::uint8_t>{5, 0, 4, 1, 9, 2});
  double sum = 0;
  for (const std::uint8_t pixel : data.train.pixels) sum += pixel;
  const double mean = sum / 255 / static_cast<double>(data.train.pixels.size());
  CHECK((mean > 0.1306 && mean < 0.1308));
}
