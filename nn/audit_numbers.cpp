// Checks of what a layer computes: its output and its gradients.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "nn/audit_checks.h"
#include "nn/state.h"

namespace GRADUS::detail {

bool same_bits(const Tensor& a, const Tensor& b) {
  const std::vector<Real> x = a.values(), y = b.values();
  return a.shape() == b.shape() && (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(Real)) == 0);
}

/// What differs between two outputs that should be the same.
static std::string difference(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return fmt::format("{} and {}", a.shape(), b.shape());
  const std::vector<Real> x = a.values(), y = b.values();
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::memcmp(&x[i], &y[i], sizeof(Real)) != 0) return fmt::format("element {} is {} and {}", i, x[i], y[i]);
  return "nothing";
}

void expect_same(const Tensor& a, const Tensor& b, std::string_view what) {
  if (!same_bits(a, b)) throw Error(fmt::format("{}: {}", what, difference(a, b)));
}

Tensor call(const AuditedLayer& layer, std::span<const AuditInput> inputs, bool training) {
  Rng rng{.seed = 17};
  Context context{.training = training, .rng = rng};
  return layer(inputs, context);
}

std::string shapes(std::span<const AuditInput> inputs) {
  std::string text;
  for (const AuditInput& input : inputs) text += (text.empty() ? "" : ", ") + to_string(input.shape());
  return text;
}

/// Calls visit(tensor, position) for the inputs to differentiate by; gives the inputs with what it returns for them.
template <class Visit>
static Inputs with_tensors(const Subject& subject, const Inputs& inputs, const Visit& visit) {
  Inputs all = inputs;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (subject.by_input && all[i].is_tensor()) all[i] = AuditInput(Tensor(visit(inputs[i], i)));
  return all;
}

std::vector<Tensor> output_and_gradients(const Subject& subject, const Inputs& inputs, bool training) {
  AuditedLayer layer = subject.layer;
  std::vector<Tensor> all;
  with_tensors(subject, inputs, [&](const Tensor& x, std::size_t) { return all.emplace_back(x); });
  for_each_parameter(layer, [&](const MemberPath&, Tensor& p) { all.push_back(p = detach(p)); });
  Tape tape(all);
  const Tensor y = call(layer, inputs, training);
  Rng rng{.seed = 23};
  const Tensor weight = normal(y.shape(), rng);
  all = tape.knows(y) ? tape.gradient(sum(y * weight)) : std::vector<Tensor>{};
  all.insert(all.begin(), y);
  return all;
}

std::string check_output(Subject& subject) {
  const Tensor evaluated = call(AuditedLayer(subject.layer), subject.inputs, false),
               trained = call(AuditedLayer(subject.layer), subject.inputs, true);
  for (const Tensor& y : {evaluated, trained})
    for (const Real value : y.values())
      if (!std::isfinite(value)) throw Error(fmt::format("the output holds {}", value));
  if (!same_bits(evaluated, trained)) subject.modes = {false, true};
  return fmt::format("{} -> {}, {} numbers in parameters; {}", shapes(subject.inputs), evaluated.shape(),
                     count(subject.layer), subject.modes.size() == 1 ? "the same in training" : "another in training");
}

static std::string gradient_of_order(Subject& subject, int order) {
  GradcheckOptions options{.order = order, .elements = 16, .retries = 3};
  std::vector<Tensor> inputs;
  with_tensors(subject, subject.inputs, [&](const Tensor& x, std::size_t position) {
    options.names.push_back(subject.inputs.size() == 1 ? "the input" : fmt::format("input {}", position + 1));
    return inputs.emplace_back(x);
  });
  const std::size_t given = inputs.size();
  for_each_parameter(subject.layer, [&](const MemberPath& path, Tensor& x) {
    inputs.push_back(detach(x));
    options.names.push_back(fmt::format("\"{}\"", path.text()));
  });
  const std::size_t parameters = inputs.size() - given;
  if (inputs.empty()) throw NotChecked("there is nothing to differentiate by");
  options.names.push_back("the gradient of the output");
  double worst = 0;
  std::int64_t unclear = 0;
  for (const bool training : subject.modes) {
    const auto f = [&](std::span<const Tensor> in) {
      AuditedLayer layer = subject.layer;
      std::size_t i = 0;
      const Inputs taken = with_tensors(subject, subject.inputs, [&](const Tensor&, std::size_t) { return in[i++]; });
      for_each_parameter(layer, [&](const MemberPath&, Tensor& x) { x = in[i++]; });
      return call(layer, taken, training);
    };
    const GradcheckResult result = gradcheck(f, inputs, options);
    if (!result.passed) throw Error(fmt::format("in {}: {}", mode_name(training), result.message));
    if (2 * result.unclear > result.checked)
      throw NotChecked(fmt::format("rounding or kinks leave {} of {} elements unclear: try a smaller input or double",
                                   result.unclear, result.checked));
    worst = std::max(worst, result.worst);
    unclear += result.unclear;
  }
  const std::string more =
      unclear == 0 ? "" : fmt::format(", {} unclear (kinks, rounding)", counted(unclear, "element"));
  const std::string of_inputs = given == 0 ? "" : given == 1 ? "the input and " : fmt::format("{} inputs and ", given);
  return fmt::format("by {}{}, {}: the worst is {:.2g} of what is allowed{}", of_inputs,
                     counted(parameters, "parameter"), subject.in_modes(), worst, more);
}
std::string check_gradient(Subject& subject) { return gradient_of_order(subject, 1); }
std::string check_second_gradient(Subject& subject) {
  if (subject.failed) throw NotChecked("the gradient itself is wrong");
  return gradient_of_order(subject, 2);
}

}  // namespace GRADUS::detail
