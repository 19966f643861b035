// Checks of what a layer computes.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "nn/audit_checks.h"
#include "nn/state.h"
#include "tensor/parallel.h"

namespace GRADUS::detail {

static bool same_bits(const Tensor& a, const Tensor& b) {
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

Tensor call(const Layer& layer, const Tensor& x, bool training) {
  Rng rng{.seed = 17};
  Context context{.training = training, .rng = rng};
  return layer(x, context);
}

/// The output, and the gradients of a weighted sum of it by the input and the parameters.
static std::vector<Tensor> output_and_gradients(const Subject& subject, const Tensor& x, bool training) {
  Layer layer = subject.layer;
  std::vector<Tensor> all(subject.by_input ? 1 : 0, x);
  for_each_parameter(layer, [&](const MemberPath&, Tensor& p) { all.push_back(p = detach(p)); });
  Tape tape(all);
  const Tensor y = call(layer, x, training);
  Rng rng{.seed = 23};
  const Tensor weight = normal(y.shape(), rng);
  all = tape.knows(y) ? tape.gradient(sum(y * weight)) : std::vector<Tensor>{};
  all.insert(all.begin(), y);
  return all;
}

std::string check_output(Subject& subject) {
  const Tensor evaluated = call(Layer(subject.layer), subject.x, false),
               trained = call(Layer(subject.layer), subject.x, true);
  for (const Tensor& y : {evaluated, trained})
    for (const Real value : y.values())
      if (!std::isfinite(value)) throw Error(fmt::format("the output holds {}", value));
  if (!same_bits(evaluated, trained)) subject.modes = {false, true};
  return fmt::format("{} -> {}, {} numbers in parameters; {}", subject.x.shape(), evaluated.shape(),
                     count(subject.layer), subject.modes.size() == 1 ? "the same in training" : "another in training");
}

static std::string gradient_of_order(Subject& subject, int order) {
  GradcheckOptions options{.order = order, .elements = 16, .retries = 3};
  std::vector<Tensor> inputs;
  if (subject.by_input) {
    inputs.push_back(subject.x);
    options.names.push_back("the input");
  }
  for_each_parameter(subject.layer, [&](const MemberPath& path, Tensor& x) {
    inputs.push_back(detach(x));
    options.names.push_back(fmt::format("\"{}\"", path.text()));
  });
  const std::size_t parameters = inputs.size() - subject.by_input;
  if (inputs.empty()) throw NotChecked("there is nothing to differentiate by");
  options.names.push_back("the gradient of the output");
  double worst = 0;
  std::int64_t unclear = 0;
  for (const bool training : subject.modes) {
    const auto f = [&](std::span<const Tensor> in) {
      Layer layer = subject.layer;
      std::size_t i = subject.by_input;
      for_each_parameter(layer, [&](const MemberPath&, Tensor& x) { x = in[i++]; });
      return call(layer, subject.by_input ? in[0] : subject.x, training);
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
  return fmt::format("by {}{}, {}: the worst is {:.2g} of what is allowed{}", subject.by_input ? "the input and " : "",
                     counted(parameters, "parameter"), subject.in_modes(), worst, more);
}
std::string check_gradient(Subject& subject) { return gradient_of_order(subject, 1); }
std::string check_second_gradient(Subject& subject) {
  if (subject.failed) throw NotChecked("the gradient itself is wrong");
  return gradient_of_order(subject, 2);
}

std::string check_repetition(Subject& subject) {
  for (const bool training : subject.modes) {
    Layer layer = subject.layer;
    const std::map<std::string, Tensor> begin = state(layer);
    const Tensor first = call(layer, subject.x, training);
    for (int time = 2; time <= 4; ++time) {
      load_state(layer, begin);  // running statistics
      expect_same(call(layer, subject.x, training), first,
                  fmt::format("in {}, call {} gives another output than call 1", mode_name(training), time));
    }
  }
  return fmt::format("four calls give the same bits, {}", subject.in_modes());
}

std::string check_tape(Subject& subject) {
  for (const bool training : subject.modes)
    expect_same(output_and_gradients(subject, subject.x, training)[0], call(Layer(subject.layer), subject.x, training),
                fmt::format("in {}, with and without a tape", mode_name(training)));
  return fmt::format("the same bits with and without, {}", subject.in_modes());
}

std::string check_batch(Subject& subject) {
  constexpr std::int64_t most_samples = 16;
  Tensor x = subject.x;
  if (x.rank() == 0) throw NotChecked("the input has no batch axis");
  if (x.shape()[0] == 1 && subject.by_input) x = concat({x, x * Real(-0.5), x + 1}, 0);
  const std::int64_t n = x.shape()[0];
  if (n < 2) throw NotChecked("there are no neighbours: give an input of two samples or more");
  Rng rng{.seed = 17};
  Context context{.training = false, .rng = rng};
  const Tensor y = Layer(subject.layer)(x, context);
  if (rng.counter > 0) throw NotChecked("it draws in evaluation: what a sample gets depends on where it stands");
  if (y.rank() == 0 || y.shape()[0] != n) throw NotChecked(fmt::format("the output {} has no batch axis", y.shape()));
  Real largest = 0;
  for (const Real value : y.values()) largest = std::max(largest, std::abs(value));
  const std::int64_t judged = std::min(n, most_samples);
  for (std::int64_t k = 0; k < judged; ++k) {  // the first and the last among them
    const std::int64_t i = k * (n - 1) / (judged - 1);
    const Tensor alone = slice(x, 0, i, i + 1), own = slice(y, 0, i, i + 1);
    const Tensor among_equals = concat(std::vector<Tensor>(n, alone), 0);
    expect_same(slice(call(Layer(subject.layer), among_equals, false), 0, i, i + 1), own,
                fmt::format("sample {} gives another output among other neighbours", i));
    const Tensor by_itself = call(Layer(subject.layer), alone, false);
    check(by_itself.shape() == own.shape(), "an input of {}, one sample, gives {}", alone.shape(), by_itself.shape());
    for (const Real off : abs(by_itself - own).values())  // a matrix of one row is multiplied in another order
      check(off <= 64 * std::numeric_limits<Real>::epsilon() * largest,
            "sample {} alone gives an output that is off by {} from the one in a batch of {}", i, off, n);
  }
  return fmt::format("{} of {} samples give the same among others and alone", judged, n);
}

/// The median of at least three runs, and of what fits into 30 ms.
template <class Run>
static double seconds(const Run& run) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(30);
  while (times.size() < 3 || Clock::now() < end) {
    const Clock::time_point start = Clock::now();
    run();
    times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::ranges::nth_element(times, times.begin() + times.size() / 2);
  return times[times.size() / 2];
}
static double seconds_per_step(const Subject& subject) {
  return seconds([&] { output_and_gradients(subject, subject.x, true); });
}

std::string check_threads(Subject& subject) {
  // As many samples as make several threads work, if there is a batch axis, and half a second is enough.
  Tensor x = subject.x;
  if (x.rank() > 0 && x.numel() > 0) {
    const std::int64_t wanted = (1 << 17) / x.numel(), affordable = std::llround(0.05 / seconds_per_step(subject));
    x = concat(std::vector<Tensor>(std::max(std::min(wanted, affordable), std::int64_t{1}), x), 0);
  }
  for (const bool training : subject.modes) {
    set_threads(1);
    const std::vector<Tensor> alone = output_and_gradients(subject, x, training);
    for (const int count : {2, 3, 5}) {
      set_threads(count);
      const std::vector<Tensor> together = output_and_gradients(subject, x, training);
      for (std::size_t i = 0; i < alone.size(); ++i)
        expect_same(together[i], alone[i],
                    fmt::format("in {}, {} with {} threads and with one", mode_name(training),
                                i == 0 ? "the output" : "a gradient", count));
    }
  }
  return fmt::format("the same bits with 1, 2, 3 and 5 threads, for an input of {}", x.shape());
}

std::string check_time(Subject& subject) {
  const Layer layer = subject.layer;
  const double forward = seconds([&] { call(layer, subject.x, false); });
  return fmt::format("forward {:.1f} µs, forward and backward {:.1f} µs, on {}", forward * 1e6,
                     seconds_per_step(subject) * 1e6, counted(threads(), "thread"));
}

}  // namespace GRADUS::detail
