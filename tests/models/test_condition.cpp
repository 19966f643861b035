// What a conditional model is told: labels as one-hot rows, found from the data and given to samples.
#include <doctest/doctest.h>

#include "models/condition.h"
#include "models/training/config.h"
#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;

namespace {

Images labelled(const char* name, std::vector<std::uint8_t> labels) {
  const auto count = static_cast<std::int64_t>(labels.size());
  return {.name = name,
          .count = count,
          .height = 1,
          .width = 1,
          .pixels = std::vector<std::uint8_t>(labels.size()),
          .labels = std::move(labels)};
}

}  // namespace

TEST_CASE("one_hot: 1 at each label's place") {
  const Tensor rows = one_hot(Indices{2, 0}, 3);
  CHECK(rows.shape() == Shape{2, 3});
  CHECK(rows.values() == std::vector<Real>{0, 0, 1, 1, 0, 0});
  CHECK(contains(error_of([] { one_hot(Indices{3}, 3); }), "[one_hot] there is no class 3 among 3"));
  CHECK(contains(error_of([] { one_hot(Indices{-1}, 3); }), "there is no class -1"));
}

TEST_CASE("the number of classes is found from the labels of both sets") {
  Conditions condition{LabelCondition{}};
  settle_condition(condition, {.name = "data", .train = labelled("a", {0, 4, 1}), .test = labelled("b", {6, 2})});
  CHECK(condition_size(condition) == 7);
  const std::vector<std::int64_t> rows{2, 0};
  const Tensor found = *condition_of(condition, labelled("a", {0, 4, 1}), rows);
  CHECK(found.values() == one_hot(Indices{1, 0}, 7).values());
  CHECK(contains(error_of([&] { (void)condition_of(condition, labelled("c", {7}), std::vector<std::int64_t>{0}); }),
                 "there is no class 7 among 7"));

  Conditions none{};
  const Dataset bare{.name = "data", .train = labelled("a", {}), .test = labelled("b", {})};
  settle_condition(none, bare);
  CHECK(condition_size(none) == 0);
  CHECK(!condition_of(none, labelled("a", {0}), std::vector<std::int64_t>{0}));
  const std::string sentence = error_of([&] { settle_condition(condition, bare); });
  CHECK(contains(sentence, "\"a\" have no labels"));
}

TEST_CASE("samples take one label, or the labels in turn, a run of each") {
  const Conditions condition{LabelCondition{3}};
  const auto labels = [&](std::optional<std::int64_t> named, std::int64_t n, std::int64_t run) {
    const Tensor rows = *condition_of_samples(condition, named, n, run);
    const Indices found = argmax(rows, -1);
    return std::vector<std::int64_t>(found.values.begin(), found.values.end());
  };
  using Labels = std::vector<std::int64_t>;
  CHECK(labels({}, 5, 1) == Labels{0, 1, 2, 0, 1});
  CHECK(labels({}, 7, 2) == Labels{0, 0, 1, 1, 2, 2, 0});
  CHECK(labels(2, 3, 1) == Labels{2, 2, 2});
  CHECK(contains(error_of([&] { labels(3, 1, 1); }), "there is no label 3: the model knows 0 to 2"));
  CHECK(!condition_of_samples({}, {}, 4));
  CHECK(contains(error_of([] { (void)condition_of_samples({}, 1, 4); }), "the model is not conditional"));
}

TEST_CASE("the classes found are kept with the configuration") {
  Config config;
  config.model.condition.chosen = LabelCondition{10};
  const Config read = config_from_json(to_json(config), "config.json");
  CHECK(condition_size(read.model.condition) == 10);
}
