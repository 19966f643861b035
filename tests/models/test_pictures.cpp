// A folder of pictures: which files are meant, what they are called, and that they become bytes of one size.
#include <doctest/doctest.h>

#include "models/data/pictures.h"
#include "tensor/parallel.h"
#include "tests/files.h"
#include "tests/models/picture_files.h"

using namespace gradus;
using namespace gradus::test;
namespace fs = std::filesystem;

static std::string grey(int pixel) { return png_head(1, 1, 8, kPngGrey) + png_rows({{static_cast<char>(pixel)}}); }
static std::string red() { return png_head(1, 1, 8, kPngColour) + png_rows({{'\xff', 0, 0}}); }

static std::vector<std::string> names(const PictureList& list) {
  std::vector<std::string> names;
  for (const fs::path& file : list.files) names.push_back(file.filename());
  return names;
}

TEST_CASE("a folder of pictures without labels") {
  const Folder folder;
  folder.put("b.PNG", grey(2));
  folder.put("a.png", grey(1));
  folder.put("c.JPeG", jpeg(8, 8, 1, std::string(64, 77), {.space = JCS_GRAYSCALE}));
  folder.put("notes.txt", "hello");
  folder.put(".hidden.png", grey(9));
  fs::create_directory(folder.path / ".thumbnails");
  put(folder.path / ".thumbnails" / "x.png", grey(9));
  fs::create_directory(folder.path / "empty");
  CHECK(has_pictures(folder.path));
  const PictureList list = list_pictures(folder.path);
  CHECK(names(list) == std::vector<std::string>{"a.png", "b.PNG", "c.JPeG"});
  CHECK(list.labels.empty());
  CHECK(list.classes.empty());
  CHECK(list.others == 1);
  const Pictures pictures = read_pictures(list, {2, 1});
  CHECK(pictures.count == 3);
  CHECK(pictures.channels == 1);
  CHECK(pictures.pixels == std::vector<std::uint8_t>{1, 1, 2, 2, 77, 77});
}

TEST_CASE("a folder of pictures labelled by sub-folders, grey ones among coloured are coloured") {
  const Folder folder;
  for (const char* name : {"cat", "bird"}) fs::create_directory(folder.path / name);
  put(folder.path / "cat" / "1.png", grey(5));
  put(folder.path / "bird" / "2.png", red());
  put(folder.path / "bird" / "1.png", grey(6));
  CHECK(has_pictures(folder.path));
  const PictureList list = list_pictures(folder.path);
  CHECK(list.classes == std::vector<std::string>{"bird", "cat"});
  CHECK(list.labels == std::vector<std::int32_t>{0, 0, 1});
  const int before = threads();
  for (const int count : {1, 3}) {
    set_threads(count);
    const Pictures pictures = read_pictures(list, {1, 1});
    CHECK(pictures.channels == 3);
    CHECK(pictures.pixels == std::vector<std::uint8_t>{6, 6, 6, 255, 0, 0, 5, 5, 5});
  }
  set_threads(before);
}

TEST_CASE("folders that are no set of pictures have their sentences") {
  const Folder folder;
  const auto says = [&] { return error_of([&] { list_pictures(folder.path); }); };
  CHECK(contains(says(), "there are no PNG or JPEG files in the folder"));
  CHECK_FALSE(has_pictures(folder.path));
  CHECK_FALSE(has_pictures(folder.path / "missing"));
  CHECK(contains(error_of([&] { list_pictures(folder.path / "missing"); }), "cannot look into"));
  fs::create_directories(folder.path / "cat" / "deep");
  put(folder.path / "cat" / "1.png", grey(1));
  CHECK(contains(says(), "there are folders in"));
  fs::remove(folder.path / "cat" / "deep");
  CHECK(says() == "no error");
  folder.put("stray.png", grey(2));
  CHECK(contains(says(), "has pictures of its own and in \"cat\""));
}

TEST_CASE("of several pictures that cannot be read the first is named, on any number of threads") {
  const Folder folder;
  for (int i = 10; i < 50; ++i) folder.put(std::to_string(i) + ".png", i == 23 || i == 31 || i == 49 ? "no" : grey(i));
  const int before = threads();
  for (const int count : {1, 2, 4}) {
    set_threads(count);
    CHECK(contains(error_of([&] { read_pictures(list_pictures(folder.path), {1, 1}); }), "23.png"));
  }
  set_threads(before);
}
