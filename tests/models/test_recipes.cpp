// The shelf of recipes: their settings, their logs, and one of them run.
#include <cmath>
#include <sstream>

#include "models/cli/options.h"
#include "models/cli/recipes.h"
#include "models/training/config.h"
#include "tests/models/program.h"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("recipes: every one's settings are those of `train`, and a log is read as it was written") {
  std::vector<std::string> names;
  for (const Recipe& recipe : recipes()) {
    INFO(recipe.name);
    CHECK(std::find(names.begin(), names.end(), recipe.name) == names.end());
    names.push_back(recipe.name);
    CHECK(recipe.targets.size() >= 1);
    for (const Target& target : recipe.targets) CHECK(target.tolerance > 0);
    if (recipe.rbm) continue;
    Given given;
    std::istringstream words(recipe.settings);
    for (std::string flag, value; words >> flag >> value;) CHECK(given.options.emplace(flag, value).second);
    Config config;
    CHECK(error_of([&] {
            assign(given, [&](SettingsVisitor& to) { visit_settings(config, to); });
            config.check();
          }) == "no error");
    std::string json = to_json(config);
    for (const auto& [flag, value] : given.options) {  // none is passed over
      std::string name = flag.substr(2);
      std::replace(name.begin(), name.end(), '-', '_');
      CHECK(contains(json, '"' + name + "\": "));
    }
  }
  const Recipe& recipe = *std::find_if(recipes().begin(), recipes().end(),
                                       [](const Recipe& r) { return std::string(r.name) == "vae-short"; });
  const Folder folder;
  const std::string file = (folder.path / "vae-short.json").string();
  CHECK(read_log(folder.path.string(), recipe).empty());
  CHECK(contains(shelf(folder.path.string(), false), "not run"));
  write_log(file, recipe, {.seed = 1, .measured = {-108.1, -103.6}, .minutes = 1.5, .by = "x"});
  write_log(file, recipe, {.seed = 0, .measured = {-109.5, -102.2}, .minutes = 1.2, .by = "y"});
  std::vector<RecipeRun> runs = read_log(folder.path.string(), recipe);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].seed == 0);
  CHECK(runs[0].measured == std::vector<double>{-109.5, -102.2});
  CHECK(met(recipe, runs[0]));
  CHECK(contains(shelf(folder.path.string(), true),
                 "| `vae-short` | test ELBO | -108.1 ± 1.5 | -109.50 / -108.10 | met |\n"
                 "|  | test log-likelihood, K = 100 | -103.6 ± 1.5 | -102.20 / -103.60 |  |\n"));
  write_log(file, recipe, {.seed = 1, .measured = {-109.61, -103.6}, .minutes = 1, .by = "z"});  // in the other's place
  runs = read_log(folder.path.string(), recipe);
  REQUIRE(runs.size() == 2);
  CHECK_FALSE(met(recipe, runs[1]));
  CHECK_FALSE(met(recipe, {.measured = {NAN, -103.6}, .by = ""}));
  CHECK(contains(shelf(folder.path.string(), true), "| missed |"));
  put(file, "{}");
  CHECK(contains(error_of([&] { shelf(folder.path.string(), true); }), "is not the log of a recipe"));
}

TEST_CASE("recipes: one is run by the program, which says met or missed and keeps the log") {
  const Place place;
  const Ended ended =
      place.run({"reproduce", "pytorch-vae", "--data", "data", "--log", "pytorch-vae.json", "--seed", "3"});
  INFO(ended.out, ended.err);
  REQUIRE(ended.code == 0);
  CHECK(contains(ended.out, "\ntest ELBO: -"));
  CHECK(contains(ended.out, "published -105.7 ± 0.6\nmissed, in "));
  CHECK(fs::exists(place.folder / "runs" / "pytorch-vae-3" / "metrics.csv"));
  CHECK(contains(get(place.folder / "pytorch-vae.json"), "\"met\": false"));
  CHECK(contains(place.run({"reproduce", "--list", "--logs", "."}).out, " missed\n"));
  CHECK(place.run({"reproduce", "--list", "--markdown", "--logs", "."}).out.starts_with("| recipe | "));
  CHECK(contains(place.run({"reproduce", "pytorch"}).err, "there is no recipe \"pytorch\""));
  CHECK(contains(place.run({"reproduce"}).err, "needs the NAME of a recipe"));
  CHECK(place.run({"reproduce", "vae-short", "--log", "x.json"}).code == 2);
}
