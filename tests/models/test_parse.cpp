// Values as people write them on a command line: the good, the bad, and the sentence for each.
#include <doctest/doctest.h>

#include <clocale>
#include <cmath>

#include "models/cli/parse.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("parse: whole numbers") {
  const auto count = [](std::string_view text) { return parse_count(text, "--epochs", {1, 1000000}); };
  CHECK(count("1") == 1);
  CHECK(count("1000000") == 1000000);
  CHECK(count("010") == 10);  // never octal
  for (const char* text : {"-1", "0", "", "0x10", "1e3", "10abc", "99999999999999999999", "1000001", "+1", " 1", "1 ",
                           "1.0", "nan", "--1", "-", "１", "1,000", "1'000"}) {
    INFO("text: ", text);
    const std::string error = error_of([&] { count(text); });
    CHECK(error == fmt::format("--epochs must be a whole number from 1 to 1000000, not \"{}\"", text));
  }
  CHECK(error_of([&] { count(std::string_view("1\0", 2)); }) ==
        "--epochs must be a whole number from 1 to 1000000, not \"1\\x00\"");
  CHECK(parse_count("0", "--n", {0, 9}) == 0);
  CHECK(contains(error_of([] { parse_count("-0", "--n", {0, 9}); }), "from 0 to 9"));
  CHECK(parse_count("9223372036854775807", "--n", {0, std::numeric_limits<std::int64_t>::max()}) ==
        std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("parse: seeds use all 64 bits") {
  CHECK(parse_seed("0", "--seed") == 0);
  CHECK(parse_seed("18446744073709551615", "--seed") == ~std::uint64_t{0});
  for (const char* text : {"18446744073709551616", "-1", "-0", "", "1.5", "0x1", "+1", "seed"})
    CHECK(error_of([&] { parse_seed(text, "--seed"); }) ==
          fmt::format("--seed must be a whole number from 0 to 18446744073709551615, not \"{}\"", text));
}

TEST_CASE("parse: real numbers") {
  const auto real = [](std::string_view text, const RealRange& range = {}) { return parse_real(text, "--lr", range); };
  CHECK(real("1e-3") == 1e-3);
  CHECK(real(".5") == 0.5);
  CHECK(real("-2.") == -2);
  CHECK(real("1E+2") == 100);
  CHECK(real("0e-999") == 0);
  CHECK((real("-0") == 0 && std::signbit(real("-0"))));
  for (const char* text : {"nan", "NaN", "-nan", "inf",   "-inf",   "infinity", "",    "1,5",   "0x1p3", "+1",
                           " 1",  "1 ",  "1e",   "1e400", "-1e400", "1e-400",   "--1", "1.5.2", "e5",    "."})
    CHECK(error_of([&] { real(text); }) == fmt::format("--lr must be a finite number, not \"{}\"", text));

  constexpr RealRange kPositive{.min = 0, .above_min = true}, kNotNegative{.min = 0};
  CHECK(error_of([&] { real("0", kPositive); }) == "--lr must be a number above 0, not \"0\"");
  CHECK(error_of([&] { real("-0.1", kPositive); }) == "--lr must be a number above 0, not \"-0.1\"");
  CHECK(real("0", kNotNegative) == 0);
  CHECK(error_of([&] { real("-1", kNotNegative); }) == "--lr must be a number of at least 0, not \"-1\"");
  CHECK(real("1", {.min = 0, .max = 1}) == 1);
  CHECK(error_of([&] { real("1.01", {.min = 0, .max = 1}); }) == "--lr must be a number from 0 to 1, not \"1.01\"");
  CHECK(to_string(RealRange{.min = 0, .max = 10, .above_min = true}) == "a number above 0 and at most 10");
  CHECK(to_string(RealRange{.max = 2.5}) == "a number of at most 2.5");

  // What Real cannot hold.
  const bool f32 = sizeof(Real) == 4;
  CHECK(error_of([&] { real("1e39"); }) == (f32 ? "--lr must be at most 3.4e+38 in size, not \"1e39\"" : "no error"));
  CHECK(error_of([&] { real("-1e-60"); }) ==
        (f32 ? "--lr must be a number that is not too small to be told from 0, not \"-1e-60\"" : "no error"));
}

TEST_CASE("parse: numbers do not depend on the locale") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C"}) {  // those that the machine has
    std::setlocale(LC_ALL, name);
    CHECK(parse_real("1.5", "--lr", {}) == 1.5);
    CHECK(contains(error_of([] { parse_real("1,5", "--lr", {}); }), "not \"1,5\""));
  }
  std::setlocale(LC_ALL, before.c_str());
}

TEST_CASE("parse: lists of sizes") {
  const auto sizes = [](std::string_view text) {
    return parse_sizes(text, "--hidden", {.each = {1, 65536}, .most = 3, .least = 1});
  };
  CHECK(sizes("500") == std::vector<std::int64_t>{500});
  CHECK(sizes("500,400,1") == std::vector<std::int64_t>{500, 400, 1});
  for (const char* text : {"", ",", "500,", ",500", "500,,500", "500, 500", "0", "1,-1", "99999999999", "65537",
                           "1,2,3,4", "500;500", "5x5"})
    CHECK(error_of([&] { sizes(text); }) ==
          fmt::format("--hidden must be 1 to 3 whole numbers from 1 to 65536 with commas between them, not \"{}\"",
                      text));
}

TEST_CASE("parse: choices, and what was probably meant") {
  constexpr std::string_view kNames[] = {"elu", "relu", "tanh", "variance-scaling"};
  CHECK(parse_choice("tanh", "--activation", kNames) == 2);
  const auto error = [&](std::string_view text) {
    return error_of([&] { parse_choice(text, "--activation", kNames); });
  };
  CHECK(error("eluu") ==
        "--activation must be elu, relu, tanh or variance-scaling, not \"eluu\"\nhelp: did you mean elu?");
  CHECK(contains(error("ELU"), "not \"ELU\""));
  CHECK(contains(error("thanh"), "did you mean tanh?"));
  CHECK(contains(error("tnah"), "did you mean tanh?"));
  CHECK(contains(error("varience_scaling"), "did you mean variance-scaling?"));
  CHECK(contains(error("variance"), "did you mean variance-scaling?"));
  CHECK_FALSE(contains(error("sigmoid"), "help"));
  CHECK_FALSE(contains(error(""), "help"));
  CHECK(contains(error("\x1b[31m"), R"(not "\x1b[31m")"));
  CHECK_FALSE(contains(error(std::string(1000000, 'e')), "help"));
  CHECK(one_of({}) == "");
  CHECK(one_of(std::span(kNames).first(1)) == "elu");
}
