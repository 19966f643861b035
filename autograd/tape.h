// Tape: the record of what was computed, walked backwards to give gradients (reverse mode).
//
//   Tape tape(parameters);                    // from here on, ops on these tensors are written down …
//   const Tensor loss = mean(x * w);
//   const auto gradients = tape.gradient(loss);   // … until here: one gradient per parameter
//
// A tape is a Wengert list: one node per op in the order of execution, each with a vector-Jacobian product (VJP)
// per argument that depends on what is watched. Execution order is already a topological order, so the way back
// is one loop: no sort, no recursion. The list holds ids and shapes, never tensors, so only what a VJP has saved
// stays alive, and each VJP is freed as soon as it has run.
//
// Tapes nest: an op is written on every active tape that watches one of its arguments. `gradient` first unlinks
// its own tape; the ops inside the VJPs therefore land on the other active tapes, which is all there is to
// derivatives of derivatives. A tape belongs to the thread that made it: while it records, ops of other threads on what
// it knows are an Error, but for detached tensors and under a Pause.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tensor/tensor.h"

namespace GRADUS {

struct Argument;  // autograd/op.h
class Vjp;        // autograd/op.h

/// A link in this thread's list of active tapes and pauses, innermost first.
class Scope {
 public:
  Scope(const Scope&) = delete;  // a tape is the scope it stands in: it is neither copied nor moved
  Scope& operator=(const Scope&) = delete;
  static void* operator new(std::size_t) = delete;  // a tape is a local variable: scopes end in reverse order
  static void* operator new[](std::size_t) = delete;

 protected:
  Scope() = default;
  ~Scope() { unlink(); }
  void link(bool wall);
  bool unlink();  // false when another thread has linked it

  /// True when an op of this thread would be offered to a tape.
  static bool recording();

  friend class Tape;
  Scope* outer_ = nullptr;
  bool linked_ = false;
  bool wall_ = false;
};

/// While a Pause lives, no op of this thread is recorded on the tapes outside it.
class Pause : public Scope {
 public:
  Pause() { link(true); }
};

class Tape : public Scope {
 public:
  /// One op of the list: what it is called, what shape it gave, where its edges begin and how many they are.
  struct Node {
    const char* op;  // null: watched from the start
    Shape shape;
    int first_edge;
    int edges;
    std::optional<Tensor> gradient;  // on the way back: what has arrived so far
  };
  /// One argument of one op.
  struct Edge {
    int node;  // the node that computed it; negative: not on this tape, its shape is constants[-1 - node]
    Vjp* vjp;  // in the arena; null when there is no derivative or it has run
  };

  Tape() = delete;  // say what to differentiate by: Tape tape(x)
  /// Starts recording what is computed from the tensors of `watched`.
  explicit Tape(std::span<const Tensor> watched);
  explicit Tape(const Tensor& watched) : Tape(std::span(&watched, 1)) {}

  /// d loss / d watched[i], in the constructor's order, each in its tensor's shape; zeros where the loss does not
  /// depend on it. Error unless `loss` is one number that depends on at least one of them. Ends the recording and
  /// consumes the tape: any later call is an Error.
  std::vector<Tensor> gradient(const Tensor& loss);
  /// d loss / d x for any x that this tape knows, watched or computed. Consumes the tape as well.
  Tensor gradient(const Tensor& loss, const Tensor& x);

  /// True when x is watched by this tape or computed from what is; Error when the tape is spent.
  bool knows(const Tensor& x) const;
  /// One line per node: `v7 = matmul(v3, v5)  (128, 400)`. An argument that nothing watched is shown by its shape, and
  /// what is watched by its name, where there is one: listing(parameter_names(module)).
  std::string listing(std::span<const std::string> names = {}) const;

 private:
  friend Tensor record(const char* op, Tensor out, std::span<const Argument> arguments);
  friend bool tracked(const Tensor& x);
  struct Memory;  // the list, the VJPs and the table of ids
  struct Recycle {
    void operator()(Memory* memory) const noexcept;
  };
  using Owner = std::unique_ptr<Memory, Recycle>;
  template <class Visit>
  static void for_each_active(const Visit& visit);
  static bool others_record();  // in other threads, and this one is not paused
  Memory& memory() const;
  Owner walk_back(const Tensor& loss, int target);

  Owner memory_;  // null once spent
  std::vector<std::uint64_t> watched_;
};

}  // namespace GRADUS
