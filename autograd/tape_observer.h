// TapeObserver: who looks on while the tapes of a thread record and are walked back. The tape calls it where something
// has happened; with nobody looking, each of these places costs the test of one pointer.
#pragma once

#include "autograd/op.h"

namespace GRADUS {

/// A tape as its observer sees it.
struct SeenTape {
  const void* tape;  // which one; another that comes after it may have the same
  const std::vector<Tape::Node>& nodes;
  const std::vector<Tape::Edge>& edges;
};

class TapeObserver {
 public:
  virtual void began(const SeenTape& tape, std::span<const Tensor> watched) = 0;
  /// The last node has been written; its edges still hold their VJPs.
  virtual void recorded(const SeenTape& tape, const Tensor& out, std::span<const Argument> arguments) = 0;
  /// The gradient of this node is complete: node.gradient.
  virtual void arrived(const SeenTape& tape, int node) = 0;
  /// A VJP of this node has run, and `term` is about to be added to the gradient of edges[edge].node.
  virtual void ran(const SeenTape& tape, int node, int edge, const Tensor& term) = 0;
  virtual void before_freeing(const SeenTape& tape, int node) = 0;
  virtual void freed(const SeenTape& tape, int node) = 0;

  static inline constinit thread_local TapeObserver* here = nullptr;

 protected:
  ~TapeObserver() = default;
};

}  // namespace GRADUS
