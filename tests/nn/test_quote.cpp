// Text from outside, printed.
#include <doctest/doctest.h>

#include "nn/quote.h"

using namespace gradus;

TEST_CASE("quote: what could deceive is spelled out, the rest is left alone") {
  CHECK(quote("runs/Zürich 数字") == "\"runs/Zürich 数字\"");
  CHECK(quote("") == "\"\"");
  CHECK(quote("a\"b\\c") == R"("a\"b\\c")");
  CHECK(quote("\x1b[31m\n\t\x7f") == R"("\x1b[31m\x0a\x09\x7f")");
  CHECK(quote(std::string_view("\0", 1)) == R"("\x00")");
  CHECK(quote("\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82") ==
        R"("\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82")");
  CHECK(quote("\u202egnp.exe\u0085") == R"("\xe2\x80\xaegnp.exe\xc2\x85")");
  CHECK(quote("\U0001F600\uffff") == "\"\U0001F600\uffff\"");
  CHECK(quote(std::string(1'000'000, 'x')) == "\"" + std::string(200, 'x') + "…\"");
}
