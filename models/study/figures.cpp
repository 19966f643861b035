// The pictures of the course: ./run course draws them into models/study/figures/, and a test compares the bytes.
#include <cmath>

#include "autograd/explain.h"
#include "autograd/ops.h"
#include "models/study/gallery.h"
#include "models/study/problems.h"
#include "models/study/svg.h"
#include "tensor/storage.h"

using namespace gradus;
using study::Svg;

static float bend(float x) { return x / (1 + x * x); }
static double error(float h) {  // of its slope at 0.3, as in lesson 1
  const float x = 0.3F;
  const double right = (1 - 0.3 * 0.3) / ((1 + 0.3 * 0.3) * (1 + 0.3 * 0.3));
  return std::abs(static_cast<double>((bend(x + h) - bend(x - h)) / (2 * h)) - right);
}
static void error_against_h(const std::string& folder) {
  Svg svg(520, 330, "The error of a finite difference against h");
  const auto across = [](double h) { return 70 + 60 * (std::log10(h) + 7.5); };
  const auto down = [](double e) { return 40 - 42 * (std::log10(e) + 1); };
  for (int p = -7; p <= -1; ++p)
    svg.line(across(std::pow(10, p)), 40, across(std::pow(10, p)), 270, "#eee")
        .text(across(std::pow(10, p)), 290, fmt::format("1e{}", p), "s m");
  for (int p = -6; p <= -1; ++p)
    svg.line(70, down(std::pow(10, p)), 490, down(std::pow(10, p)), "#eee")
        .text(62, down(std::pow(10, p)) + 4, fmt::format("1e{}", p), "s e");
  double x = 0, y = 0;
  for (int i = 0; i <= 24; ++i) {
    const float h = std::ldexp(0.125F, -i);  // a power of two, so that x + h - x is not rounded again
    if (h < 5e-8F || error(h) == 0) continue;
    if (x > 0) svg.line(x, y, across(h), down(error(h)), "#b5442a");
    svg.dot(x = across(h), y = down(error(h)));
  }
  svg.text(280, 312, "h", "m").text(70, 24, "error of the slope of x / (1 + x²) at 0.3, in float");
  svg.text(488, 200, "the function bends", "s e").text(175, 60, "rounding", "s m");
  svg.save(folder + "/error.svg");
}

static void diamond(const std::string& folder) {
  Svg svg(640, 230, "c = b + b, b = a + a: the derivative of c by a in four ways");
  const struct {
    const char *name, *at_b, *at_a;
    bool right;
  } ways[] = {{"in order", "2", "4", true},
              {"at once", "1, then 2", "2 + 4 = 6", false},
              {"overwriting", "1", "1", false},
              {"every path", "1 + 1", "1 + 1 + 1 + 1", true}};
  for (int i = 0; i < 4; ++i) {
    const double x = 80 + 160 * i;
    svg.text(x, 28, ways[i].name, "m");
    for (int n = 0; n < 3; ++n)
      svg.box(x - 16, 45 + 65 * n, 32, 26).text(x, 63 + 65 * n, std::string(1, "cba"[n]), "m");
    for (int n = 0; n < 2; ++n)
      svg.bent(x - 8, 71 + 65 * n, x - 22, 90 + 65 * n, x - 8, 109 + 65 * n)
          .bent(x + 8, 71 + 65 * n, x + 22, 90 + 65 * n, x + 8, 109 + 65 * n);
    svg.text(x + 22, 63, "1", "s").text(x + 22, 128, ways[i].at_b, "s").text(x, 222, ways[i].at_a, "m");
    if (!ways[i].right) svg.line(x - 45, 217, x + 45, 217, "#b5442a", 2);
  }
  svg.save(folder + "/diamond.svg");
}

static void strides(const std::string& folder) {
  Svg svg(680, 220, "A broadcast has stride 0, and its way back is a sum");
  svg.text(20, 30, "bias (3)").text(230, 30, "repeated to (2, 3): strides 0, 1").text(20, 140, "d loss / d bias");
  svg.text(230, 140, "d loss / d repeated");
  for (int column = 0; column < 3; ++column) {
    const double at = 20 + 44 * column, right = 230 + 44 * column;
    svg.box(at, 44, 44, 28).text(at + 22, 63, std::to_string(10 * (column + 1)), "m");
    svg.box(at, 154, 44, 28).text(at + 22, 173, "g + h", "m");
    for (int row = 0; row < 2; ++row) {
      svg.box(right, 44 + 28 * row, 44, 28, row ? "#fff" : "#f3efe6")
          .text(right + 22, 63 + 28 * row, std::to_string(10 * (column + 1)), "m");
      svg.box(right, 154 + 28 * row, 44, 28).text(right + 22, 173 + 28 * row, row ? "h" : "g", "m");
    }
  }
  svg.arrow(156, 58, 226, 58)
      .arrow(226, 182, 156, 168)
      .text(380, 92, "the second row is no copy: the same numbers again", "s");
  svg.text(380, 200, "both rows come back, and are added up", "s").save(folder + "/strides.svg");
}

static void modes(const std::string& folder) {
  Svg svg(640, 200, "Duals inside an op, the tape between ops");
  const char* ops[] = {"linear", "silu", "linear", "sum"};
  for (int i = 0; i < 4; ++i) {
    const double x = 30 + 155 * i;
    svg.box(x, 70, 110, 60).text(x + 55, i == 1 ? 92 : 105, ops[i], "m");
    if (i == 1) svg.text(x + 55, 116, "v + d·ε", "s m");
    if (i < 3) svg.arrow(x + 112, 88, x + 152, 88).arrow(x + 152, 114, x + 112, 114, "#b5442a");
  }
  svg.text(30, 40, "forward: values, written down as they are computed");
  svg.text(610, 170, "back: d loss / d value, one VJP after the other", "e").save(folder + "/modes.svg");
}

static void path(const std::string& folder) {
  Svg svg(600, 190, "A draw with and without a path to its parameters");
  for (int i = 0; i < 2; ++i) {
    const double x = 300 * i;
    svg.text(x + 150, 26, i ? "sample: z ~ N(μ, σ²)" : "rsample: z = μ + σ·ε", "m");
    svg.box(x + 30, 120, 50, 30).text(x + 55, 140, "μ", "m").box(x + 100, 120, 50, 30).text(x + 125, 140, "σ", "m");
    svg.box(x + 200, 120, 50, 30, "#fff")
        .text(x + 225, 140, "ε", "m")
        .box(x + 105, 50, 80, 30)
        .text(x + 145, 70, "z", "m");
    if (i == 0) svg.arrow(x + 130, 82, x + 62, 118, "#b5442a").arrow(x + 142, 82, x + 128, 118, "#b5442a");
    svg.text(x + 150, 176, i ? "no way back: μ and σ learn nothing" : "the gradient passes to μ and σ; ε is a constant",
             "s m");
  }
  svg.save(folder + "/path.svg");
}

// What lives in tensors over one step: up while the tape is written, down as the VJPs go.
static void live_bytes(const std::string& folder) {
  Explain look;
  const study::Small net = study::small(1);
  const Tensor x = study::patterns();
  Rng rng{.seed = 2};
  Tape tape(parameters(net));
  const std::int64_t start = pool_statistics().live_bytes;
  std::vector<double> live;
  {
    const auto [log_likelihood, kl] = study::terms(net, x, study::Draw::rsample, rng);
    const Tensor loss = mean(kl - log_likelihood);
    tape.gradient(loss);
  }
  const ExplainedTape& seen = look.tapes()[0];
  std::vector<std::string> names;
  for (std::size_t n = seen.nodes.size(); n-- > 0;)
    if (seen.nodes[n].live >= 0) {
      live.push_back(static_cast<double>(seen.nodes[n].live - start) / 1024);
      names.push_back(seen.nodes[n].op);
    }
  Svg svg(680, 340, "Live bytes on the way back of one step");
  const double top = static_cast<double>(seen.live - start) / 1024;
  svg.text(20, 26, "KiB in tensors on the way back through a small VAE, after each op's VJPs have gone");
  for (std::size_t i = 0; i <= live.size(); ++i) {
    const double at = i == 0 ? top : live[i - 1], height = 150 * at / top;
    const double left = 20 + 640.0 * static_cast<double>(i) / static_cast<double>(live.size() + 1);
    svg.box(left, 220 - height, 640.0 / static_cast<double>(live.size() + 1) - 4, height, i ? "#e0a08f" : "#b5442a");
    svg.text(left + 14, 214 - height, fmt::format("{:.0f}", at), "s m");
    svg.turned(left + 6, 232, i ? names[i - 1] : "before", "s");
  }
  svg.save(folder + "/live_bytes.svg");
}

static void matrix(const std::string& folder) {
  const auto bugs = study::exhibits();
  Svg svg(720, 150 + 22 * static_cast<int>(bugs.size()), "Which check sees which bug");
  for (std::size_t c = 0; c < study::kChecks.size(); ++c)
    svg.turned(330 + 42.0 * static_cast<double>(c), 118, study::kChecks[c], "", -60);
  for (std::size_t row = 0; row < bugs.size(); ++row) {
    const double y = 130 + 22.0 * static_cast<double>(row);
    svg.text(310, y + 15, bugs[row].name, "e");
    const auto found = study::examine(bugs[row].bug);
    for (std::size_t c = 0; c < found.size(); ++c) {
      const study::Verdict verdict = found[c].verdict;
      svg.box(320 + 42.0 * static_cast<double>(c), y, 40, 20,
              verdict == study::Verdict::caught   ? "#b5442a"
              : verdict == study::Verdict::passes ? "#d9d2c2"
                                                  : "#fff");
    }
  }
  svg.text(330, 145 + 22.0 * static_cast<double>(bugs.size()), "red: seen; grey: passes; white: does not apply", "s");
  svg.save(folder + "/matrix.svg");
}

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : STUDY_FIGURES;
  error_against_h(folder), diamond(folder), strides(folder), modes(folder), path(folder), live_bytes(folder),
      matrix(folder);
}
