// Explain: look inside one step.
//
//   Explain look(parameter_names(vae));           // from here on, this thread's tapes are looked at
//   Tape tape(parameters(vae));
//   const Tensor loss = …;
//   look.name("log-likelihood", log_likelihood);  // as you like
//   const auto gradients = tape.gradient(loss);
//   fmt::print("{}", look.text());
//
// It keeps summaries, never tensors, so what lives and what is computed is the same as without it, to the bit. The text
// has a row per node of the tape: the op as it was called, the root mean square of its value and of d loss / d value,
// the time of the op and of its VJPs, and the bytes that went when these were destroyed. page() is the same as a page
// to click through, one file that needs no network; dot() is for Graphviz.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <unordered_map>

#include "autograd/tape_observer.h"

namespace GRADUS {

/// What Explain keeps of a tensor.
struct Summary {
  static constexpr int kBins = 24;
  std::int64_t count = 0, not_finite = 0;
  double rms = 0, low = 0, high = 0;            // root mean square (NaN where a number is); the range of what is finite
  std::array<std::int64_t, kBins> histogram{};  // of what is finite, from low to high
};
Summary summarize(const Tensor& x);

struct ExplainedEdge {
  int node;                         // negative: a constant
  std::string constant;             // its name, or its shape
  bool differentiable = false;      // a VJP was written for it
  bool ran = false, added = false;  // the VJP has run; its term was added to one that was there
  double term = 0;                  // the root mean square of what it gave
};
struct ExplainedNode {
  std::string op, name;  // op is empty: watched
  Shape shape;
  std::vector<ExplainedEdge> edges;
  Summary value, gradient;       // gradient.count is 0: none has arrived
  double forward = 0, back = 0;  // µs: since the op before it on any tape; its VJPs together
  std::int64_t frees = 0;        // bytes that its VJPs alone held
  std::int64_t live = -1;        // bytes in tensors when they were gone; -1: the way back did not come here
};
struct ExplainedTape {
  std::vector<ExplainedNode> nodes;
  int loss = -1;                 // where the way back began; -1: it has not
  std::int64_t live = 0;         // bytes in tensors just before
  std::int64_t peak = 0;         // the most that were seen at once
  int not_finite = -1;           // the first node with a value that is not, in order of execution
  int gradient_not_finite = -1;  // the first with such a gradient, on the way back
};

class Explain final : public TapeObserver {
 public:
  /// `names` are those of the tensors that the first tape watches, in order.
  explicit Explain(std::vector<std::string> names = {});
  ~Explain();
  Explain(const Explain&) = delete;
  Explain& operator=(const Explain&) = delete;

  /// What x is called: a constant before the op that takes it; anything on a tape, at any time.
  void name(const std::string& name, const Tensor& x);

  /// In the order in which they began.
  const std::vector<ExplainedTape>& tapes() const { return tapes_; }
  /// The node of the first tape that is x; -1 when there is none.
  int node(const Tensor& x) const;

  std::string text() const;
  std::string page(const std::string& title) const;
  std::string dot() const;
  /// What page() holds: the numbers, and the cells of text() row by row.
  std::string json() const;

  void began(const SeenTape& tape, std::span<const Tensor> watched) override;
  void recorded(const SeenTape& tape, const Tensor& out, std::span<const Argument> arguments) override;
  void arrived(const SeenTape& tape, int node) override;
  void ran(const SeenTape& tape, int node, int edge, const Tensor& term) override;
  void before_freeing(const SeenTape& tape, int node) override;
  void freed(const SeenTape& tape, int node) override;

 private:
  using Clock = std::chrono::steady_clock;
  using Cells = std::array<std::string, 7>;
  ExplainedTape* find(const SeenTape& tape);  // null: it began before we looked
  double since() const;                       // µs
  Cells cells(const ExplainedTape& tape, std::size_t node) const;
  std::vector<std::string> footer(const ExplainedTape& tape) const;
  std::string call(const ExplainedTape& tape, std::size_t node) const;

  TapeObserver* outer_;
  std::vector<std::string> names_;
  std::vector<ExplainedTape> tapes_;
  std::unordered_map<const void*, std::size_t> index_;
  std::vector<std::unordered_map<std::uint64_t, int>> nodes_;  // of each tape, by id
  std::unordered_map<std::uint64_t, std::string> called_;      // by id
  std::vector<std::pair<std::string, std::uint64_t>> terms_;   // what was named, in order
  Clock::time_point mark_;
  std::int64_t before_ = 0;
};

}  // namespace GRADUS
