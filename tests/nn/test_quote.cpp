// Text from outside, printed.
#include <doctest/doctest.h>

#include "nn/files/quote.h"

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

TEST_CASE("shell_path: a word that a shell gives back as it was") {
  CHECK(shell_path("runs/1") == "runs/1");
  CHECK(shell_path("-") == "./-");
  CHECK(shell_path("--data") == "./--data");
  CHECK(shell_path("my $HOME `id` Zürich") == "'my $HOME `id` Zürich'");
  CHECK(shell_path("it's") == R"('it'\''s')");
  CHECK(shell_path("a\n\xff'\\ü") == R"($'a\x0a\xff\x27\x5cü')");
  CHECK(shell_path(std::string(1000, 'x')) == std::string(1000, 'x'));
}
