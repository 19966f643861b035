#include "autograd/tape.h"

#include <algorithm>

#include "autograd/ops.h"
#include "autograd/tape_memory.h"
#include "autograd/tape_observer.h"
#include "tensor/map.h"

namespace GRADUS {

static thread_local Scope* innermost = nullptr;

void Scope::link(bool wall) {
  wall_ = wall;
  outer_ = innermost;
  innermost = this;
  linked_ = true;
}

bool Scope::unlink() {
  if (!linked_) return true;
  Scope** at = &innermost;
  while (*at && *at != this) at = &(*at)->outer_;
  if (!*at) return false;
  *at = outer_;
  linked_ = false;
  return true;
}

bool Scope::recording() { return innermost && !innermost->wall_; }

// ----- a tape's life ------------------------------------------------------------------------------------------

Tape::Tape(std::span<const Tensor> watched) {
  auto& spare = Memory::spare();
  if (spare.empty()) spare.push_back(std::make_unique<Memory>());
  memory_.reset(spare.back().release());
  spare.pop_back();
  watched_.reserve(watched.size());
  for (const Tensor& x : watched) {
    watched_.push_back(x.id());
    if (memory_->ids.find(x.id()) >= 0) continue;
    memory_->ids.insert(x.id(), static_cast<int>(memory_->nodes.size()));
    memory_->nodes.push_back({nullptr, x.shape(), 0, 0, {}});
  }
  memory_->enter();
  link(false);
  if (TapeObserver::here) [[unlikely]]
    TapeObserver::here->began(memory_->seen(), watched);
}

Tape::Memory& Tape::memory() const {
  check(
      memory_ != nullptr,
      "[tape] this tape is spent\nhelp: gradient() consumes its tape; make a new one for each gradient, and take what "
      "else you ask of it, such as listing(), in a statement before: arguments of one call are computed in any order");
  return *memory_;
}

bool Tape::knows(const Tensor& x) const { return memory().knows(x); }

// ----- recording -----------------------------------------------------------------------------------------------

// Calls visit(memory, last) for every active tape, innermost first, until it returns false.
template <class Visit>
void Tape::for_each_active(const Visit& visit) {
  for (Scope* scope = innermost; scope && !scope->wall_; scope = scope->outer_)
    if (!visit(*static_cast<Tape*>(scope)->memory_, !scope->outer_ || scope->outer_->wall_)) return;
}

bool Tape::others_record() {
  return Memory::recording_anywhere.load(std::memory_order_relaxed) != Memory::recording_here &&
         !(innermost && innermost->wall_);
}

void Tape::Memory::write(const char* op, const Tensor& out, std::span<const Argument> arguments, bool last) {
  check(!knows(out),
        "[{}] the output is a tensor that the tape knows already\nhelp: an op returns a new tensor; use detach(x) for "
        "the same numbers under a new id",
        op);
  const int first_edge = static_cast<int>(edges.size());
  for (const Argument& argument : arguments) {
    const int node = ids.find(argument.x.id());
    if (node < 0) {
      constants.push_back(argument.x.shape());
      edges.push_back({-static_cast<int>(constants.size()), nullptr});
    } else {
      edges.push_back({node, nullptr});
      if (argument.vjp) edges.back().vjp = argument.construct(arena.take(argument.bytes), argument.vjp, last);
    }
  }
  ids.insert(out.id(), static_cast<int>(nodes.size()));
  nodes.push_back({op, out.shape(), first_edge, static_cast<int>(arguments.size()), {}});
  if (TapeObserver::here) [[unlikely]]
    TapeObserver::here->recorded(seen(), out, arguments);
}

Tensor record(const char* op, Tensor out, std::span<const Argument> arguments) {
  if (Tape::others_record())
    for (const Argument& argument : arguments) Tape::Memory::check_here(op, argument.x);
  Tape::for_each_active([&](auto& memory, bool last) {
    const auto differentiated = [&](const Argument& argument) { return argument.vjp && memory.knows(argument.x); };
    if (std::ranges::any_of(arguments, differentiated)) memory.write(op, out, arguments, last);
    return true;
  });
  return out;
}

bool tracked(const Tensor& x) {
  if (Tape::others_record()) Tape::Memory::check_here("tape", x);
  bool found = false;
  Tape::for_each_active([&](auto& memory, bool) { return !(found = memory.knows(x)); });
  return found;
}

// ----- the way back --------------------------------------------------------------------------------------------

// Runs the VJPs of the nodes between the loss and `target`; the gradients end up in the nodes that are returned. An
// argument that stands before `target` in the list cannot depend on it, so its VJP is only freed.
Tape::Owner Tape::walk_back(const Tensor& loss, int target) {
  const int last = memory().ids.find(loss.id());
  check(last >= 0,
        "[gradient] the loss depends on nothing that this tape watches\nhelp: compute it while the tape is alive and "
        "not paused, in its thread, from the very tensors given to the tape; writing to a tensor, as an optimiser's "
        "step does, makes it a new one, so take parameters(module) afresh for each tape");
  check(loss.numel() == 1,
        "[gradient] the loss has shape {}, but must be one number\n"
        "help: did you forget mean() or sum()?",
        loss.shape());
  check(unlink(), "[tape] this tape belongs to another thread\nhelp: make it, use it and differentiate in one thread");
  Owner owner = std::move(memory_);
  owner->leave();
  std::vector<Node>& nodes = owner->nodes;
  nodes[last].gradient = full(loss.shape(), 1);  // d loss / d loss
  for (int n = last; n > target; --n) {
    Node& node = nodes[n];
    if (!node.gradient) continue;
    if (TapeObserver::here) [[unlikely]]
      TapeObserver::here->arrived(owner->seen(), n);
    if (!node.op) continue;
    const Tensor g = *std::exchange(node.gradient, std::nullopt);
    for (int e = node.first_edge; e < node.first_edge + node.edges; ++e) {
      Edge& edge = owner->edges[e];
      if (!edge.vjp) continue;
      if (edge.node >= target) {
        Tensor term = (*edge.vjp)(g);
        Node& input = nodes[edge.node];
        check(term.shape() == input.shape, "[{}] the VJP of argument {} gave shape {} for an argument of shape {}",
              node.op, e - node.first_edge, term.shape(), input.shape);
        if (TapeObserver::here) [[unlikely]]
          TapeObserver::here->ran(owner->seen(), n, e, term);
        if (!input.gradient) {
          input.gradient = std::move(term);
        } else if (recording()) {
          input.gradient = *input.gradient + term;
        } else {  // nobody watches: add in place
          const View sum = input.gradient->write();
          kernel::map([](Batch a, Batch b) { return a + b; }, sum, {sum, term.view()});
        }
      }
      if (TapeObserver::here) [[unlikely]]
        TapeObserver::here->before_freeing(owner->seen(), n);
      std::exchange(edge.vjp, nullptr)->~Vjp();
      if (TapeObserver::here) [[unlikely]]
        TapeObserver::here->freed(owner->seen(), n);
    }
  }
  return owner;
}

std::vector<Tensor> Tape::gradient(const Tensor& loss) {
  const Owner owner = walk_back(loss, -1);
  std::vector<Tensor> gradients;
  gradients.reserve(watched_.size());
  for (const std::uint64_t id : watched_) {
    const Node& node = owner->nodes[owner->ids.find(id)];
    gradients.push_back(node.gradient ? *node.gradient : zeros(node.shape));
  }
  return gradients;
}

Tensor Tape::gradient(const Tensor& loss, const Tensor& x) {
  const int target = memory().ids.find(x.id());
  check(target >= 0,
        "[gradient] this tape does not know the tensor of shape {} to differentiate by\nhelp: it must be watched by "
        "the tape or computed from what is",
        x.shape());
  const Owner owner = walk_back(loss, target);
  const Node& node = owner->nodes[target];
  return node.gradient ? *node.gradient : zeros(node.shape);
}

}  // namespace GRADUS
