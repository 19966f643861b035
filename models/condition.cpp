#include "models/condition.h"

#include <algorithm>

#include "nn/files/quote.h"

namespace GRADUS {

static const LabelCondition* by_label(const Conditions& condition) {
  return std::get_if<LabelCondition>(&condition.chosen);
}

std::int64_t condition_size(const Conditions& condition) {
  const LabelCondition* label = by_label(condition);
  return label ? label->classes : 0;
}

void settle_condition(Conditions& condition, const Dataset& data) {
  auto* label = std::get_if<LabelCondition>(&condition.chosen);
  if (!label) return;
  for (const Images* images : {&data.train, &data.test}) {
    check(!images->labels.empty(), "the images of {} have no labels, which a condition by label needs",
          quote(images->name));
    label->classes = std::max<std::int64_t>(label->classes, 1 + *std::ranges::max_element(images->labels));
  }
}

Tensor one_hot(const Indices& labels, std::int64_t classes) {
  Tensor rows = zeros(labels.shape.inserted(labels.shape.rank(), classes));
  Real* at = rows.write().data;
  for (const std::int64_t label : labels.values) {
    check(label >= 0 && label < classes, "[one_hot] there is no class {} among {}", label, classes);
    at[label] = 1;
    at += classes;
  }
  return rows;
}

std::optional<Tensor> condition_of(const Conditions& condition, const Images& images,
                                   std::span<const std::int64_t> rows) {
  const LabelCondition* label = by_label(condition);
  if (!label) return std::nullopt;
  return one_hot(labels_at(images, rows), label->classes);
}

std::optional<Tensor> condition_of_samples(const Conditions& condition, std::optional<std::int64_t> named,
                                           std::int64_t n, std::int64_t run) {
  const LabelCondition* label = by_label(condition);
  check(label || !named, "the model is not conditional, so there is no label {} to sample", named.value_or(0));
  if (!label) return std::nullopt;
  check(!named || (*named >= 0 && *named < label->classes), "there is no label {}: the model knows 0 to {}",
        named.value_or(0), label->classes - 1);
  Indices labels(Shape{n});
  for (std::int64_t i = 0; i < n; ++i) labels.values[i] = named ? *named : i / run % label->classes;
  return one_hot(labels, label->classes);
}

}  // namespace GRADUS
