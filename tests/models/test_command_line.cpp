// Whole command lines: what reaches the program, and the one sentence for each that makes no sense.
#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include "models/cli/options.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

struct Train {
  std::vector<std::int64_t> hidden = {500, 500};
  enum class Activation { elu, relu } activation = Activation::elu;
  std::int64_t epochs = 20, batch_size = 20;
  double lr = 1e-3;
  std::uint64_t seed = 0;
  std::string data = "digits", out;

  void settings(auto&& is) {
    static constexpr Word<Activation> kActivations[] = {{"elu", Activation::elu}, {"relu", Activation::relu}};
    is.section("Model");
    is("hidden", hidden, IntegerList{.each = {1, 65536}, .most = 16}, "widths of the hidden layers");
    is("activation", activation, kActivations, "of the hidden layers");
    is.section("Training");
    is("epochs", epochs, IntegerRange{1, 1000000}, "passes over the data");
    is("batch_size", batch_size, IntegerRange{1, 1000000}, "images per step");
    is("lr", lr, RealRange{.min = 0, .above_min = true}, "learning rate");
    is("seed", seed, "of all that is random");
    is("data", data, "images");
    is("out", out, "where to");
  }
};
struct Info {
  std::string run, out;

  void settings(auto&& is) {
    is.argument("RUN", run, "its folder");
    is("out", out, "where to");
  }
};

struct Program {
  Train train;
  Info info;
  CommandLine line{"vae", "Trains.", "Ends."};

  Program() {
    offer(line.verb("train", "Trains a model.", "Example: vae train"), show(train));
    offer(line.verb("info", "Describes a run."), show(info));
  }
  template <class List>
  static ShowSettings show(List& list) {
    return [&list](SettingsVisitor& to) { visit_settings(list, to); };
  }
  CommandLine::Parsed parse(const std::vector<std::string>& arguments) {
    const auto parsed = line.parse(arguments);
    if (parsed.verb) assign(parsed.given, parsed.verb->name() == "train" ? show(train) : show(info));
    return parsed;
  }
  std::string error(const std::vector<std::string>& arguments) {
    return error_of([&] { parse(arguments); });
  }
};

}  // namespace

TEST_CASE("options: values arrive, defaults stay") {
  Program program;
  const auto parsed = program.parse({"train", "--hidden", "400", "--lr=5e-4", "--activation", "relu", "--seed",
                                     "18446744073709551615", "--out", "runs/a.b=c"});
  REQUIRE(parsed.verb != nullptr);
  CHECK(parsed.verb->name() == "train");
  CHECK(program.train.hidden == std::vector<std::int64_t>{400});
  CHECK(program.train.lr == 5e-4);
  CHECK((program.train.activation == Train::Activation::relu));
  CHECK(program.train.seed == ~std::uint64_t{0});
  CHECK(program.train.out == "runs/a.b=c");
  CHECK(program.train.epochs == 20);
  CHECK(program.train.data == "digits");
}

TEST_CASE("options: arguments that look like something else") {
  for (const std::string run : {"train", "info", "runs/a.b", "[a,b]", "a=b", "{}", "%%", "@file", "a b", "1"}) {
    Program program;
    CHECK(program.parse({"info", run}).verb->name() == "info");
    CHECK(program.info.run == run);
    Program other;
    CHECK(other.parse({"info", "--out", run, "x"}).verb->name() == "info");
    CHECK(other.info.out == run);
    CHECK(other.info.run == "x");
    Program joined;
    joined.parse({"info", "x", "--out=" + run});
    CHECK(joined.info.out == run);
  }
  Program program;
  program.parse({"info", "--out", "-x", "--", "--run"});
  CHECK(program.info.out == "-x");
  CHECK(program.info.run == "--run");
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
    const auto all = program.parse({flag});
    CHECK(all.verb == nullptr);
    for (const char* part : {"vae", "Trains.", "train", "Trains a model.", "info", "Describes a run.", "Ends."})
      CHECK(contains(all.help, part));
    const auto train = program.parse({"train", "--epochs", "-1", flag});
    CHECK(train.verb == nullptr);
    for (const char* part : {"vae train", "Trains a model.", "Model:", "Training:", "--hidden N,N", "(default 500,500)",
                             "elu or relu (default elu)", "(default 20)", "(default 0.001)", "--data TEXT",
                             "(default digits)", "Example: vae train"})
      CHECK(contains(train.help, part));
    CHECK_FALSE(contains(train.help, "info"));
    CHECK(contains(program.parse({"info", flag}).help, "vae info"));
    CHECK(contains(program.parse({"info", flag}).help, "RUN"));
  }
}
