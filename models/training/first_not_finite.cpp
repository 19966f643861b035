#include "models/training/first_not_finite.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "autograd/tape_observer.h"
#include "models/training/health.h"
#include "nn/module.h"

namespace GRADUS {

namespace {

bool all_finite(const std::vector<Real>& values) {
  return std::ranges::all_of(values, [](Real v) { return std::isfinite(v); });
}

/// Along which axis the samples of a batch lie: the first, or the second behind that of draws. -1: along none.
int axis_of_samples(const Shape& shape, std::int64_t samples) {
  for (int axis = 0; axis < std::min(2, shape.rank()); ++axis)
    if (shape[axis] == samples) return axis;
  return -1;
}

/// Of which samples a number is not finite.
std::vector<std::int64_t> samples_not_finite(const std::vector<Real>& values, const Shape& shape,
                                             std::int64_t samples) {
  const int axis = axis_of_samples(shape, samples);
  if (axis < 0 || samples < 2) return {};
  std::int64_t inner = 1;
  for (int a = axis + 1; a < shape.rank(); ++a) inner *= shape[a];
  std::vector<bool> found(samples);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) found[static_cast<std::int64_t>(i) / inner % samples] = true;
  std::vector<std::int64_t> which;
  for (std::int64_t s = 0; s < samples; ++s)
    if (found[s]) which.push_back(s);
  return which;
}

class Look final : public TapeObserver {
 public:
  Look(std::vector<std::string> names, std::span<const std::int64_t> rows)
      : names_(std::move(names)), rows_(rows), outer_(here) {
    here = this;
  }
  ~Look() { here = outer_; }
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;

  std::string found;  // the sentence, of the first

  void began(const SeenTape& tape, std::span<const Tensor> watched) override {
    if (tape_) return;  // those that begin later are inside of its ops
    tape_ = tape.tape;
    for (std::size_t i = 0; i < watched.size(); ++i) {
      const std::string name = i < names_.size() ? names_[i] : "";
      nearest_.emplace(watched[i].id(), name);
      if (found.empty() && !all_finite(watched[i].values()))
        found = fmt::format("the parameter \"{}\" is not finite: an earlier step has overflowed it", name);
    }
  }
  void recorded(const SeenTape& tape, const Tensor& out, std::span<const Argument> arguments) override {
    if (tape.tape != tape_) return;
    std::string near;
    for (const Argument& argument : arguments)
      if (const auto at = nearest_.find(argument.x.id()); at != nearest_.end() && !at->second.empty())
        near = at->second;
    nearest_[out.id()] = near;
    if (found.empty())
      look(
          out, [&] { return fmt::format("the first value that is not finite is that of {}", tape.nodes.back().op); },
          near);
    near_node_.resize(tape.nodes.size());
    near_node_.back() = near;
  }
  void arrived(const SeenTape& tape, int node) override {
    if (tape.tape != tape_ || !found.empty()) return;
    const char* op = tape.nodes[node].op;
    const std::string near = static_cast<std::size_t>(node) < near_node_.size() ? near_node_[node] : "";
    look(
        *tape.nodes[node].gradient,
        [&] {
          return op ? fmt::format("the first gradient that is not finite arrives at the value of {}", op)
                    : fmt::format("the first gradient that is not finite is that of the parameter \"{}\"",
                                  static_cast<std::size_t>(node) < names_.size() ? names_[node] : "");
        },
        near);
  }
  void ran(const SeenTape&, int, int, const Tensor&) override {}
  void before_freeing(const SeenTape&, int) override {}
  void freed(const SeenTape&, int) override {}

 private:
  template <class Says>
  void look(const Tensor& x, const Says& says, const std::string& near) {
    const std::vector<Real> values = x.values();
    if (all_finite(values)) return;
    const auto samples = samples_not_finite(values, x.shape(), static_cast<std::int64_t>(rows_.size()));
    found = fmt::format("{}, of shape {}{}{}", says(), x.shape(),
                        near.empty() ? "" : fmt::format(", behind the parameter \"{}\"", near),
                        samples.empty() ? "" : ", in " + samples_text(samples, rows_));
  }

  std::vector<std::string> names_;
  std::span<const std::int64_t> rows_;
  TapeObserver* outer_;
  const void* tape_ = nullptr;
  std::unordered_map<std::uint64_t, std::string> nearest_;  // by id: the parameter nearest before it
  std::vector<std::string> near_node_;                      // the same by node
};

}  // namespace

std::string first_not_finite(const Vae& vae, const Minibatch& batch, std::span<const std::int64_t> rows,
                             const Objective& objective, const Objective::Weights& weights, Rng rng) {
  if (const std::vector<Real> x = batch.x.values(); !all_finite(x))
    return "the batch itself is not finite, in " +
           samples_text(samples_not_finite(x, batch.x.shape(), batch.x.shape()[0]), rows);
  Vae copy = vae;  // what a draw leaves in buffers is left in it
  Context context{.training = true, .rng = rng};
  Look look(parameter_names(copy), rows);
  Tape tape(parameters(copy));
  const Tensor loss = objective.loss(bound(copy, batch, objective, context), weights);
  tape.gradient(loss);
  return look.found;
}

}  // namespace GRADUS
