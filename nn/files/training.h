// A whole training in one file, saved by one call and loaded by one: the module, and what else goes on from where it
// was, in any order:
//
//   save_training("run.safetensors", net, optimizer, average, rng);
//   load_training("run.safetensors", net, optimizer, average, rng);  // goes on with the same bits
//
// The file holds the module's tensors by their names, the rule's moments as "optimizer.m.weight", the average's as
// "average.weight"; counts and the generator are in its metadata. load_state (nn/files/load_state.h) reads the module
// alone.
#pragma once

#include <tuple>

#include "nn/average.h"
#include "nn/files/load_state.h"
#include "nn/optim/optimizer.h"

namespace GRADUS {

namespace detail {

template <class Part, class M>
inline constexpr bool is_part =
    std::same_as<Part, Optimizer> || std::same_as<Part, Average<M>> || std::same_as<Part, Rng>;
template <class Part, class... Parts>
inline constexpr bool is_once = (std::same_as<Part, Parts> + ... + 0) == 1;
template <class M, class... Parts>
constexpr void check_parts() {
  static_assert((is_part<Parts, M> && ...),
                "beside the module a training is an Optimizer, an Average of that module and an Rng");
  static_assert((is_once<Parts, Parts...> && ...), "a training is one module with one of each beside it");
}

template <class M>
void put_state(Checkpoint& checkpoint, const M& module, const std::string& prefix) {
  for (const auto& [name, x] : state(module))
    check(checkpoint.tensors.emplace(prefix + name, x).second, "[save] two tensors are called \"{}\"", prefix + name);
  for (const Asked& asked : asked_by(const_cast<M&>(module)))
    if (asked.buffer) checkpoint.infinite.insert(prefix + asked.name);
}
template <class M>
void put(Checkpoint& checkpoint, const M& module, Optimizer& optimizer) {
  optimizer.for_each_moment(const_cast<M&>(module), [&](const std::string& name, Tensor& moment) {
    check(checkpoint.tensors.emplace("optimizer." + name, moment).second,
          "[save] two tensors are called \"optimizer.{}\"", name);
  });
  checkpoint.metadata["optimizer.steps"] = std::to_string(optimizer.steps);
  if (optimizer.rule->name()) checkpoint.metadata["optimizer.rule"] = optimizer.rule->name();
}
template <class M>
void put(Checkpoint& checkpoint, const M&, const Average<M>& average) {
  put_state(checkpoint, average.module, "average.");
  checkpoint.metadata["average.updates"] = std::to_string(average.updates);
}
template <class M>
void put(Checkpoint& checkpoint, const M&, const Rng& rng) {
  checkpoint.metadata["generator.seed"] = std::to_string(rng.seed);
  checkpoint.metadata["generator.stream"] = std::to_string(rng.stream);
  checkpoint.metadata["generator.counter"] = std::to_string(rng.counter);
}

/// What is taken out of a checkpoint, so that what is left over can be told.
class Taking {
 public:
  explicit Taking(const std::filesystem::path& path) : checkpoint_(load_checkpoint(path)) {}
  Tensor tensor(const std::string& name, const Shape& shape, bool buffer);
  /// Error when there is none, or it is not a whole number of 64 bits.
  std::uint64_t count(const std::string& name, const char* part);
  /// Error when the file tells of another rule.
  void rule(const char* name);
  /// Error when there is something that nobody has taken.
  void finish() const;

 private:
  Checkpoint checkpoint_;
  std::set<std::string> taken_;
};

template <class M>
void take_state(Taking& from, M& module, const std::string& prefix) {
  const std::vector<Asked> asked = asked_by(module);
  std::size_t i = 0;
  for_each_state(module, [&](const MemberPath&, Tensor& x) {
    x = from.tensor(prefix + asked[i].name, x.shape(), asked[i].buffer);
    ++i;
  });
}
template <class M>
void take(Taking& from, M& module, Optimizer& optimizer) {
  optimizer.steps = static_cast<std::int64_t>(from.count("optimizer.steps", "optimizer"));
  from.rule(optimizer.rule->name());
  optimizer.for_each_moment(module, [&](const std::string& name, Tensor& moment) {
    moment = from.tensor("optimizer." + name, moment.shape(), false);
  });
}
template <class M>
void take(Taking& from, M&, Average<M>& average) {
  average.updates = static_cast<std::int64_t>(from.count("average.updates", "average"));
  take_state(from, average.module, "average.");
}
template <class M>
void take(Taking& from, M&, Rng& rng) {
  rng.seed = from.count("generator.seed", "generator");
  rng.stream = from.count("generator.stream", "generator");
  rng.counter = from.count("generator.counter", "generator");
}

}  // namespace detail

/// Writes the module and the given parts to one file, durable and all or nothing. NumericError when a number is NaN, or
/// infinite and not in a Buffer; Error when the file cannot be written or two tensors have one name.
template <class M, class... Parts>
void save_training(const std::filesystem::path& path, const M& module, Parts&... parts) {
  detail::check_parts<M, std::remove_const_t<Parts>...>();
  Checkpoint checkpoint;
  detail::put_state(checkpoint, module, "");
  (detail::put(checkpoint, module, parts), ...);
  save_checkpoint(path, checkpoint);
}

/// Sets the module and the given parts to what was saved; rates, rules and the average's decay stay as they are here.
/// Error when the file is not one of theirs: it lacks one or has one more, tensors are missing or of another shape, the
/// rule is another; then nothing is changed.
template <class M, class... Parts>
void load_training(const std::filesystem::path& path, M& module, Parts&... parts) {
  detail::check_parts<M, Parts...>();
  detail::Taking from(path);
  M loaded = module;
  [[maybe_unused]] std::tuple<Parts...> loaded_parts(parts...);
  detail::take_state(from, loaded, "");
  (detail::take(from, loaded, std::get<Parts>(loaded_parts)), ...);
  from.finish();
  module = std::move(loaded);
  ((parts = std::move(std::get<Parts>(loaded_parts))), ...);
}

}  // namespace GRADUS
