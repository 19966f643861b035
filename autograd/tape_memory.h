// The memory of a tape: the list of nodes, the arena of their VJPs, and the table from tensor ids to nodes. Tapes of
// one thread hand it on, so that a training loop asks the system for it once. And the list of those that record, for
// other threads to see.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>

#include "autograd/tape_observer.h"

namespace GRADUS {

/// Blocks of bytes that are handed out one after the other and forgotten all at once.
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

/// id -> node: a flat table with linear probing. What was put in before it was last cleared, in another round, is free:
/// so a short tape after a long one does not have to wipe the long one's table.
///
/// A thread writes its own table. Another one may search it while it holds `moving`, and while the tape records. So a
/// slot is published by its round, which is written last and read first: free of cost on x86.
class IdTable {
 public:
  static inline std::mutex moving;

  int find(std::uint64_t id) const {
    if (slots_.empty()) return -1;
    for (std::size_t i = slot(id); slots_[i].round.load(std::memory_order_acquire) == round_; i = (i + 1) & mask())
      if (slots_[i].id == id) return slots_[i].node;
    return -1;
  }
  void insert(std::uint64_t id, int node) {
    if (2 * ++count_ > slots_.size()) grow();
    put(id, node);
  }
  void clear() {
    count_ = 0;
    if (++round_ != 0) return;
    for (Slot& slot : slots_) slot.round = 0;  // the rounds begin anew
    round_ = 1;
  }

 private:
  struct Slot {
    std::uint64_t id;
    int node;
    std::atomic<std::uint32_t> round;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t slot(std::uint64_t id) const { return (id * 0x9E3779B97F4A7C15u >> 32) & mask(); }
  void put(std::uint64_t id, int node) {
    std::size_t i = slot(id);
    while (slots_[i].round.load(std::memory_order_relaxed) == round_) i = (i + 1) & mask();
    slots_[i].id = id;
    slots_[i].node = node;
    slots_[i].round.store(round_, std::memory_order_release);
  }
  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(64, 2 * slots_.size()));
    const std::lock_guard lock(moving);
    old.swap(slots_);
    for (const Slot& s : old)
      if (s.round == round_) put(s.id, s.node);
  }
  std::vector<Slot> slots_;
  std::uint32_t round_ = 1;
  std::size_t count_ = 0;
};

struct Tape::Memory {
  ~Memory() { leave(); }

  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::vector<Shape> constants;
  IdTable ids;
  Arena arena;
  const void* thread = nullptr;  // in which it records

  static inline std::vector<const Memory*> recording;              // all that do, in any thread; under IdTable::moving
  static inline std::atomic<std::int64_t> recording_anywhere = 0;  // how many they are, and how many in this thread:
  static inline constinit thread_local std::int64_t recording_here = 0;  // where the two agree, there are no others

  SeenTape seen() const { return {this, nodes, edges}; }
  bool knows(const Tensor& x) const { return ids.find(x.id()) >= 0; }
  /// Appends an op with the VJPs of the arguments that are on this tape.
  void write(const char* op, const Tensor& out, std::span<const Argument> arguments, bool last);
  /// Begins and ends to be seen by other threads, as the memory of a tape that records in this one.
  void enter();
  void leave();
  /// Error, in the name of `op`, when a tape that records in another thread knows x, and none in this one does.
  [[gnu::cold]] static void check_here(const char* op, const Tensor& x);
  void clear() {
    leave();
    for (const Edge& edge : edges)
      if (edge.vjp) edge.vjp->~Vjp();
    nodes.clear();
    edges.clear();
    constants.clear();
    ids.clear();
    arena.clear();
  }

  /// What tapes of this thread have left for the next.
  static std::vector<std::unique_ptr<Memory>>& spare() {
    thread_local std::vector<std::unique_ptr<Memory>> spare;
    return spare;
  }
};

}  // namespace GRADUS
