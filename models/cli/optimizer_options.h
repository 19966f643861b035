// The options of `vae train` that say how parameters follow their gradients: what they are, and which go together.
#pragma once

#include "models/cli/command_line.h"
#include "models/trainer.h"

namespace GRADUS {

/// The names that a choice has on the command line.
template <class E>
std::vector<std::pair<std::string_view, E>> named() {
  std::vector<std::pair<std::string_view, E>> pairs;
  for (const Named<E>& choice : choices<E>()) pairs.emplace_back(choice.name, choice.value);
  return pairs;
}

void add_optimizer_options(Verb& verb, Config& config);
/// Fills in the defaults that depend on other options. UsageError for a flag that says something about what was not
/// chosen, and for what cannot be carried out.
void settle_optimizer(Config& config, const std::set<std::string>& given);
/// That the learning rate falls to 0 before the end of a training on so many images, and when; nothing if it does not.
std::string idle_text(const Config& config, std::int64_t images);
/// The cosine's length where none was given: the training's. UsageError when the warm-up leaves nothing of it, and when
/// the rate falls to 0 before the end.
void settle_schedule(Config& config, const Dataset& data);
/// "adamw, lr 0.001, weight decay 0.01, cosine to 0.1 in 2000 steps"
std::string optimizer_text(const Config& config);

}  // namespace GRADUS
