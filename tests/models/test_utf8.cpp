// Characters of UTF-8, at their limits and beyond; and text that is none, in a picture.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "models/data/utf8.h"
#include "models/pictures/axis.h"

using namespace gradus;

TEST_CASE("utf8: the length of a character, and 0 for what is none") {
  const std::vector<std::pair<std::string, std::size_t>> cases{
      {"", 0},
      {"a", 1},
      {std::string("\0", 1), 1},
      {"\x7f", 1},
      {"\x80", 0},              // follows nothing
      {"\xc1\xbf", 0},          // U+007F in two bytes
      {"\xc2\x80x", 2},         // U+0080
      {"\xc2", 0},              // cut off
      {"\xc3(", 0},             // followed by something else
      {"\xdf\xbf", 2},          // U+07FF
      {"\xe0\x9f\xbf", 0},      // U+07FF in three
      {"\xe0\xa0\x80", 3},      // U+0800
      {"\xed\x9f\xbf", 3},      // U+D7FF
      {"\xed\xa0\x80", 0},      // U+D800, a surrogate
      {"\xee\x80\x80", 3},      // U+E000
      {"\xf0\x8f\xbf\xbf", 0},  // U+FFFF in four
      {"\xf0\x90\x80\x80", 4},  // U+10000
      {"\xf4\x8f\xbf\xbf", 4},  // U+10FFFF
      {"\xf4\x90\x80\x80", 0},  // above it
      {"\xf5\x80\x80\x80", 0},
      {"\xff", 0},
  };
  for (const auto& each : cases) {
    INFO(each.first);
    CHECK(character_length(each.first) == each.second);
  }
}

TEST_CASE("utf8: a name that is none can stand in a picture") {
  CHECK(escaped("K\xc3\xa4se & <Brot>") == "K\xc3\xa4se &#38; &#60;Brot&#62;");
  CHECK(escaped("K\xe4se\x1b[1m\xff") == "K\xef\xbf\xbdse[1m\xef\xbf\xbd");
}
