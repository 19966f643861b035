// Which samples are taken, which are held out, and how their numbers are scaled and come back.
#include <doctest/doctest.h>

#include <cmath>

#include "models/data/selection.h"
#include "models/data/units.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

using Bytes = std::vector<std::uint8_t>;

/// Images of one pixel, which is their row, with labels 0, 1, 2, 0, 1, 2, …
static Images counted(std::int64_t count) {
  Images images{.name = "counted", .count = count, .height = 1, .width = 1};
  for (std::int64_t i = 0; i < count; ++i) {
    images.pixels.push_back(static_cast<std::uint8_t>(i));
    images.labels.push_back(static_cast<std::uint8_t>(i % 3));
  }
  return images;
}

TEST_CASE("selection: by label and number") {
  const auto taken = [](const Selection& selection) {
    Images images = counted(9);
    select(images, selection);
    CHECK(images.count == std::ssize(images.pixels));
    CHECK(images.labels.size() == images.pixels.size());
    for (std::int64_t i = 0; i < images.count; ++i) CHECK(images.labels[i] == images.pixels[i] % 3);
    return images.pixels;
  };
  CHECK(taken({}) == Bytes{0, 1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(taken({.classes = "0"}) == Bytes{0, 3, 6});
  CHECK(taken({.classes = "0,2"}) == Bytes{0, 2, 3, 5, 6, 8});
  CHECK(taken({.classes = "1-2"}) == Bytes{1, 2, 4, 5, 7, 8});
  CHECK(taken({.without = "1"}) == Bytes{0, 2, 3, 5, 6, 8});
  CHECK(taken({.classes = "0-1", .without = "1"}) == Bytes{0, 3, 6});
  CHECK(taken({.limit = 4}) == Bytes{0, 1, 2, 3});
  CHECK(taken({.classes = "2", .limit = 2}) == Bytes{2, 5});
  CHECK(taken({.limit = 100}) == Bytes{0, 1, 2, 3, 4, 5, 6, 7, 8});

  Images named = counted(6);
  named.classes = {"cat", "long-haired, black dog", "0"};
  select(named, {.classes = "\"long-haired, black dog\",0"});
  CHECK(named.pixels == Bytes{1, 2, 4, 5});
  CHECK(named.classes.size() == 3);
}

TEST_CASE("selection: what names no label has its sentence") {
  const auto says = [](const Selection& selection) {
    return error_of([&] {
      Images images = counted(9);
      select(images, selection);
    });
  };
  for (const char* text : {"3", "0-3", "2-1", "x", "", ",", "-1", "0-", "1-2-0", "999999999999999999999"}) {
    CAPTURE(text);
    const std::string classes = says({.without = text});
    CHECK((std::string(text).empty()
               ? classes == "no error"
               : contains(classes, "`without` names") && contains(classes, "the labels of \"counted\" are 0, 1, 2")));
  }
  CHECK(contains(says({.without = "0-2"}), "`classes` and `without` leave nothing of \"counted\""));
  CHECK(contains(says({.classes = "0", .without = "0"}), "leave nothing"));
  CHECK(contains(says({.classes = "\"0"}), "has a quote that is not closed"));
  Images bare = counted(9);
  bare.labels.clear();
  CHECK(contains(error_of([&] { select(bare, {.classes = "0"}); }),
                 "`classes` chooses by label, and \"counted\" has none"));
  for (const char* size : {"64", "64x", "x64", "0x4", "4x-4", "64x64x3", "5000x5", "64 x 64"})
    CHECK(contains(error_of([&] { Selection{.size = size}.check(); }), "`size` is a height and a width of 1 to 4096"));
  const Pair size = *Selection{.size = "48x64"}.picture_size();
  CHECK((size.h == 48 && size.w == 64));
}

TEST_CASE("records are read as they are written") {
  for (const std::vector<std::string>& fields :
       {std::vector<std::string>{"a"}, {"a", "b c"}, {"a,b", "\"", ""}, {"x\"y\"\"z", "\n"}, {"", ""}})
    CHECK(read_record(to_record(fields)) == fields);
  CHECK(contains(error_of([] { read_record("\"a\"b"); }), "goes on after a closing quote"));
}

TEST_CASE("held out: a tenth, always the same, and the order stays") {
  const Dataset data = hold_out(counted(200), 0.1), again = hold_out(counted(200), 0.1);
  CHECK(data.test.count == 20);
  CHECK(data.train.count == 180);
  CHECK(data.test.pixels == again.test.pixels);
  CHECK(std::ranges::is_sorted(data.test.pixels));
  CHECK(std::ranges::is_sorted(data.train.pixels));
  Bytes all = data.test.pixels;
  all.insert(all.end(), data.train.pixels.begin(), data.train.pixels.end());
  std::ranges::sort(all);
  CHECK(all == counted(200).pixels);
  for (const Images* images : {&data.train, &data.test})
    for (std::int64_t i = 0; i < images->count; ++i) CHECK(images->labels[i] == images->pixels[i] % 3);
  // Not the first, not the last, not every tenth: 20 draws without replacement have a mean of 99.5, deviation 12.
  double mean = 0;
  for (const std::uint8_t pixel : data.test.pixels) mean += pixel / 20.0;
  CHECK((mean > 60 && mean < 140));
  CHECK(contains(data.remarks.at(0), "20 of 200 samples are held out"));
  // Rounded, and at least one on either side.
  CHECK(hold_out(counted(14), 0.1).test.count == 1);
  CHECK(hold_out(counted(16), 0.1).test.count == 2);
  CHECK(hold_out(counted(2), 0.01).test.count == 1);
  CHECK(hold_out(counted(2), 0.99).train.count == 1);
  CHECK(contains(error_of([] { hold_out(counted(1), 0.1); }), "has one sample"));
}

/// Two columns, three rows.
static Images measured() {
  return {.name = "measured",
          .count = 3,
          .height = 1,
          .width = 2,
          .numbers = {1, 10, 2, 10, 6, 10},
          .columns = {"a", "b, c"}};
}

TEST_CASE("scale: each column by its mean and deviation, or its range, a constant one becomes 0") {
  const Scaling standard = scaling_of(measured(), Scale::automatic);
  CHECK(standard.shift == std::vector<double>{3, 10});
  // (4 + 1 + 9) / 3
  CHECK(std::abs(standard.factor[0] - std::sqrt(14 / 3.0)) < 1e-14);
  CHECK(standard.factor[1] == 0);
  Images long_one = measured();  // 0.7 a hundred times, whose sum is not 70
  long_one.count = 100;
  long_one.numbers.assign(200, 0.7);
  for (std::size_t i = 0; i < 200; i += 2) long_one.numbers[i] = static_cast<double>(i);
  CHECK(scaling_of(long_one, Scale::standard).shift[1] == 0.7);
  CHECK(scaling_of(long_one, Scale::standard).factor[1] == 0);
  const Scaling unit = scaling_of(measured(), Scale::unit);
  CHECK(unit.shift == std::vector<double>{1, 10});
  CHECK(unit.factor == std::vector<double>{5, 0});
  CHECK(scaling_of(measured(), Scale::none).shift.empty());
  Images within = measured();
  within.numbers = {0, 1, 0.5, 0.25, 1, 0};
  CHECK(scaling_of(within, Scale::automatic).shift.empty());
  CHECK(scaling_of(within, Scale::standard).shift.size() == 2);
  // Images as a whole.
  Images images = measured();
  images.height = 2;
  images.width = 1;
  images.columns.clear();
  CHECK(scaling_of(images, Scale::unit).shift == std::vector<double>{1});
  CHECK(scaling_of(images, Scale::unit).factor == std::vector<double>{9});
  Images large = measured();
  large.numbers = {-1.7e308, 1, 1.7e308, 1, 0, 1};
  CHECK(contains(error_of([&] { scaling_of(large, Scale::unit); }), "the numbers of \"a\" are too large to be scaled"));
}

TEST_CASE("numbers are scaled in a batch, and a table has its own units again") {
  Images images = measured();
  images.scaling = scaling_of(images, Scale::unit);
  std::vector<Real> memory(4);
  const std::int64_t rows[] = {2, 1};
  fill_batch(images, rows, {memory.data(), Shape{2, 2}, Strides{2, 1}});
  CHECK(memory == std::vector<Real>{1, 0, Real(0.2), 0});
  const Units units = units_of(images);
  CHECK(units.names == "a,\"b, c\"");
  CHECK(units.scaling().shift == images.scaling.shift);
  CHECK(units.scaling().factor == images.scaling.factor);
  CHECK(table_text(units, memory) == "a,\"b, c\"\n6,10\n2,10\n");
  CHECK(table_text(units, memory, {"row", "data", "model"}) == "row,a,\"b, c\"\ndata,6,10\nmodel,2,10\n");
  // Numbers of config.json are read to the last bit.
  images.scaling = {{0.1, 1 / 3.0}, {1e-300, 7.0 / 3}};
  CHECK(units_of(images).scaling().shift == images.scaling.shift);
  CHECK(units_of(images).scaling().factor == images.scaling.factor);
}

TEST_CASE("units that do not fit are refused") {
  const auto says = [](const Units& units) { return error_of([&] { units.check({1, 1, 2}); }); };
  CHECK(says({}) == "no error");
  CHECK(says({.names = "a,b", .shift = "1 2", .factor = "3 4"}) == "no error");
  CHECK(says({.shift = "1", .factor = "3"}) == "no error");
  CHECK(contains(says({.names = "a"}), "`column_names` are not those of 2 columns"));
  CHECK(contains(says({.shift = "1 2 3", .factor = "1 2 3"}), "are not those of 2 columns"));
  CHECK(contains(says({.shift = "1 2", .factor = "1"}), "are not those of 2 columns"));
  CHECK(contains(says({.shift = "1 2", .factor = "1 -0.5"}), "has a number below 0"));
  CHECK(contains(says({.shift = "1 2", .factor = "1 -1"}), "has a number below 0"));
  for (const char* numbers : {"x 1", "1,2", "1  2", "nan 1", "inf 1", " 1 2"})
    CHECK(contains(says({.shift = numbers, .factor = "1 2"}), "`scale_shift` is not a list of numbers"));
}
