// Tables: fields, names, numbers and labels as they stand in the file, and a sentence for what is wrong, with its place.
#include <doctest/doctest.h>

#include "models/data/csv.h"
#include "models/data/pixel_table.h"
#include "models/data/table.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

using Names = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST_CASE("csv: fields, quotes and line ends") {
  const Folder folder;
  const auto records = [&](const std::string& bytes) {
    CsvReader csv(folder.put("x.csv", bytes));
    std::vector<Names> records;
    while (csv.next()) {
      records.emplace_back();
      for (std::size_t i = 0; i < csv.size(); ++i) records.back().emplace_back(csv[i]);
    }
    return records;
  };
  const std::vector<Names> two{{"a", "b"}, {"1", "2"}};
  CHECK(records("a,b\n1,2\n") == two);
  CHECK(records("a,b\n1,2") == two);
  CHECK(records("a,b\r\n1,2\r\n") == two);
  CHECK(records("a,b\r\n1,2\r") == two);
  CHECK(records("a,b\n1,2\n\n\r\n\n") == two);
  CHECK(records("\xef\xbb\xbf"
                "a,b\n1,2\n") == two);
  CHECK(records("\"a\",\"b\"\r\n\"1\",2\n") == two);
  CHECK(records("\"a,\"\"b\"\"\r\nc\",,\"\"\n") == std::vector<Names>{{"a,\"b\"\r\nc", "", ""}});
  CHECK(records(",\n,\n") == std::vector<Names>{{"", ""}, {"", ""}});
  // Fields that straddle the edge of a buffer of 65,536 bytes.
  const std::string padding(65530, 'x');
  CHECK(records(padding + ",\"y\"\"y\",\"z\nz\"\r\n1,2,3\n") ==
        std::vector<Names>{{padding, "y\"y", "z\nz"}, {"1", "2", "3"}});
}

TEST_CASE("tables: with and without a header, chosen columns and labels") {
  const Folder folder;
  const auto path = folder.put("iris.csv", "length, width ,species\n5.1,+3.5,b\n-4.9e0,3,a\n 7 ,.5,b\n");
  SUBCASE("all columns but the label") {
    const Table table = read_table(path, {.label = "species"});
    CHECK(table.columns == Names{"length", "width"});
    CHECK(table.rows == 3);
    CHECK(table.values == Numbers{5.1, 3.5, -4.9, 3, 7, .5});
    CHECK(table.classes == Names{"a", "b"});
    CHECK(table.labels == std::vector<std::int32_t>{1, 0, 1});
  }
  SUBCASE("chosen ones, in the order of the choice; what is not chosen may be anything") {
    const Table table = read_table(path, {.columns = {"width", "length"}});
    CHECK(table.columns == Names{"width", "length"});
    CHECK(table.values == Numbers{3.5, 5.1, 3, -4.9, .5, 7});
    CHECK(table.labels.empty());
    CHECK(table.classes.empty());
  }
  SUBCASE("no header") {
    const Table table = read_table(folder.put("x.csv", "1,2,c10\n3,4,c9\n"), {.label = "column_3"});
    CHECK(table.columns == Names{"column_1", "column_2"});
    CHECK(table.values == Numbers{1, 2, 3, 4});
    CHECK(table.classes == Names{"c10", "c9"});
  }
  SUBCASE("labels that are whole numbers are in their order") {
    const Table table = read_table(folder.put("x.csv", "x,y\n1,10\n1,9\n1,-1\n1,10\n"), {.label = "y"});
    CHECK(table.classes == Names{"-1", "9", "10"});
    CHECK(table.labels == std::vector<std::int32_t>{2, 1, 0, 2});
  }
}

TEST_CASE("tables: each kind of bad table has its sentence, with file, line and column") {
  const Folder folder;
  const struct {
    std::string bytes, says;
    TableChoice choice = {};
  } cases[] = {
      {"", "is empty"},
      {"\n\n", "holds nothing"},
      {"\xef\xbb\xbf", "holds nothing"},
      {"a,b\n", "has a header and no rows"},
      {"a,b\n1,\n", ", line 2 (row 1): the value of \"b\" is missing"},
      {"a,b\n1,2\n?,3\n", ", line 3 (row 2): the value of \"a\" is missing"},
      {"1,2\n3,NA\n", ", line 2 (row 2): the value of \"column_2\" is missing"},
      {"a\n1\nNaN\n", "the value of \"a\" is missing"},
      {"a,b\n1,inf\n", "the value of \"b\" is not finite, or beyond a double: \"inf\""},
      {"a,b\n1,1e400\n", "is not finite, or beyond a double: \"1e400\""},
      {"a,b\n1,-nan\n", "is not finite"},
      {"a,b\n1,red\n", "the value of \"b\" is not a number: \"red\"\nhelp: leave its column out by `columns`"},
      {"a,b\n1,\"2,5\"\n", "\"2,5\"\nhelp: write numbers with a decimal point"},
      {"a;b\n1;2\n", "\"1;2\"\nhelp: fields are separated by commas"},
      {"a\n0x10\n", "is not a number: \"0x10\""},
      {"a\n1 2\n", "is not a number: \"1 2\""},
      {"a\n1e\n", "is not a number: \"1e\""},
      {"a\n+-1\n", "is not a number: \"+-1\""},
      {"a\n1\x1b[31m\n", "is not a number: \"1\\x1b[31m\""},
      {"a,b\n1,2\n3\n", ", line 3 has 1 fields, the first record has 2"},
      {"a,b\n1,2,3\n", ", line 2 has more than the 2 fields of the first record"},
      {"a,b\n\n1,2\n", ", line 2 is empty"},
      {"a,b\n1,\"2\n", ", line 2 has a quote that is not closed"},
      {"a,b\n1,\"2\"3\n", ", line 2 goes on after a closing quote"},
      {"a,b\n1,2\"\n", ", line 2 has a quote in the middle of a field"},
      {"a,b\n1\r2,3\n", ", line 2 has a carriage return in the middle"},
      {std::string("a,b\n1,\0\n", 8), ", line 2 holds a byte that is 0"},
      {"a\n" + std::string((1 << 20) + 1, '1') + "\n", ", line 2 has a field longer than a megabyte"},
      {"a\n\"" + std::string((1 << 20) + 1, '1') + "\n", "help: is its quote closed?"},
      {"a,a\n1,2\n", ", line 1 has two columns called \"a\""},
      {"a,\n1,2\n", ", line 1 gives column 2 no name"},
      {"a,b\n1,2\n", "has no column \"c\"\nhelp: its columns are \"a\", \"b\"", {.columns = {"c"}}},
      {"a,b\n1,2\n", "has no column \"\"", {.columns = {""}}},
      {"a,b\n1,2\n", "has no column \"c\"", {.label = "c"}},
      {"a,b\n1,2\n", "the column \"a\" is chosen twice", {.columns = {"a", "a"}}},
      {"a,b\n1,2\n", "chosen both as the label and as data", {.columns = {"a", "b"}, .label = "b"}},
      {"a\n1\n", "has no columns but the label", {.label = "a"}},
      {"a,b\n1,\n", "the value of \"b\" is missing", {.label = "b"}},
      // A record of several lines counts as several lines, and as one row.
      {"a,b\n1,\"x\ny\"\n,z\n", ", line 4 (row 2): the value of \"a\" is missing", {.label = "b"}},
  };
  int number = 0;
  for (const auto& c : cases) {
    const std::string name = "case-" + std::to_string(number++);
    const std::string says = error_of([&] { read_table(folder.put(name, c.bytes), c.choice); });
    CAPTURE(says);
    CAPTURE(c.says);
    CHECK(contains(says, c.says));
    CHECK((contains(says, name) || contains(says, "chosen")));
  }
  CHECK(contains(error_of([&] { read_table(folder.path / "none"); }), "there is no such file"));
  CHECK(contains(error_of([&] { read_table(folder.path); }), "it is a folder"));
}

TEST_CASE("a table of pixels, as Kaggle has it") {
  const Folder folder;
  const auto kaggle = folder.put("train.csv", "label,pixel0,pixel1,pixel2,pixel3\n7,0,1,254,255\n2,9,8,7,6\n");
  CHECK(is_pixel_table(kaggle));
  const Images images = read_pixel_table(kaggle);
  CHECK(images.count == 2);
  CHECK(images.height == 2);
  CHECK(images.width == 2);
  CHECK(images.pixels == std::vector<std::uint8_t>{0, 1, 254, 255, 9, 8, 7, 6});
  CHECK(images.labels == std::vector<std::uint8_t>{7, 2});
  const auto others = folder.put("x.csv", "pixel1,pixel2,pixel3,pixel4\n1,2,3,4\n");
  CHECK(is_pixel_table(others));
  CHECK(read_pixel_table(others).labels.empty());
  CHECK(is_pixel_table(folder.put("x.csv", "label,1x1,1x2,2x1,2x2\n1,1,2,3,4\n")));
  for (const char* header : {"a,b", "label", "label,pixel0,pixel1", "label,pixel1,pixel0,pixel2,pixel3", "1,2,3,4,5"})
    CHECK_FALSE(is_pixel_table(folder.put("x.csv", std::string(header) + "\n")));

  const auto says = [&](const std::string& row) {
    return error_of([&] { read_pixel_table(folder.put("x.csv", "label,pixel0\n3,4\n" + row)); });
  };
  CHECK(contains(says("3,256\n"), "x.csv\", line 3 (row 2): pixel 0 is \"256\", not a whole number from 0 to 255"));
  CHECK(contains(says("3,-1\n"), "pixel 0 is \"-1\""));
  CHECK(contains(says("3,1.5\n"), "pixel 0 is \"1.5\""));
  CHECK(contains(says("3,\n"), "pixel 0 is \"\""));
  CHECK(contains(says("x,1\n"), "the label is \"x\""));
  CHECK(contains(says("1\n"), "line 3 has 1 fields"));
  CHECK(contains(error_of([&] { read_pixel_table(folder.put("x.csv", "a,b\n1,2\n")); }), "has no header of pixels"));
  CHECK(
      contains(error_of([&] { read_pixel_table(folder.put("x.csv", "label,pixel0\n")); }), "has a header and no rows"));
}
