// Data of every kind through the program: each trains, samples, reconstructs and evaluates, with the same bits for any
// number of threads, and what is wrong with it ends with a sentence and its exit code.
#include <fmt/format.h>

#include <cmath>
#include <sstream>

#include "models/data/npy.h"
#include "models/data/sources.h"
#include "tests/models/picture_files.h"
#include "tests/models/program.h"

using namespace gradus;
using namespace gradus::test;

/// 40 rows of 7 measurements in very different units, and a name.
static std::string table() {
  std::string text = "length,\"width, mm\",mass,year,charge,ratio,always,kind\n";
  for (int i = 0; i < 40; ++i) {
    const double t = i / 39.0, wave = std::sin(0.7 * i);
    text += fmt::format("{},{},{},{},{},{},{},{}\n", 5 + t, 100 + 20 * wave, 1e-3 * (1 + t), 1990 + i,
                        1.6e-19 * (1 + wave), 0.5 + wave / 4, 7, i % 2 ? "odd" : "even");
  }
  return text;
}

static std::string picture(int i, bool colour) {
  const int width = 9 + i % 5, height = 8 + i % 3;
  std::vector<std::string> rows(height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < (colour ? 3 : 1); ++c) rows[y] += static_cast<char>(10 * i + 7 * x + 5 * y + 60 * c);
  return png_head(width, height, 8, colour ? kPngColour : kPngGrey) + png_rows(rows);
}

/// A folder of data of every kind.
struct Kinds : Place {
  Kinds() {
    put(folder / "table.csv", table());
    std::string kaggle = "label";
    for (int i = 0; i < 9; ++i) kaggle += fmt::format(",pixel{}", i);
    for (int row = 0; row < 30; ++row) {
      kaggle += fmt::format("\n{}", row % 10);
      for (int i = 0; i < 9; ++i) kaggle += fmt::format(",{}", (row * 31 + i * 17) % 256);
    }
    put(folder / "train.csv", kaggle + "\n");
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < 25 * 4 * 3 * 3; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 7));
    write_npy(folder / "colour.npy", {Shape{25, 4, 3, 3}, bytes});
    std::vector<float> floats;
    for (int i = 0; i < 25 * 4 * 3; ++i) floats.push_back(static_cast<float>(1000 + i * 37 % 91));
    write_npy(folder / "floats.npy", {Shape{25, 4, 3}, floats});
    std::vector<double> doubles;
    for (int i = 0; i < 25 * 5; ++i) doubles.push_back((i * 37 % 91) / 91.0);
    write_npy(folder / "rows.npy", {Shape{25, 5}, doubles});
    for (const char* label : {"cat", "dog"}) {
      fs::create_directories(folder / "pictures" / label);
      for (int i = 0; i < 10; ++i)
        put(folder / "pictures" / label / fmt::format("{}.png", i), picture(i, label[0] == 'd'));
    }
    put(folder / "pictures" / "dog" / "notes.txt", "…");
  }
  static Arguments line(const std::string& out, const std::string& data, const Arguments& more) {
    Arguments arguments = {"train", "--data",       data, "--hidden", "6", "--latent",
                           "2",     "--batch-size", "8",  "--out",    out};
    if (std::ranges::find(more, "--epochs") == more.end()) arguments.insert(arguments.end(), {"--epochs", "2"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

TEST_CASE("kinds: each trains, samples, reconstructs and evaluates, with the same bits for any threads") {
  const Kinds place;
  const struct {
    const char* data;
    Arguments more;
    std::string says;  // of the model's layers, and of what was decided
    const char* ending;
  } cases[] = {
      {"shapes", {"--limit", "30", "--classes", "triangle,ellipse"}, "1024-6-2-6-1024", "png"},
      {"train.csv", {"--without", "9"}, "9-6-2-6-9", "png"},
      {"colour.npy", {}, "36-6-2-6-36", "png"},
      {"floats.npy", {}, "numbers are scaled to mean 0 and deviation 1 (--scale)", "png"},
      {"floats.npy", {"--scale", "unit", "--transpose", "yes"}, "12-6-2-6-12", "png"},
      {"rows.npy", {"--test", "0.2"}, "5 of 25 samples are held out to be measured on (--test)", "csv"},
      {"table.csv", {"--label-column", "kind"}, "7-6-2-6-7", "csv"},
      {"table.csv", {"--columns", "mass,length", "--scale", "unit"}, "2-6-2-6-2", "csv"},
      {"pictures", {}, "pictures are cut and resampled to 64 x 64 x 3 (--size)", "png"},
      {"pictures", {"--size", "5x4", "--classes", "cat"}, "passed over: a file that is neither PNG nor JPEG", "png"},
  };
  int number = 0;
  for (const auto& c : cases) {
    const std::string run = fmt::format("run-{}", number++);
    CAPTURE(c.data);
    Arguments more = c.more;
    more.insert(more.end(), {"--threads", "1"});
    const Ended trained = place.run(Kinds::line(run, c.data, more));
    INFO(trained.err);
    REQUIRE(trained.code == 0);
    CHECK(contains(trained.out, c.says));
    more.back() = "3";
    REQUIRE(place.run(Kinds::line(run + "-3", c.data, more)).code == 0);
    for (const std::string file : {"last.safetensors", "config.json"})
      CHECK(get(place.folder / run / file) == get(place.folder / (run + "-3") / file));
    for (const Arguments& line : {Arguments{"info", run},
                                  {"evaluate", run},
                                  {"evaluate", run, "--data", c.data},
                                  {"sample", run, "--seed", "3"},
                                  {"reconstruct", run},
                                  {"resume", run, "--epochs", "3"}}) {
      const Ended ended = place.run(line);
      INFO(line[0]);
      INFO(ended.err);
      CHECK(ended.code == 0);
    }
    for (const std::string stem : {"samples", "reconstructions", "samples-3"})
      CHECK(fs::exists(place.folder / run / (stem + "." + c.ending)));
  }
}

TEST_CASE("kinds: pictures in folders train and test are two sets, and IDX files come before pictures") {
  const Kinds place;
  for (const char* split : {"train", "test"}) {
    const fs::path folder = place.folder / "split" / split;
    fs::create_directories(folder);
    fs::copy(place.folder / "pictures", folder, fs::copy_options::recursive);
  }
  fs::remove(place.folder / "split" / "test" / "dog" / "3.png");
  const auto load = [&](const Taking& taking) { return load_dataset(place.folder / "split", taking); };
  const Dataset data = load({.selection = {.size = "6x6"}});
  CHECK(data.train.count == 20);
  CHECK(data.test.count == 19);
  CHECK(data.train.shape() == SampleShape{3, 6, 6});
  CHECK(data.train.classes == std::vector<std::string>{"cat", "dog"});
  // Of cats alone, which are grey, where dogs are not: still of one kind.
  fs::remove_all(place.folder / "split" / "test" / "dog");
  CHECK(contains(error_of([&] { load({}); }), "the folders in train and test"));
  fs::copy(place.folder / "pictures" / "cat", place.folder / "split" / "test" / "dog");
  CHECK(load({}).test.shape() == SampleShape{3, 64, 64});

  put(place.folder / "data" / "example.png", picture(1, true));
  CHECK(load_dataset(place.folder / "data").train.shape() == SampleShape{1, 5, 4});
}

TEST_CASE("inspect: tells what data hold") {
  const Kinds place;
  const auto told = [&](const Arguments& arguments) {
    Arguments all{"inspect"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Ended ended = place.run(all);
    INFO(ended.err);
    CHECK(ended.code == 0);
    return ended.out;
  };
  const std::string measured = told({"table.csv", "--label-column", "kind"});
  CAPTURE(measured);
  CHECK(contains(measured, "\"table.csv\": 7 columns of numbers"));
  CHECK(contains(measured, "36 to train on, 4 to be measured on"));
  CHECK(contains(measured, "\"year\": 19"));
  CHECK(contains(measured, "\"always\": 7 to 7, mean 7, deviation 0"));
  CHECK(contains(measured, "constant     \"always\""));
  CHECK(contains(measured, "\"even\": "));
  CHECK(contains(measured, "duplicates   0 training samples are like an earlier one, 0 test samples like a training"));
  CHECK(contains(measured, "shared-gaussian"));
  // Three times the same image, in one corner always black.
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 20; ++i) bytes.insert(bytes.end(), {0, static_cast<std::uint8_t>(i < 3 ? 7 : 10 * i)});
  write_npy(place.folder / "again.npy", {Shape{20, 1, 2}, bytes});
  const std::string again = told({"again.npy", "--out", "grid.png", "--test", "0.05"});
  CAPTURE(again);
  CHECK(contains(again, "images of 1 x 2, bytes"));
  CHECK((contains(again, "2 training samples are like an earlier one, 0 test") ||
         contains(again, "1 training samples are like an earlier one, 1 test")));
  CHECK(contains(again, "1 of 2 pixels are the same in all images"));
  CHECK(contains(again, "histogram"));
  CHECK(get(place.folder / "grid.png").starts_with("\x89PNG"));
  CHECK(contains(told({"pictures", "--size", "4x4"}), "\"cat\": "));
  CHECK(place.run({"inspect", "table.csv", "--columns", "mass", "--out", "x.png"}).code == 2);
  CHECK(place.run({"inspect", "none.csv"}).code == 3);
  CHECK(place.run({"inspect"}).code == 2);
}

/// The rows of a table, its header first.
static std::vector<std::vector<std::string>> rows_of(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) rows.push_back(read_record(line));
  return rows;
}

TEST_CASE("kinds: a table comes back in its own units and names") {
  const Kinds place;
  REQUIRE(place.run(Kinds::line("run", "table.csv", {"--label-column", "kind", "--epochs", "40"})).code == 0);
  const auto header = std::vector<std::string>{"length", "width, mm", "mass", "year", "charge", "ratio", "always"};
  const auto samples = rows_of(get(place.folder / "run" / "samples.csv"));
  REQUIRE(samples.size() == 61);
  CHECK(samples[0] == header);
  // Around each column's mean by no more than some of its deviations.
  const double low[] = {4, 30, 0.5e-3, 1950, -3.2e-19, -0.2, 7}, high[] = {7, 170, 2.5e-3, 2070, 6.4e-19, 1.2, 7};
  double year = 0;
  for (std::size_t row = 1; row < samples.size(); ++row)
    for (std::size_t column = 0; column < 7; ++column) {
      const double value = std::stod(samples[row][column]);
      CAPTURE(column);
      if (column < 6) CHECK((value > low[column] && value < high[column]));
      if (column == 6) CHECK(value == 7);
      if (column == 3) year += value / 60;
    }
  CHECK(std::abs(year - 2010) < 8);
  // The rows of the data are those of the test set, as they stand in the file, to the digits of a Real.
  const auto both = rows_of(get(place.folder / "run" / "reconstructions.csv"));
  const auto data = load_images(place.folder / "table.csv", Split::test, {.selection = {.label = "kind"}});
  REQUIRE(data.count == 4);
  REQUIRE(both.size() == 1 + 2 * 4);
  CHECK(both[0][0] == "row");
  for (std::int64_t row = 0; row < 4; ++row) {
    CHECK(both[1 + 2 * row][0] == "data");
    CHECK(both[2 + 2 * row][0] == "model");
    for (std::int64_t column = 0; column < 7; ++column) {
      const double wanted = data.numbers[row * 7 + column];
      // Scaled and undone in floats: a rounding each of a number of some deviations, and of the result.
      CHECK(std::abs(std::stod(both[1 + 2 * row][1 + column]) - wanted) <= 1e-6 * std::abs(wanted) + 1e-26);
    }
  }
  CHECK(contains(get(place.folder / "run" / "config.json"), "\"likelihood\": \"shared-gaussian\""));
}

TEST_CASE("kinds: what is wrong ends with a sentence and its code, and leaves nothing") {
  const Kinds place;
  put(place.folder / "bad.npy", "hello");
  put(place.folder / "nan.csv", "a,b\n1,inf\n");
  put(place.folder / "one.csv", "a,b\n1,2\n");
  put(place.folder / "huge.csv", "a,b\n1,1e300\n2,1\n3,1\n");
  fs::create_directories(place.folder / "broken" / "x");
  put(place.folder / "broken" / "x" / "1.png", "no");
  const struct {
    const char* data;
    Arguments more;
    int code;
    const char* says;
  } cases[] = {
      {"none.npy", {}, 3, "there is no such file"},
      {"none.csv", {}, 3, "there is no such file"},
      {"none", {}, 3, "there is no folder"},
      {"bad.npy", {"--scale", "unit", "--size", "3x3"}, 3, "is not a .npy file"},  // before its options
      {"nan.csv", {"--columns", "b"}, 3, "is not finite"},
      {"table.csv", {}, 3, "is not a number: \"even\"\nhelp: leave its column out by --columns"},
      {"table.csv", {"--columns", "none"}, 3, "has no column \"none\""},
      {"huge.csv", {"--scale", "none"}, 3, "a number of \"huge.csv\" is too large: 1e+300"},
      {"one.csv", {}, 2, "\"one.csv\" has one sample, and one is to be held out by --test"},
      {"broken", {}, 3, "1.png"},
      {"colour.npy", {"--columns", "a"}, 2, "--columns is for a table, which \"colour.npy\" is not"},
      {"colour.npy", {"--scale", "unit"}, 2, "--scale is for an array or table of numbers"},
      {"colour.npy", {"--size", "4x4"}, 2, "--size is for a folder of pictures"},
      {"colour.npy", {"--classes", "1"}, 2, "--classes chooses by label, and \"colour.npy\" has none"},
      {"rows.npy", {"--transpose", "yes"}, 2, "--transpose is for images"},
      {"floats.npy", {"--binarize", "static"}, 2, "--binarize is for pixels"},
      {"floats.npy", {"--likelihood", "bernoulli"}, 2, "--likelihood bernoulli is for numbers from 0 to 1"},
      {"rows.npy", {"--likelihood", "categorical"}, 2, "is for the 256 levels of pixels"},
      {"pictures", {"--size", "4"}, 2, "--size is a height and a width"},
      {"pictures",
       {"--classes", "cow"},
       2,
       "--classes names \"cow\", and the labels of \"pictures\" are \"cat\", \"dog\""},
      {"pictures", {"--test", "1"}, 2, "--test"},
      {"shapes", {"--limit", "-1"}, 2, "--limit"},
  };
  const std::vector<std::string> before = place.names();
  for (const auto& c : cases) {
    CAPTURE(c.data);
    CAPTURE(c.says);
    if (sizeof(Real) == 8 && std::string(c.data) == "huge.csv") continue;  // which is within a double's range
    const Ended ended = place.run(Kinds::line("run", c.data, c.more));
    INFO(ended.err);
    CHECK(ended.code == c.code);
    CHECK(contains(ended.err, c.says));
    CHECK(place.names() == before);
  }
}
