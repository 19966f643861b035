#include "nn/audit.h"

#include <stdlib.h>  // mkdtemp

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "autograd/gradcheck.h"
#include "autograd/op.h"
#include "autograd/ops.h"
#include "nn/checkpoint.h"
#include "nn/state.h"
#include "tensor/parallel.h"

namespace gradus::inline GRADUS_FLAVOUR {
namespace {

/// Thrown by a check that cannot be made, with the reason.
struct NotChecked : Error {
  using Error::Error;
};

bool same_bits(const Tensor& a, const Tensor& b) {
  const std::vector<Real> x = a.values(), y = b.values();
  return a.shape() == b.shape() && (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(Real)) == 0);
}

/// What differs between two outputs that should be the same.
std::string difference(const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape())) return fmt::format("{} and {}", a.shape(), b.shape());
  const std::vector<Real> x = a.values(), y = b.values();
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::memcmp(&x[i], &y[i], sizeof(Real)) != 0) return fmt::format("element {} is {} and {}", i, x[i], y[i]);
  return "nothing";
}

void expect_same(const Tensor& a, const Tensor& b, std::string_view what) {
  if (!same_bits(a, b)) throw Error(fmt::format("{}: {}", what, difference(a, b)));
}

/// An empty folder, removed with what is in it.
struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "gradus_audit_XXXXXX").string();
    check(mkdtemp(name.data()) != nullptr, "[audit] cannot make a folder like {}", name);
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

const char* mode_name(bool training) { return training ? "training" : "evaluation"; }

std::string counted(std::int64_t n, const char* what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); }

class Auditor {
 public:
  Auditor(const Layer& layer, const Tensor& input, bool by_input) : layer_(layer), x_(input), by_input_(by_input) {
    for_each_state(layer_, [&](const Path&, Tensor& x) { begin_.push_back(x); });
  }

  Audit run() {
    if (try_row("output", &Auditor::output_row)) {
      if (try_row("gradient", &Auditor::gradient_row))
        try_row("second gradient", &Auditor::second_gradient_row);
      else
        audit_.rows.push_back({"second gradient", true, "the gradient itself is wrong", false});
      try_row("members", &Auditor::members_row);
      try_row("save and load", &Auditor::save_row);
      try_row("copies", &Auditor::copies_row);
      try_row("state", &Auditor::state_row);
      try_row("repetition", &Auditor::repetition_row);
      try_row("tape", &Auditor::tape_row);
      try_row("batch", &Auditor::batch_row);
      try_row("threads", &Auditor::threads_row);
      try_row("time", &Auditor::time_row);
    }
    return std::move(audit_);
  }

 private:
  /// A check gives its sentence, or throws another.
  bool try_row(const char* name, std::string (Auditor::*check_row)()) {
    AuditRow row{name, true, ""};
    try {
      row.detail = (this->*check_row)();
    } catch (const NotChecked& reason) {
      row.checked = false;
      row.detail = reason.what();
    } catch (const std::exception& error) {
      row.passed = false;
      row.detail = error.what();
    } catch (...) {
      row.passed = false;
      row.detail = "it throws what is no std::exception";
    }
    set_threads(threads_);  // a layer may have changed that
    std::size_t i = 0;      // copies may share their tensors after all: back to how they were
    for_each_state(layer_, [&](const Path& path, Tensor& x) {
      if (i == begin_.size() && std::exchange(row.passed, false))
        row.detail = fmt::format("a call has made a new member \"{}\"", path.text());
      if (i < begin_.size()) x = begin_[i++];
    });
    std::ranges::replace(row.detail, '\n', ' ');
    audit_.rows.push_back(row);
    return row.passed;
  }

  static Tensor call(const Layer& layer, const Tensor& x, bool training) {
    Rng rng{.seed = 17};
    Context context{.training = training, .rng = rng};
    return layer(x, context);
  }

  /// Changes every parameter and buffer.
  static void disturb(Layer& layer) {
    for_each_state(layer, [](const Path&, Tensor& x) { x = detach(x * Real(0.75) + Real(0.125)); });
  }

  /// The output, and the gradients of a weighted sum of it by the input and the parameters.
  std::vector<Tensor> output_and_gradients(const Tensor& x, bool training) const {
    Layer layer = layer_;
    std::vector<Tensor> all(by_input_ ? 1 : 0, x);
    for_each_parameter(layer, [&](const Path&, Tensor& p) { all.push_back(p = detach(p)); });
    Tape tape(all);
    const Tensor y = call(layer, x, training);
    Rng rng{.seed = 23};
    const Tensor weight = normal(y.shape(), rng);
    all = tape.knows(y) ? tape.gradient(sum(y * weight)) : std::vector<Tensor>{};
    all.insert(all.begin(), y);
    return all;
  }

  std::string modes() const { return modes_.size() == 1 ? "in evaluation" : "in evaluation and training"; }

  std::string output_row() {
    const Tensor evaluated = call(Layer(layer_), x_, false), trained = call(Layer(layer_), x_, true);
    for (const Tensor& y : {evaluated, trained})
      for (const Real value : y.values())
        if (!std::isfinite(value)) throw Error(fmt::format("the output holds {}", value));
    if (!same_bits(evaluated, trained)) modes_ = {false, true};
    return fmt::format("{} -> {}, {} numbers in parameters; {}", x_.shape(), evaluated.shape(), count(layer_),
                       modes_.size() == 1 ? "the same in training" : "another in training");
  }

  std::string check_gradient(int order) {
    GradcheckOptions options{.order = order, .elements = 16, .retries = 3};
    std::vector<Tensor> inputs;
    if (by_input_) {
      inputs.push_back(x_);
      options.names.push_back("the input");
    }
    for_each_parameter(layer_, [&](const Path& path, Tensor& x) {
      inputs.push_back(detach(x));
      options.names.push_back(fmt::format("\"{}\"", path.text()));
    });
    const std::size_t parameters = inputs.size() - by_input_;
    if (inputs.empty()) throw NotChecked("there is nothing to differentiate by");
    options.names.push_back("the gradient of the output");
    double worst = 0;
    std::int64_t unclear = 0;
    for (const bool training : modes_) {
      const auto f = [&](std::span<const Tensor> in) {
        Layer layer = layer_;
        std::size_t i = by_input_;
        for_each_parameter(layer, [&](const Path&, Tensor& x) { x = in[i++]; });
        return call(layer, by_input_ ? in[0] : x_, training);
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
    return fmt::format("by {}{}, {}: the worst is {:.2g} of what is allowed{}", by_input_ ? "the input and " : "",
                       counted(parameters, "parameter"), modes(), worst, more);
  }
  std::string gradient_row() { return check_gradient(1); }
  std::string second_gradient_row() { return check_gradient(2); }

  std::string members_row() {
    std::vector<std::string> gaps;
    find_unlisted(layer_, Path{}, gaps);
    if (!gaps.empty()) throw Error(fmt::format("{}", fmt::join(gaps, "; ")));
    const std::size_t optimised = parameters(layer_).size();  // none of them twice
    return fmt::format("{} and {}, and nothing that is not listed", counted(optimised, "parameter"),
                       counted(begin_.size() - optimised, "buffer"));
  }

  std::string save_row() {
    Layer saved = layer_;
    for (int i = 0; i < 2; ++i) call(saved, x_, true);
    disturb(saved);
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.path / "layer.safetensors";
    save_checkpoint(file, {.tensors = state(saved), .metadata = {}});
    Layer loaded = layer_;
    load_state(loaded, load_checkpoint(file).tensors);
    expect_same(call(loaded, x_, false), call(saved, x_, false),
                "what is loaded gives another output than what was saved: it depends on something that is not listed");
    return fmt::format("{} in {} bytes", counted(begin_.size(), "tensor"), std::filesystem::file_size(file));
  }

  std::string copies_row() {
    const Tensor before = call(Layer(layer_), x_, false);
    Layer copy = layer_;
    disturb(copy);
    call(copy, x_, true);
    expect_same(call(Layer(layer_), x_, false), before, "changing a copy changes the original");
    return "changing or training a copy leaves the original as it was";
  }

  std::string state_row() {
    const Layer layer = layer_;
    const auto unchanged = [&](const std::map<std::string, Tensor>& before, bool training) {
      for (const auto& [name, x] : state(layer))
        if (!training || std::ranges::count(optimised_names(layer), name))
          expect_same(before.contains(name) ? before.at(name) : Tensor(), x,
                      fmt::format("a call in {} changes \"{}\"", mode_name(training), name));
    };
    for (const bool training : {false, true}) {
      const std::map<std::string, Tensor> before = state(layer);
      call(layer, x_, training);
      unchanged(before, training);
    }
    return "calls change no parameter, and in evaluation no buffer";
  }

  static std::vector<std::string> optimised_names(const Layer& layer) {
    std::vector<std::string> names;
    for_each_parameter(const_cast<Layer&>(layer), [&](const Path& path, Tensor&) { names.push_back(path.text()); });
    return names;
  }

  std::string repetition_row() {
    for (const bool training : modes_) {
      Layer layer = layer_;
      const std::map<std::string, Tensor> begin = state(layer);
      const Tensor first = call(layer, x_, training);
      for (int time = 2; time <= 4; ++time) {
        load_state(layer, begin);  // running statistics
        expect_same(call(layer, x_, training), first,
                    fmt::format("in {}, call {} gives another output than call 1", mode_name(training), time));
      }
    }
    return fmt::format("four calls give the same bits, {}", modes());
  }

  std::string tape_row() {
    for (const bool training : modes_)
      expect_same(output_and_gradients(x_, training)[0], call(Layer(layer_), x_, training),
                  fmt::format("in {}, with and without a tape", mode_name(training)));
    return fmt::format("the same bits with and without, {}", modes());
  }

  std::string batch_row() {
    Tensor x = x_;
    if (x.rank() == 0) throw NotChecked("the input has no batch axis");
    if (x.shape()[0] == 1 && by_input_) x = concat({x, x * Real(-0.5), x + 1}, 0);
    const std::int64_t n = x.shape()[0];
    if (n < 2) throw NotChecked("there are no neighbours: give an input of two samples or more");
    Rng rng{.seed = 17};
    Context context{.training = false, .rng = rng};
    const Tensor y = Layer(layer_)(x, context);
    if (rng.counter > 0) throw NotChecked("it draws in evaluation: what a sample gets depends on where it stands");
    if (y.rank() == 0 || y.shape()[0] != n) throw NotChecked(fmt::format("the output {} has no batch axis", y.shape()));
    Real largest = 0;
    for (const Real value : y.values()) largest = std::max(largest, std::abs(value));
    const std::int64_t step = ceil_div(n - 1, kMostSamples - 1);
    for (std::int64_t next = 0; next < n - 1 + step; next += step) {
      const std::int64_t i = std::min(next, n - 1);
      const Tensor alone = slice(x, 0, i, i + 1), own = slice(y, 0, i, i + 1);
      const Tensor among_equals = concat(std::vector<Tensor>(n, alone), 0);
      expect_same(slice(call(Layer(layer_), among_equals, false), 0, i, i + 1), own,
                  fmt::format("sample {} gives another output among other neighbours", i));
      const Tensor by_itself = call(Layer(layer_), alone, false);
      check(by_itself.shape() == own.shape(), "an input of {}, one sample, gives {}", alone.shape(), by_itself.shape());
      for (const Real off : abs(by_itself - own).values())  // a matrix of one row is multiplied in another order
        check(off <= 64 * std::numeric_limits<Real>::epsilon() * largest,
              "sample {} alone gives an output that is off by {} from the one in a batch of {}", i, off, n);
    }
    return fmt::format("{} of {} samples give the same among others and alone", (n - 1 + step - 1) / step + 1, n);
  }

  std::string threads_row() {
    // As many samples as make several threads work, if there is a batch axis, and half a second is enough.
    Tensor x = x_;
    if (x.rank() > 0 && x.numel() > 0) {
      const std::int64_t wanted = (1 << 17) / x.numel(), affordable = std::llround(0.05 / seconds_per_step());
      x = concat(std::vector<Tensor>(std::max(std::min(wanted, affordable), std::int64_t{1}), x), 0);
    }
    for (const bool training : modes_) {
      set_threads(1);
      const std::vector<Tensor> alone = output_and_gradients(x, training);
      for (const int count : {2, 3, 5}) {
        set_threads(count);
        const std::vector<Tensor> together = output_and_gradients(x, training);
        for (std::size_t i = 0; i < alone.size(); ++i)
          expect_same(together[i], alone[i],
                      fmt::format("in {}, {} with {} threads and with one", mode_name(training),
                                  i == 0 ? "the output" : "a gradient", count));
      }
    }
    return fmt::format("the same bits with 1, 2, 3 and 5 threads, for an input of {}", x.shape());
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
  double seconds_per_step() const {
    return seconds([&] { output_and_gradients(x_, true); });
  }

  std::string time_row() {
    const Layer layer = layer_;
    const double forward = seconds([&] { call(layer, x_, false); });
    return fmt::format("forward {:.1f} µs, forward and backward {:.1f} µs, on {}", forward * 1e6,
                       seconds_per_step() * 1e6, counted(threads(), "thread"));
  }

  static constexpr std::int64_t kMostSamples = 16;

  const int threads_ = threads();
  Layer layer_;
  Tensor x_;
  bool by_input_;
  std::vector<Tensor> begin_;       // its parameters and buffers
  std::vector<bool> modes_{false};  // those in which the outputs differ: evaluation, training
  Audit audit_;
};

}  // namespace

bool Audit::passed() const { return std::ranges::all_of(rows, &AuditRow::passed); }

const AuditRow& Audit::operator[](std::string_view name) const {
  const auto found = std::ranges::find(rows, name, &AuditRow::name);
  check(found != rows.end(), "[audit] there is no row \"{}\"", name);
  return *found;
}

std::string Audit::text() const {
  std::string text;
  for (const AuditRow& row : rows)
    text += fmt::format("{:<16}  {:<7} {}\n", row.name, !row.checked ? "-" : row.passed ? "ok" : "FAILED", row.detail);
  const auto failed = std::ranges::count(rows, false, &AuditRow::passed);
  const auto open = std::ranges::count(rows, false, &AuditRow::checked);
  return text + fmt::format("{} passed, {} failed, {} could not be checked\n", rows.size() - failed - open, failed, open);
}

Audit audit_layer(const Layer& layer, const Tensor& input, const AuditOptions& options) {
  Audit audit = Auditor(layer, detach(input), options.by_input).run();
  if (options.print) fmt::print("{}", audit.text());
  return audit;
}

Audit audit_layer(const Layer& layer, const Shape& input, const AuditOptions& options) {
  Rng rng{.seed = 11};
  return audit_layer(layer, normal(input, rng), options);
}

}  // namespace gradus::inline GRADUS_FLAVOUR
