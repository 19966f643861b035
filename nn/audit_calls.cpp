// Checks of what a layer's output must not depend on: calls before, tapes, neighbours in the batch, threads.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "autograd/ops.h"
#include "nn/audit_checks.h"
#include "nn/state.h"
#include "tensor/parallel.h"

namespace GRADUS::detail {

std::string check_repetition(Subject& subject) {
  for (const bool training : subject.modes) {
    AuditedLayer layer = subject.layer;
    const std::map<std::string, Tensor> begin = state(layer);
    const Tensor first = call(layer, subject.inputs, training);
    for (int time = 2; time <= 4; ++time) {
      load_state(layer, begin);  // running statistics
      expect_same(call(layer, subject.inputs, training), first,
                  fmt::format("in {}, call {} gives another output than call 1", mode_name(training), time));
    }
  }
  return fmt::format("four calls give the same bits, {}", subject.in_modes());
}

std::string check_tape(Subject& subject) {
  for (const bool training : subject.modes)
    expect_same(output_and_gradients(subject, subject.inputs, training)[0],
                call(AuditedLayer(subject.layer), subject.inputs, training),
                fmt::format("in {}, with and without a tape", mode_name(training)));
  return fmt::format("the same bits with and without, {}", subject.in_modes());
}

/// The samples begin … end-1 of a batch, and a batch so many times.
static AuditInput samples(const AuditInput& batch, std::int64_t begin, std::int64_t end) {
  if (batch.is_tensor()) return slice(batch, 0, begin, end);
  const Indices& all = batch;
  const std::int64_t each = all.shape.with(0, 1).numel();
  return Indices(all.shape.with(0, end - begin), std::span(all.values).subspan(begin * each, (end - begin) * each));
}
static AuditInput repeated(const AuditInput& batch, std::int64_t times) {
  if (batch.is_tensor()) return concat(std::vector<Tensor>(times, batch), 0);
  const Indices& all = batch;
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < times; ++i) values.insert(values.end(), all.values.begin(), all.values.end());
  return Indices(all.shape.with(0, times * all.shape[0]), values);
}
static Inputs map(const Inputs& inputs, const auto& f) {
  Inputs all;
  for (const AuditInput& input : inputs) all.push_back(f(input));
  return all;
}

/// The extent of axis 0, which all inputs share as the batch; 0 where they do not.
static std::int64_t batch_of(const Inputs& inputs) {
  const std::int64_t n = inputs.empty() || inputs[0].shape().rank() == 0 ? 0 : inputs[0].shape()[0];
  const auto shares = [&](const AuditInput& input) { return input.shape().rank() > 0 && input.shape()[0] == n; };
  return std::ranges::all_of(inputs, shares) ? n : 0;
}

std::string check_batch(Subject& subject) {
  constexpr std::int64_t most_samples = 16;
  Inputs inputs = subject.inputs;
  if (inputs.size() == 1 && inputs[0].shape().rank() == 0) throw NotChecked("the input has no batch axis");
  if (batch_of(inputs) == 1 && subject.by_input)
    inputs = map(inputs, [](const AuditInput& input) -> AuditInput {
      if (!input.is_tensor()) return repeated(input, 3);
      const Tensor& x = input;
      return concat({x, x * Real(-0.5), x + 1}, 0);
    });
  const std::int64_t n = batch_of(inputs);
  if (n < 2) throw NotChecked("there are no neighbours: give inputs of one batch, of two samples or more");
  Rng rng{.seed = 17};
  Context context{.training = false, .rng = rng};
  const Tensor y = AuditedLayer(subject.layer)(inputs, context);
  if (rng.counter > 0) throw NotChecked("it draws in evaluation: what a sample gets depends on where it stands");
  if (y.rank() == 0 || y.shape()[0] != n) throw NotChecked(fmt::format("the output {} has no batch axis", y.shape()));
  Real largest = 0;
  for (const Real value : y.values()) largest = std::max(largest, std::abs(value));
  const std::int64_t judged = std::min(n, most_samples);
  for (std::int64_t k = 0; k < judged; ++k) {  // the first and the last among them
    const std::int64_t i = k * (n - 1) / (judged - 1);
    const Inputs alone = map(inputs, [&](const AuditInput& input) { return samples(input, i, i + 1); });
    const Inputs among_equals = map(alone, [&](const AuditInput& input) { return repeated(input, n); });
    const Tensor own = slice(y, 0, i, i + 1);
    expect_same(slice(call(AuditedLayer(subject.layer), among_equals, false), 0, i, i + 1), own,
                fmt::format("sample {} gives another output among other neighbours", i));
    const Tensor by_itself = call(AuditedLayer(subject.layer), alone, false);
    check(by_itself.shape() == own.shape(), "an input of {}, one sample, gives {}", shapes(alone), by_itself.shape());
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
  return seconds([&] { output_and_gradients(subject, subject.inputs, true); });
}

std::string check_threads(Subject& subject) {
  // As many samples as make several threads work, if there is a batch axis, and half a second is enough.
  Inputs inputs = subject.inputs;
  std::int64_t numbers = 0;
  for (const AuditInput& input : inputs) numbers += input.shape().rank() > 0 ? input.shape().numel() : 0;
  if (numbers > 0) {
    const std::int64_t wanted = (1 << 17) / numbers, affordable = std::llround(0.05 / seconds_per_step(subject));
    const std::int64_t times = std::min(wanted, affordable);
    if (times > 1 && batch_of(inputs) > 0)
      inputs = map(inputs, [&](const AuditInput& input) { return repeated(input, times); });
  }
  for (const bool training : subject.modes) {
    set_threads(1);
    const std::vector<Tensor> alone = output_and_gradients(subject, inputs, training);
    for (const int count : {2, 3, 5}) {
      set_threads(count);
      const std::vector<Tensor> together = output_and_gradients(subject, inputs, training);
      for (std::size_t i = 0; i < alone.size(); ++i)
        expect_same(together[i], alone[i],
                    fmt::format("in {}, {} with {} threads and with one", mode_name(training),
                                i == 0 ? "the output" : "a gradient", count));
    }
  }
  return fmt::format("the same bits with 1, 2, 3 and 5 threads, for an input of {}", shapes(inputs));
}

std::string check_time(Subject& subject) {
  const AuditedLayer layer = subject.layer;
  const double forward = seconds([&] { call(layer, subject.inputs, false); });
  return fmt::format("forward {:.1f} µs, forward and backward {:.1f} µs, on {}", forward * 1e6,
                     seconds_per_step(subject) * 1e6, counted(threads(), "thread"));
}

}  // namespace GRADUS::detail
