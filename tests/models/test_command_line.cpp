// Whole command lines: what reaches the program, and the one sentence for each that makes no sense.
#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include "models/cli/command_line.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

struct Values {
  std::int64_t epochs = 20;
  double lr = 1e-3;
  std::uint64_t seed = 0;
  std::vector<std::int64_t> hidden = {500, 500};
  std::string out, run, data = "digits";
  enum class Activation { elu, relu } activation = Activation::elu;
};

struct Program {
  Values values;
  CommandLine line{"vae", "Trains.", "Ends."};

  Program() {
    line.verb("train", "Trains a model.", "Example: vae train")
        .section("Model")
        .option("--hidden", "N,N", "500,500", "widths of the hidden layers",
                [this](auto text) { values.hidden = parse_sizes(text, "--hidden", {1, 65536}, 16); })
        .choice<Values::Activation>("--activation", values.activation,
                                    {{"elu", Values::Activation::elu}, {"relu", Values::Activation::relu}},
                                    "of the hidden layers")
        .section("Training")
        .count("--epochs", values.epochs, {1, 1000000}, "passes over the data")
        .count("--batch-size", values.epochs, {1, 1000000}, "images per step")
        .real("--lr", values.lr, {.min = 0, .above_min = true}, "learning rate")
        .seed("--seed", values.seed, "of all that is random")
        .text("--data", "FOLDER", values.data, "images")
        .text("--out", "RUN", values.out, "where to");
    line.verb("info", "Describes a run.")
        .argument("RUN", values.run, "its folder")
        .text("--out", "FILE", values.out, "where to");
  }
  std::string error(const std::vector<std::string>& arguments) {
    return error_of([&] { line.parse(arguments); });
  }
};

}  // namespace

TEST_CASE("options: values arrive, defaults stay") {
  Program program;
  const auto parsed = program.line.parse({"train", "--hidden", "400", "--lr=5e-4", "--activation", "relu", "--seed",
                                          "18446744073709551615", "--out", "runs/a.b=c"});
  REQUIRE(parsed.verb != nullptr);
  CHECK(parsed.verb->name() == "train");
  CHECK(program.values.hidden == std::vector<std::int64_t>{400});
  CHECK(program.values.lr == 5e-4);
  CHECK((program.values.activation == Values::Activation::relu));
  CHECK(program.values.seed == ~std::uint64_t{0});
  CHECK(program.values.out == "runs/a.b=c");
  CHECK(program.values.epochs == 20);
  CHECK(program.values.data == "digits");
}

TEST_CASE("options: arguments that look like something else") {
  for (const std::string run : {"train", "info", "runs/a.b", "[a,b]", "a=b", "{}", "%%", "@file", "a b", "1"}) {
    Program program;
    CHECK(program.line.parse({"info", run}).verb->name() == "info");
    CHECK(program.values.run == run);
    Program other;
    CHECK(other.line.parse({"info", "--out", run, "x"}).verb->name() == "info");
    CHECK(other.values.out == run);
    CHECK(other.values.run == "x");
    Program joined;
    joined.line.parse({"info", "x", "--out=" + run});
    CHECK(joined.values.out == run);
  }
  Program program;
  program.line.parse({"info", "--out", "-x", "--", "--run"});
  CHECK(program.values.out == "-x");
  CHECK(program.values.run == "--run");
}

TEST_CASE("options: lines that make no sense") {
  using Line = std::vector<std::string>;
  const std::pair<Line, std::string> lines[] = {
      {{}, "a verb is missing\nhelp: vae --help names them"},
      {{"trian"}, "the verb must be train or info, not \"trian\"\nhelp: did you mean train?"},
      {{""}, "the verb must be train or info, not \"\""},
      {{"--epochs", "3"}, "the verb must be train or info, not \"--epochs\""},
      {{"train", "--epoks", "3"}, "vae train has no option \"--epoks\"\nhelp: did you mean --epochs?"},
      {{"train", "--batch", "3"}, "vae train has no option \"--batch\"\nhelp: did you mean --batch-size?"},
      {{"train", "--EPOCHS=3"}, "vae train has no option \"--EPOCHS\""},
      {{"train", "--epoch=3"}, "vae train has no option \"--epoch\"\nhelp: did you mean --epochs?"},
      {{"train", "--=3"}, "vae train has no option \"--\""},
      {{"train", "-e", "3"}, "vae train has no option \"-e\""},
      {{"train", "-"}, "vae train has no option \"-\""},
      {{"train", "--epochs"}, "--epochs needs a value"},
      {{"train", "--epochs", ""}, "--epochs needs a value, not \"\""},
      {{"train", "--epochs="}, "--epochs needs a value, not \"\""},
      {{"train", "--epochs=", "3"}, "--epochs needs a value, not \"\""},
      {{"train", "--out", "--epochs", "3"}, "--out needs a value"},
      {{"train", "--epochs", "3", "--epochs", "3"}, "--epochs is given twice"},
      {{"train", "--epochs=3", "--epochs", "4"}, "--epochs is given twice"},
      {{"train", "--epochs", "-1"}, "--epochs must be a whole number from 1 to 1000000, not \"-1\""},
      {{"train", "--lr", "-0.1"}, "--lr must be a number above 0, not \"-0.1\""},
      {{"train", "--lr", "nan"}, "--lr must be a number above 0, not \"nan\""},
      {{"train", "--seed=-1"}, "--seed must be a whole number from 0 to 18446744073709551615, not \"-1\""},
      {{"train", "--activation", "eluu"}, "--activation must be elu or relu, not \"eluu\"\nhelp: did you mean elu?"},
      {{"train", "--hidden", "500,"},
       "--hidden must be 1 to 16 whole numbers from 1 to 65536 with commas between them, not \"500,\""},
      {{"train", "digits"}, "vae train does not take \"digits\""},
      {{"train", "--", "--epochs"}, "vae train does not take \"--epochs\""},
      {{"info"}, "vae info needs RUN"},
      {{"info", "--out", "x"}, "vae info needs RUN"},
      {{"info", "a", "b"}, "vae info does not take \"b\""},
      {{"info", ""}, "an argument is empty"},
      {{"info", "a", "--epochs", "3"}, "vae info has no option \"--epochs\""},
      {{"info", "a", "--RUN", "3"}, "vae info has no option \"--RUN\""},
      {{"info", "a", "\x1b[2J\xff"}, R"(vae info does not take "\x1b[2J\xff")"},
  };
  for (const auto& entry : lines) {
    const Line& line = entry.first;
    INFO("line: ", fmt::format("{}", fmt::join(line, " ")));
    Program program;
    CHECK(program.error(line) == entry.second);
  }
}

TEST_CASE("options: the help says all, and goes before every error") {
  Program program;
  for (const char* flag : {"--help", "-h"}) {
    const auto all = program.line.parse({flag});
    CHECK(all.verb == nullptr);
    for (const char* part : {"vae", "Trains.", "train", "Trains a model.", "info", "Describes a run.", "Ends."})
      CHECK(contains(all.help, part));
    const auto train = program.line.parse({"train", "--epochs", "-1", flag});
    CHECK(train.verb == nullptr);
    for (const char* part : {"vae train", "Trains a model.", "Model:", "Training:", "--hidden N,N", "(default 500,500)",
                             "elu or relu (default elu)", "(default 20)", "(default 0.001)", "--data FOLDER",
                             "(default digits)", "Example: vae train"})
      CHECK(contains(train.help, part));
    CHECK_FALSE(contains(train.help, "info"));
    CHECK(contains(program.line.parse({"info", flag}).help, "vae info"));
    CHECK(contains(program.line.parse({"info", flag}).help, "RUN"));
  }
}
