// After this lesson you can find the commonest silent mistake in a VAE, by looking at the tape.
//
// Two VAEs are trained below that differ in one letter: one draws its codes by rsample, the other by sample. Both run,
// both losses fall, and no gradient is wrong. Data: 64 patterns of 16 bits, made by 4 hidden bits. After 600 steps:
//
//   | rsample   loss 5.9   KL 3.5
//   | sample    loss 11.0   KL 0.0
//
// The KL divergence says how much the codes tell about x, in nats; at 0 they tell nothing, q(z|x) is the prior, and the
// decoder makes the average of all data whatever it is given (the posterior has collapsed). Why: with `sample` the code
// is a constant to the tape. The only thing that still reaches the encoder is the KL term, and what lowers KL is to say
// nothing. The listing shows it. With rsample:
//
//   |   reparameterize is on the tape; from the log-likelihood back to the encoder there is a path
//
// and with sample:
//
//   |   reparameterize is not on the tape; from the log-likelihood back to the encoder there is no path
//
// Exercise: of three tapes one is of the broken kind. Write `reaches`, which finds out from the list alone.
#include "autograd/explain.h"
#include "models/study/lesson.h"
#include "models/study/problems.h"
#include "nn/optim.h"
#include "nn/state.h"

// A line of a tape: an op with the earlier lines that it uses, or a parameter, which uses none.
struct Line {
  std::string name;
  std::vector<int> uses;
};
#include ANSWER

static void show() {
  const Tensor x = patterns();
  std::string paths[2];
  for (const Draw draw : {Draw::rsample, Draw::sample}) {
    Small net = small(13);
    Rng rng{.seed = 14};
    Optimizer optimizer(Adam{.lr = 1e-2});
    for (int step = 1; step <= 600; ++step) {
      Explain look(parameter_names(net));
      Tape tape(parameters(net));
      const auto [log_likelihood, kl] = terms(net, x, draw, rng);
      const Tensor loss = mean(kl - log_likelihood);
      const bool reparameterized = tape.listing().find("reparameterize") != std::string::npos;
      look.name("the log-likelihood", log_likelihood);
      optimizer.step(net, tape.gradient(loss));
      if (step < 600) continue;
      fmt::print("{:<9} loss {:.1f}   KL {:.1f}\n", draw == Draw::rsample ? "rsample" : "sample", loss.item(),
                 mean(kl).item());
      const bool path = look.text().find("no path") == std::string::npos;
      paths[draw == Draw::rsample] = fmt::format(
          "  reparameterize is{} on the tape; from the log-likelihood back to the encoder there is {} path\n",
          reparameterized ? "" : " not", path ? "a" : "no");
    }
  }
  fmt::print("{}{}", paths[1], paths[0]);
}

static void check() {
  for (int kind = 0; kind < 3; ++kind) {
    const Small net = small(20 + kind);
    Rng rng{.seed = 21};
    Explain look(parameter_names(net));
    Tape tape(parameters(net));
    const Terms t = terms(net, patterns(), kind == 1 ? Draw::sample : Draw::rsample, rng);
    std::vector<Line> lines;
    for (const ExplainedNode& node : look.tapes()[0].nodes) {
      Line& line = lines.emplace_back(Line{node.op.empty() ? node.name : node.op, {}});
      for (const ExplainedEdge& edge : node.edges)
        if (edge.node >= 0) line.uses.push_back(edge.node);
    }
    const int from = look.node(t.log_likelihood);
    expect(reaches(lines, from, "decoder."), "on tape {} the log-likelihood does reach the decoder", kind + 1);
    expect(reaches(lines, from, "encoder.") == (kind != 1),
           "on tape {} there is {} path from the log-likelihood to the encoder", kind + 1, kind == 1 ? "no" : "a");
    expect(reaches(lines, look.node(t.kl), "encoder."), "on tape {} KL does reach the encoder", kind + 1);
  }
}

int main(int argc, char** argv) {
  return run({13, "One letter", show,
              "As in lesson 2: mark line `from`, then go down from it to line 0, and mark what a marked line "
              "uses. A marked line whose name\nbegins with the prefix (name.starts_with(prefix)) is the answer.",
              check},
             argc, argv);
}
