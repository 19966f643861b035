#include "autograd/tape.h"

#include <cstddef>
#include <cstdio>
#include <optional>

#include "autograd/op.h"
#include "autograd/ops.h"
#include "tensor/map.h"

namespace gradus::inline GRADUS_FLAVOUR {

static thread_local Scope* innermost = nullptr;

void Scope::link(bool wall) {
  wall_ = wall;
  outer_ = innermost;
  innermost = this;
  linked_ = true;
}

void Scope::unlink() {
  if (!linked_) return;
  Scope** at = &innermost;
  while (*at != this) at = &(*at)->outer_;
  *at = outer_;
  linked_ = false;
}

bool Scope::recording() { return innermost && !innermost->wall_; }

// ----- the memory of a tape ------------------------------------------------------------------------------------

namespace {

// Blocks of bytes that are handed out one after the other and forgotten all at once.
class Arena {
 public:
  void* take(std::size_t bytes) {
    bytes = (bytes + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);
    while (block_ < blocks_.size() && used_ + bytes > blocks_[block_].size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      const std::size_t size = std::max<std::size_t>(bytes, std::size_t{1} << 16);
      blocks_.push_back({std::make_unique<std::byte[]>(size), size});
    }
    return blocks_[block_].bytes.get() + std::exchange(used_, used_ + bytes);
  }
  void clear() { block_ = used_ = 0; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
};

// id -> node: a flat table with linear probing. Ids start at 1, so 0 marks a free slot.
class IdTable {
 public:
  int find(std::uint64_t id) const {
    if (slots_.empty()) return -1;
    for (std::size_t i = slot(id);; i = (i + 1) & mask()) {
      if (slots_[i].id == id) return slots_[i].node;
      if (slots_[i].id == 0) return -1;
    }
  }
  void insert(std::uint64_t id, int node) {
    if (2 * ++count_ > slots_.size()) grow();
    put(id, node);
  }
  void clear() {
    std::fill(slots_.begin(), slots_.end(), Slot{});
    count_ = 0;
  }

 private:
  struct Slot {
    std::uint64_t id = 0;
    int node = 0;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t slot(std::uint64_t id) const { return (id * 0x9E3779B97F4A7C15u >> 32) & mask(); }
  void put(std::uint64_t id, int node) {
    std::size_t i = slot(id);
    while (slots_[i].id != 0) i = (i + 1) & mask();
    slots_[i] = {id, node};
  }
  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(64, 2 * slots_.size()));
    old.swap(slots_);
    for (const Slot& s : old)
      if (s.id != 0) put(s.id, s.node);
  }
  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

struct Edge {  // one argument of one op
  int node;    // the node that computed it; negative: not on this tape, its shape is constants[-1 - node]
  Vjp* vjp;    // in the arena; null when there is no derivative or it has run
};

struct Node {
  const char* op;  // null: watched from the start
  Shape shape;
  int first_edge;
  int edges;
  std::optional<Tensor> gradient;
};

}  // namespace

struct Tape::Memory {
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::vector<Shape> constants;
  IdTable ids;
  Arena arena;

  void clear() {
    for (const Edge& edge : edges)
      if (edge.vjp) edge.vjp->~Vjp();
    nodes.clear();
    edges.clear();
    constants.clear();
    ids.clear();
    arena.clear();
  }

  // Tapes of one thread hand their memory on, so a training loop asks for it once.
  static std::vector<std::unique_ptr<Memory>>& spare() {
    thread_local std::vector<std::unique_ptr<Memory>> spare;
    return spare;
  }
};

void Tape::Recycle::operator()(Memory* memory) const noexcept {
  std::unique_ptr<Memory> owner(memory);
  memory->clear();
  try {
    Memory::spare().push_back(std::move(owner));
  } catch (const std::bad_alloc&) {  // no room to keep it: it is simply freed
  }
}

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
  link(false);
}

Tape::Memory& Tape::memory() const {
  check(memory_ != nullptr, "[tape] this tape is spent\nhelp: gradient() consumes its tape; make a new one for each gradient");
  return *memory_;
}

// ----- recording -----------------------------------------------------------------------------------------------

class Recorder {
 public:
  /// Calls visit(memory) for every active tape, innermost first, until it returns false.
  template <class Visit>
  static void active(Visit&& visit) {
    for (Scope* scope = innermost; scope && !scope->wall_; scope = scope->outer_)
      if (!visit(*static_cast<Tape*>(scope)->memory_)) return;
  }

  static void write(Tape::Memory& m, const char* op, const Tensor& out, std::span<const Argument> arguments) {
    check(m.ids.find(out.id()) < 0,
          "[{}] the output is a tensor that the tape knows already\nhelp: an op returns a new tensor; use detach(x) "
          "for the same numbers under a new id",
          op);
    const int first_edge = static_cast<int>(m.edges.size());
    for (const Argument& argument : arguments) {
      const int node = m.ids.find(argument.x.id());
      if (node < 0) {
        m.constants.push_back(argument.x.shape());
        m.edges.push_back({-static_cast<int>(m.constants.size()), nullptr});
      } else {
        m.edges.push_back({node, nullptr});
        if (argument.vjp) m.edges.back().vjp = argument.construct(m.arena.take(argument.bytes), argument.vjp);
      }
    }
    m.ids.insert(out.id(), static_cast<int>(m.nodes.size()));
    m.nodes.push_back({op, out.shape(), first_edge, static_cast<int>(arguments.size()), {}});
  }

  static bool differentiable(const Tape::Memory& m, std::span<const Argument> arguments) {
    for (const Argument& argument : arguments)
      if (argument.vjp && m.ids.find(argument.x.id()) >= 0) return true;
    return false;
  }

  static bool knows(const Tape::Memory& m, const Tensor& x) { return m.ids.find(x.id()) >= 0; }
};

Tensor record(const char* op, const Tensor& out, std::span<const Argument> arguments) {
  Recorder::active([&](auto& memory) {
    if (Recorder::differentiable(memory, arguments)) Recorder::write(memory, op, out, arguments);
    return true;
  });
  return out;
}

bool tracked(const Tensor& x) {
  bool found = false;
  Recorder::active([&](auto& memory) {
    found = Recorder::knows(memory, x);
    return !found;
  });
  return found;
}

// ----- the way back --------------------------------------------------------------------------------------------

// Runs the VJPs of the nodes between the loss and `target`; the gradients end up in the nodes that are returned.
Tape::Owner Tape::walk_back(const Tensor& loss, int target) {
  const int last = memory().ids.find(loss.id());
  check(last >= 0,
        "[gradient] the loss depends on nothing that this tape watches\nhelp: compute it while the tape is alive and "
        "not paused, from the very tensors given to the tape; writing to a tensor, as an optimiser's step does, makes "
        "it a new one, so take parameters(module) afresh for each tape");
  check(loss.numel() == 1,
        "[gradient] the loss has shape {}, but must be one number\nhelp: did you forget mean() or sum()?", loss.shape());
  unlink();
  Owner owner = std::move(memory_);
  std::vector<Node>& nodes = owner->nodes;
  nodes[last].gradient = full(loss.shape(), 1);
  for (int n = last; n > target; --n) {
    Node& node = nodes[n];
    if (!node.gradient || !node.op) continue;
    const Tensor g = *std::exchange(node.gradient, std::nullopt);
    for (int e = node.first_edge; e < node.first_edge + node.edges; ++e) {
      Edge& edge = owner->edges[e];
      if (!edge.vjp) continue;
      if (edge.node >= target) {
        Tensor term = (*edge.vjp)(g);
        Node& input = nodes[edge.node];
        check(term.shape() == input.shape, "[{}] the VJP of argument {} gave shape {} for an argument of shape {}",
              node.op, e - node.first_edge, term.shape(), input.shape);
        if (!input.gradient) {
          input.gradient = std::move(term);
        } else if (recording()) {
          input.gradient = *input.gradient + term;
        } else {  // nobody watches: add in place
          const View sum = input.gradient->write();
          kernel::map([](Batch a, Batch b) { return a + b; }, sum, {sum, term.view()});
        }
      }
      std::exchange(edge.vjp, nullptr)->~Vjp();
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
        "[gradient] this tape does not know the tensor of shape {} to differentiate by\nhelp: it must be watched by the "
        "tape or computed from what is",
        x.shape());
  const Owner owner = walk_back(loss, target);
  const Node& node = owner->nodes[target];
  return node.gradient ? *node.gradient : zeros(node.shape);
}

// ----- for the reader ------------------------------------------------------------------------------------------

std::string Tape::listing() const {
  std::string out;
  for (std::size_t n = 0; n < memory().nodes.size(); ++n) {
    const Node& node = memory_->nodes[n];
    out += fmt::format("v{} = ", n);
    if (node.op) {
      out += fmt::format("{}(", node.op);
      for (int e = 0; e < node.edges; ++e) {
        const int from = memory_->edges[node.first_edge + e].node;
        out += fmt::format("{}{}", e ? ", " : "",
                           from < 0 ? to_string(memory_->constants[-1 - from]) : fmt::format("v{}", from));
      }
      out += ")";
    } else {
      out += "watched";
    }
    out += fmt::format("  {}\n", node.shape);
  }
  return out;
}

void Tape::print() const { std::fputs(listing().c_str(), stdout); }

}  // namespace gradus::inline GRADUS_FLAVOUR
