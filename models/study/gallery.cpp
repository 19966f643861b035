#include "models/study/gallery.h"

#include <cmath>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"

namespace study {

using namespace gradus;

static Finding finding(bool caught, const std::string& number) {
  return {caught ? Verdict::caught : Verdict::passes, caught ? number : ""};
}

static std::string short_number(double x) {
  return std::isnan(x) ? "NaN" : std::abs(x) >= 1000 ? fmt::format("{:.0f}", x) : fmt::format("{:.3g}", x);
}

// The derivative by every input, or the sentence that the tape has for a wrong shape.
static Finding shape_sentence(const Subject::Op& op) {
  try {
    Tape tape(op.inputs);
    tape.gradient(sum(op.f(op.inputs)));
  } catch (const Error& e) {
    return finding(std::string(e.what()).find(" gave shape ") != std::string::npos, "the sentence");
  }
  return {Verdict::passes, ""};
}

static Finding gradients(const Subject::Op& op, int order) {
  if (shape_sentence(op).verdict == Verdict::caught) return {};
  const GradcheckResult result = gradcheck(op.f, op.inputs, {.order = order});
  return finding(!result.passed, fmt::format("order {}", order));
}

static Finding exact_point(const Subject::Point& point) {
  Tape tape(point.x);
  const Tensor y = point.f(point.x);
  const std::vector<Real> slope = tape.gradient(sum(y), point.x).values(), value = y.values();
  for (std::size_t i = 0; i < slope.size(); ++i) {
    const double got = static_cast<double>(slope[i]), right = static_cast<double>(point.slope.values()[i]);
    if (!(std::abs(got - right) <= 1e-5) || !std::isfinite(value[i]))
      return finding(true, fmt::format("slope {} at {}, not {}", short_number(got),
                                       short_number(static_cast<double>(point.x.values()[i])), short_number(right)));
  }
  return {Verdict::passes, ""};
}

static Finding moments(const Subject::Draws& draws) {
  Rng rng{.seed = 5};
  const Tensor z = draws.draw(rng);
  const double m = static_cast<double>(mean(z).item()), v = static_cast<double>(var(z).item());
  const double n = static_cast<double>(z.numel());  // five standard errors, of normal draws
  return finding(!(std::abs(m - draws.mean) <= 5 * std::sqrt(draws.variance / n)) ||
                     !(std::abs(v - draws.variance) <= 5 * draws.variance * std::sqrt(2 / n)),
                 fmt::format("variance {:.1f}, not {:.1f}", v, draws.variance));
}

std::vector<Finding> examine(const Subject& s) {
  std::vector<Finding> found(kChecks.size());
  const auto number = [](const Subject::Number& n, const auto& wrong, const char* than) {
    const double value = n.value();
    return finding(wrong(value, n.right), fmt::format("{} {} {}", short_number(value), than, short_number(n.right)));
  };
  if (s.closed_form)
    found[0] = number(*s.closed_form, [](double a, double b) { return !(std::abs(a - b) <= 1e-6); }, "for");
  if (s.visits) found[1] = number(*s.visits, [](double a, double b) { return !(a <= b); }, "visits for");
  if (s.op) {
    found[2] = shape_sentence(*s.op);
    found[3] = gradients(*s.op, 1);
    found[4] = gradients(*s.op, 2);
  }
  if (s.point) found[5] = exact_point(*s.point);
  if (s.draws) found[6] = moments(*s.draws);
  if (s.bound) found[7] = number(*s.bound, [](double a, double b) { return !(a <= b + 0.01); }, "above log p =");
  if (s.path) found[8] = finding(!s.path(), "no path to the encoder");
  return found;
}

std::string gallery() {
  std::string text = fmt::format("{:<42}", "");
  for (std::size_t c = 0; c < kChecks.size(); ++c) text += fmt::format(" {}", static_cast<char>('a' + c));
  text += "\n";
  for (const Exhibit& exhibit : exhibits()) {
    std::string seen;
    text += fmt::format("{:<42}", exhibit.name);
    for (const Finding& finding : examine(exhibit.bug)) {
      text += finding.verdict == Verdict::caught ? " ✗" : finding.verdict == Verdict::passes ? " ·" : "  ";
      if (seen.empty()) seen = finding.number;
    }
    text += "   " + seen;
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
    for (const Finding& finding : examine(exhibit.twin))
      check(finding.verdict != Verdict::caught, "[gallery] the right twin of \"{}\" is caught: {}", exhibit.name,
            finding.number);
  }
  for (std::size_t c = 0; c < kChecks.size(); ++c)
    text += fmt::format("{}{} {}", c ? ", " : "", static_cast<char>('a' + c), kChecks[c]);
  return text + "\n";
}

}  // namespace study
