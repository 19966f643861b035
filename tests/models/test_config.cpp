// Settings are told once, in a list: each must show up in the help, in config.json and in `info`, survive a round trip at
// either end of its range, and be refused beyond it, on the line and in the file alike.
#include <doctest/doctest.h>

#include <cmath>

#include "models/cli/options.h"
#include "models/cli/verbs/info.h"
#include "models/training/config.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

/// A setting as the list shows it: how to set it to an end of its range, and texts that are beyond it.
struct Seen {
  std::string name;
  bool offered;
  std::vector<std::string> beyond;  // as on the line
};

/// Sets every setting to the lowest or highest value of its range, and choices to the kind `kind` (modulo their number).
struct ToTheEnd final : SettingsVisitor {
  bool highest;
  std::size_t kind;
  std::vector<Seen> seen{};
  ToTheEnd(bool highest, std::size_t kind) : highest(highest), kind(kind) {}

  void note(const char* name, std::vector<std::string> beyond) { seen.push_back({name, offered, std::move(beyond)}); }
  static std::vector<std::string> beyond(const IntegerRange& range) {
    return {fmt::to_string(range.min - 1), fmt::to_string(range.max + 1), "x", "1.5"};
  }
  void text(const char* name, std::string& value, const char*) override {
    value = highest ? "somewhere" : "";
    note(name, {});
  }
  void seed(const char* name, std::uint64_t& value, const char*) override {
    value = highest ? ~std::uint64_t{0} : 0;
    note(name, {"-1", "18446744073709551616"});
  }
  void flag(const char* name, bool& value, const char*) override {
    value = highest;
    note(name, {"maybe"});
  }
  void whole(const char* name, std::int64_t& value, const IntegerRange& range, const char*) override {
    value = highest ? range.max : range.min;
    note(name, beyond(range));
  }
  void whole(const char* name, std::optional<std::int64_t>& value, const IntegerRange& range, const char*) override {
    value = highest ? range.max : range.min;
    note(name, beyond(range));
  }
  void number(const char* name, double& value, const RealRange& range, const char*) override {
    value = highest ? range.max : range.min;
    if (highest && range.below_max) value = 0.999 * range.max;
    if (!highest && range.above_min) value = 1e-30;
    CHECK(range.contains(value));
    std::vector<std::string> texts{"nan", "inf"};
    if (sizeof(Real) == 4) texts.push_back("1e-60");
    texts.push_back(fmt::to_string(range.min - 1));
    if (range.max < 1e30) texts.push_back(fmt::to_string(range.max * 2 + 1));
    if (range.below_max) texts.push_back(fmt::to_string(range.max));
    if (range.above_min) texts.push_back(fmt::to_string(range.min));
    note(name, texts);
  }
  void wholes(const char* name, std::vector<std::int64_t>& value, const IntegerList& range, const char*) override {
    value.assign(highest ? range.most : std::max<std::size_t>(range.least, 1), range.each.max);
    note(name, {"0", fmt::to_string(range.each.max + 1), "5,", ",5"});
  }
  void choice(const char* name, AnyChoice& value, const char*) override {
    value.choose(kind % value.size());
    note(name, {"none-of-them"});
    value.settings(value.chosen(), *this);
  }
};

constexpr std::size_t kKinds = 12;  // more than any choice has

}  // namespace

TEST_CASE("settings: every one at either end of its range is written, read again and shown") {
  for (std::size_t kind = 0; kind < kKinds; ++kind)
    for (const bool highest : {false, true}) {
      Config config;
      ToTheEnd ends(highest, kind);
      visit_settings(config, ends);
      const std::string json = to_json(config);
      Config read;
      read_json(read, json);
      CHECK(to_json(read) == json);
      CommandLine line("vae", "", "");
      offer(line.verb("train", ""), [&](SettingsVisitor& to) { visit_settings(config, to); });
      const std::string help = line.parse({"train", "--help"}).help, lines = setting_lines(config);
      for (const Seen& setting : ends.seen) {
        INFO(setting.name);
        CHECK(contains(json, fmt::format("\"{}\": ", setting.name)));
        CHECK(contains(lines, setting.name + " "));
        CHECK(contains(help, as_flag(setting.name) + " ") == setting.offered);
      }
    }
}

TEST_CASE("settings: what is beyond a range is refused by the line and by the file") {
  int tried = 0;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    Config config;
    ToTheEnd ends(false, kind);
    visit_settings(config, ends);
    const std::string json = to_json(config);
    const auto list = [&](SettingsVisitor& to) { visit_settings(config, to); };
    for (const Seen& setting : ends.seen)
      for (const std::string& text : setting.beyond) {
        INFO(setting.name, " ", text);
        if (setting.offered) {
          const std::string flag = as_flag(setting.name);
          CHECK(error_of([&] { assign({.arguments = {}, .options = {{flag, text}}}, list); }).starts_with(flag + " "));
        }
        // As JSON: what is no number stands there as text.
        const std::string key = fmt::format("\"{}\": ", setting.name);
        const std::size_t begin = json.find(key) + key.size();
        const bool is_list = json[begin] == '[';
        const std::size_t end = is_list ? json.find(']', begin) + 1 : json.find_first_of(",\n", begin);
        const bool number = !text.empty() && text.find_first_not_of("0123456789.e-+") == std::string::npos;
        std::string value = number ? text : '"' + text + '"';
        if (is_list) value = number && text.find(',') == std::string::npos ? '[' + text + ']' : value;
        const std::string changed = json.substr(0, begin) + value + json.substr(end);
        Config read;
        CHECK(contains(error_of([&] { read_json(read, changed); }), '`' + setting.name + '`'));
        ++tried;
      }
  }
  CHECK(tried > 300);
}

TEST_CASE("config: what no training can be is refused in a sentence") {
  const std::string good = to_json(Config{});
  const auto says = [&](const std::string& from, const std::string& to) {
    std::string json = good;
    REQUIRE(contains(json, from));
    return error_of([&] { config_from_json(json.replace(json.find(from), from.size(), to), "config.json"); });
  };
  const auto line =
      1 + std::count(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(good.find("\"epochs\"")), '\n');
  CHECK(says("\"epochs\": 20", "\"epochs\": 20") == "no error");
  CHECK(
      says("\"epochs\": 20", "\"epochs\": 0") ==
      fmt::format("\"config.json\" is not a configuration: line {}: \"epochs\" is not a whole number from 1 to 1000000",
                  line));
  CHECK(contains(says("\"epochs\": 20", "\"epochs\": 20.5"), "\"epochs\" is not a whole number"));
  CHECK(contains(says("\"epochs\": 20", "\"epochs\": 9223372036854775809"), "\"epochs\" is not a whole number"));
  CHECK(contains(says("\"beta\": 1.0", "\"beta\": -1.0"), "\"beta\" is -1, but must be a number from 0 to 1000000"));
  CHECK(contains(says("\"lr\": 0.001", "\"lr\": 1e999"), "a number that is too large"));
  CHECK(contains(says("\"objective\": \"elbo\"", "\"objective\": \"iwae\""), "needs \"samples\" above 1"));
  CHECK(contains(says("\"format\": 2", "\"format\": 1"), "it is of format 1, which an earlier version wrote"));
  CHECK(contains(says("\"format\": 2", "\"format\": 3"), "it is of format 3, this program reads format 2"));
  CHECK(contains(says("  \"format\": 2,\n", ""), "\"format\" is missing"));
  CHECK(contains(says("\"schedule\": \"constant\"", "\"schedule\": \"step\""),
                 "\"schedule\" step needs \"decay_steps\""));
  CHECK(contains(says("\"init\": \"variance-scaling\"", "\"init\": \"zeros\""),
                 "\"init\" is \"zeros\", which is not one of its kinds"));
  CHECK(contains(says("\"transpose\": false", "\"transpose\": 0"), "neither true nor false"));
  CHECK(contains(says("\"transpose\": false", "\"transpoze\": false"),
                 "line 20: \"transpoze\" is not known to this program"));
  CHECK(contains(says("\"hidden\": [", "\"hidden\": [\"1\","), "\"hidden\" is not a whole number from 1 to 65536"));
  CHECK(contains(says("\"hidden\": [", "\"hidden\": [[1],"), "it is nested too deeply"));
  CHECK(contains(says("{", "{{"), "it is not JSON"));
  CHECK(contains(says("\"epochs\": 20", "\"epochs\": 2o"), fmt::format("line {}: it is not JSON", line)));
  if (sizeof(Real) == 4)
    for (const char* number : {"1e-60", "1e-46"})
      CHECK(contains(says("\"lr\": 0.001", fmt::format("\"lr\": {}", number)), "which is too large or too small"));
  CHECK(contains(says("\"beta1\": 0.9", "\"momentum\": 0.5"), "\"momentum\" needs \"optimizer\" sgd or rmsprop"));
  CHECK(contains(says("\"optimizer\": \"adam\"", "\"optimizer\": \"sgd\",\n  \"nesterov\": true"),
                 "\"beta1\" needs \"optimizer\" adam, adamw or nadam"));
  CHECK(contains(says("\"beta1\": 0.9", "\"flow_steps\": 3"), "\"flow_steps\" needs \"code\" flow"));
  for (const char* wrong : {"1x2x2", "60000x28x28 crc32:1A2B3C4D", "060000x28x28 crc32:1a2b3c4d", "\\u001b[31m"})
    CHECK(contains(says("\"fingerprint\": \"\"", fmt::format("\"fingerprint\": \"{}\"", wrong)),
                   "does not identify images"));
  CHECK(says("\"fingerprint\": \"\"", "\"fingerprint\": \"60000x28x28 crc32:1a2b3c4d\"") == "no error");
  CHECK(contains(says("\"fingerprint\": \"\"", "\"fingerprint\": \"60000x28x27 crc32:1a2b3c4d\""),
                 "line 4: \"fingerprint\" is of images of 28 x 27 pixels, the model takes 28 x 28"));
}

TEST_CASE("config: what a later version adds is missing from older files, and keeps its default") {
  Config config;
  config.epochs = 7;
  std::string json = to_json(config);
  const std::string line = "  \"ema\": 0.0,\n";
  REQUIRE(contains(json, line));
  json.erase(json.find(line), line.size());
  CHECK(to_json(config_from_json(json, "config.json")) == to_json(config));
}
