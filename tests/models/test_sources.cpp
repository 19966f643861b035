// Which files of a folder are the data: as archives and programs lay them out, with what is broken beside what is whole.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include "models/data/sources.h"
#include "tests/models/idx_files.h"

using namespace gradus;
using namespace gradus::test;
namespace fs = std::filesystem;

namespace {

/// Two images of 2 x 3: the pixels tell the file that they are of.
std::string images(char first) {
  std::string pixels;
  for (int i = 0; i < 12; ++i) pixels += static_cast<char>(first + i);
  return idx_header({2, 2, 3}) + pixels;
}
std::string labels() { return idx_header({2}) + "\x01\x02"; }

void put_below(const fs::path& folder, const std::string& name, const std::string& bytes) {
  fs::create_directories((folder / name).parent_path());
  put(folder / name, bytes);
}

}  // namespace

TEST_CASE("sources: every layout is found, and what is broken does not hide what is whole") {
  const std::string train = images('a'), test = images('n'), broken;
  using Files = std::vector<std::pair<std::string, std::string>>;
  const struct {
    const char *what, *where;  // below the folder
    Files files;               // what ends in '/' is a folder
    std::size_t labels = 0;    // of the training images
  } kLayouts[] = {
      {"the names of the site", "", {{"train-images-idx3-ubyte", train}, {"t10k-images-idx3-ubyte", test}}},
      {"compressed, with labels",
       "",
       {{"train-images-idx3-ubyte.gz", gzip(train)},
        {"t10k-images-idx3-ubyte.gz", gzip(test)},
        {"train-labels-idx1-ubyte.gz", gzip(labels())}},
       2},
      {"a folder of the file's name beside it",
       "",
       {{"train-images-idx3-ubyte/", ""},
        {"train-images.idx3-ubyte", train},
        {"t10k-images-idx3-ubyte/", ""},
        {"t10k-images.idx3-ubyte", test},
        {"train-labels-idx1-ubyte/", ""},
        {"train-labels.idx1-ubyte", labels()}},
       2},
      {"the file inside a folder of its name",
       "",
       {{"train-images-idx3-ubyte/train-images-idx3-ubyte", train},
        {"t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", test},
        {"train-labels-idx1-ubyte/train-labels-idx1-ubyte", labels()}},
       2},
      {"both, and the plain file is taken",
       "",
       {{"train-images-idx3-ubyte/train-images-idx3-ubyte", images('x')},
        {"train-images.idx3-ubyte", train},
        {"t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", images('x')},
        {"t10k-images.idx3-ubyte", test}}},
      {"an empty file before a good one",
       "",
       {{"train-images-idx3-ubyte", broken},
        {"train-images-idx3-ubyte.gz", gzip(train)},
        {"t10k-images-idx3-ubyte", broken},
        {"t10k-images.idx3-ubyte.gz", gzip(test)},
        {"train-labels-idx1-ubyte", broken},
        {"train-labels-idx1-ubyte.gz", gzip(labels())}},
       2},
      {"an empty archive before a good file",
       "",
       {{"train-images-idx3-ubyte.gz", broken},
        {"train-images.idx3-ubyte", train},
        {"t10k-images-idx3-ubyte.gz", broken},
        {"t10k-images.idx3-ubyte", test}}},
      {"MNIST/raw",
       "",
       {{"MNIST/raw/train-images-idx3-ubyte", train},
        {"MNIST/raw/t10k-images-idx3-ubyte", test},
        {"MNIST/processed/training.pt", "x"},
        {"letter.txt", "x"}}},
      {"raw", "MNIST", {{"MNIST/raw/train-images-idx3-ubyte", train}, {"MNIST/raw/t10k-images-idx3-ubyte", test}}},
      {"EMNIST's names",
       "",
       {{"emnist-letters-train-images-idx3-ubyte.gz", gzip(train)},
        {"emnist-letters-test-images-idx3-ubyte.gz", gzip(test)},
        {"emnist-letters-train-labels-idx1-ubyte.gz", gzip(labels())},
        {"emnist-letters-mapping.txt", "1 65 97"}},
       2},
      {"one of EMNIST's sets",
       "gzip/emnist-letters",
       {{"gzip/emnist-letters-train-images-idx3-ubyte.gz", gzip(train)},
        {"gzip/emnist-letters-test-images-idx3-ubyte.gz", gzip(test)},
        {"gzip/emnist-digits-train-images-idx3-ubyte.gz", gzip(images('x'))},
        {"gzip/emnist-digits-test-images-idx3-ubyte.gz", gzip(images('x'))}}},
      {"EMNIST's archive",
       "",
       {{"gzip/emnist-mnist-train-images-idx3-ubyte.gz", gzip(train)},
        {"gzip/emnist-mnist-test-images-idx3-ubyte.gz", gzip(test)}}},
  };
  for (const auto& layout : kLayouts) {
    INFO(layout.what);
    const Folder folder;
    for (const auto& [name, bytes] : layout.files)
      if (name.ends_with('/'))
        fs::create_directories(folder.path / name);
      else
        put_below(folder.path, name, bytes);
    Dataset data;
    const std::string where = *layout.where ? folder.path / layout.where : folder.path;
    CHECK(error_of([&] { data = load_dataset(where); }) == "no error");
    CHECK(data.train.pixels == std::vector<std::uint8_t>(train.begin() + 16, train.end()));
    CHECK(data.test.pixels == std::vector<std::uint8_t>(test.begin() + 16, test.end()));
    CHECK(data.train.labels.size() == layout.labels);
  }
}

TEST_CASE("sources: a split needs no files of the other") {
  const Folder folder;
  folder.put("t10k-images-idx3-ubyte", images('n'));
  CHECK(load_images(folder.path, Split::test).pixels[0] == 'n');
  CHECK(contains(error_of([&] { load_images(folder.path, Split::train); }), "there is no train-images-idx3-ubyte"));
  CHECK(contains(error_of([&] { load_images(folder.path, Split::test, {.size = SampleShape{1, 3, 2}}); }),
                 "are 2 x 3 pixels, the model takes 3 x 2"));
}

TEST_CASE("sources: images that lie on their side are turned, whatever the two sides") {
  const Folder folder;
  folder.put("t10k-images-idx3-ubyte", images('a'));  // a b c / d e f and g h i / j k l
  const Images turned = load_images(folder.path, Split::test, {.transposed = true, .size = SampleShape{1, 3, 2}});
  CHECK(turned.height == 3);
  CHECK(turned.width == 2);
  CHECK(std::string(turned.pixels.begin(), turned.pixels.end()) == "adbecfgjhkil");
  const Images upright = load_images("digits", Split::test), lying = load_images("digits", Split::test, {true});
  bool same = true;
  for (std::int64_t i = 0; i < upright.count * 784; ++i)
    same &= upright.pixels[i] == lying.pixels[i / 784 * 784 + i % 28 * 28 + i / 28 % 28];
  CHECK(same);
  CHECK(lying.labels == upright.labels);
}

TEST_CASE("sources: what is not found or cannot be read is said, with what to do") {
  const auto says = [](const fs::path& where) { return error_of([&] { load_dataset(where); }); };
  const std::string zip = std::string("PK\3\4") + std::string(100, '\0');
  {
    const Folder folder;
    folder.put("archive.zip", zip);
    CHECK(contains(says(folder.path), "there is no train-images-idx3-ubyte"));
    CHECK(contains(says(folder.path), "help: unpack \"archive.zip\" first"));
    CHECK(contains(says(folder.path / "archive.zip"), "help: unpack the zip, and name the folder of what was in it"));
    folder.put("train-images-idx3-ubyte.gz", zip);
    folder.put("t10k-images-idx3-ubyte.gz", zip);
    CHECK(contains(says(folder.path), "is a zip archive and not an IDX file\nhelp: unpack it, and name the folder"));
    folder.put("train-images-idx3-ubyte.gz", "");
    CHECK(contains(says(folder.path), "is empty"));
  }
  const Folder folder;
  for (const char* name : {"MNIST/raw/", "FashionMNIST/raw/", "EMNIST/raw/emnist-letters-"})
    for (const char* set : {"train", "test"})
      put_below(folder.path, std::string(name) + set + "-images-idx3-ubyte", images('a'));
  const std::string several = says(folder.path);
  CHECK(contains(several, "there are several data sets\nhelp: name one of them: "));
  for (const char* name : {"/EMNIST/raw/emnist-letters\"", "/FashionMNIST/raw\"", "/MNIST/raw\""})
    CHECK(contains(several, name));
  CHECK(says(folder.path / "MNIST") == "no error");
  CHECK(says(folder.path / "EMNIST" / "raw" / "emnist-letters") == "no error");
  CHECK(contains(says(folder.path / "EMNIST" / "raw" / "emnist-digits"), "there is no folder"));
}

TEST_CASE("sources: sizes are compared before pixels are read") {
  const Folder folder;
  constexpr std::uint32_t kCount = 209'715'200;  // 210 MB of nothing in 204 kB: as much as deflate can make of them
  const fs::path images_file = folder.path / "t10k-images-idx3-ubyte.gz";
  {
    gzFile file = gzopen(images_file.c_str(), "wb9");
    REQUIRE(file != nullptr);
    const std::string header = idx_header({kCount, 1, 1}), zeros(1 << 20, '\0');
    gzwrite(file, header.data(), static_cast<unsigned>(header.size()));
    for (int i = 0; i < 200; ++i) gzwrite(file, zeros.data(), static_cast<unsigned>(zeros.size()));
    gzclose(file);
  }
  folder.put("t10k-labels-idx1-ubyte", idx_header({300}) + std::string(300, '\1'));
  folder.put("train-images-idx3-ubyte", images('a'));
  const auto resident = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;  // KiB
  };
  const auto before = resident();
  CHECK(contains(error_of([&] { load_images(folder.path, Split::test); }), "has 300 labels for the 209715200 images"));
  fs::remove(folder.path / "t10k-labels-idx1-ubyte");
  CHECK(
      contains(error_of([&] { load_dataset(folder.path); }), "training images are 2 x 3 pixels and test images 1 x 1"));
  CHECK(contains(error_of([&] { load_images(folder.path, Split::test, {.size = SampleShape{1, 28, 28}}); }),
                 "are 1 x 1 pixels"));
  CHECK(resident() - before < 32 * 1024);
}
