// Where the numbers live: shared, 64-byte aligned blocks from a global pool.
//
// A training step asks for the same sizes again and again. A block whose last owner goes is kept and handed
// to the next tensor of its size class, so that a warm step takes nothing from the system.
#pragma once

#include <atomic>
#include <utility>

#include "tensor/check.h"

namespace GRADUS {

inline constexpr std::int64_t kAlignment = 64;  // bytes: one cache line, one AVX-512 register

/// A shared handle to a block of numbers. Copying shares the block; it goes back to the pool with its last
/// handle. Any thread may copy and drop handles. The block is readable kAlignment bytes past its end.
class Storage {
 public:
  Storage() = default;
  /// Room for `count` uninitialised numbers (0: no block). Error when that overflows; a std::bad_alloc that says so
  /// in a sentence when the system has no more.
  explicit Storage(std::int64_t count);
  Storage(const Storage& other) noexcept : block_(other.block_) {
    if (block_) block_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  Storage(Storage&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Storage& operator=(Storage other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Storage() {
    if (block_ && block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) give_back(block_);
  }

  Real* data() const { return block_ ? reinterpret_cast<Real*>(block_ + 1) : nullptr; }
  /// True when no other handle looks at this block.
  bool unique() const { return !block_ || block_->owners.load(std::memory_order_acquire) == 1; }

 private:
  friend struct MemoryPool;
  template <class>
  friend struct PoolAllocator;
  struct alignas(kAlignment) Block {  // the numbers follow
    std::atomic<std::int64_t> owners;
    int size_class;
    Block* next;  // in the pool's list of free blocks
  };
  static Block* take(std::int64_t bytes);
  static void give_back(Block* block) noexcept;

  Block* block_ = nullptr;
};

/// For containers whose memory comes from the same pool. Their elements begin uninitialised unless a value is given.
template <class T>
struct PoolAllocator {
  using value_type = T;

  PoolAllocator() = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>&) {}

  T* allocate(std::size_t count) {
    return reinterpret_cast<T*>(Storage::take(checked_mul(static_cast<std::int64_t>(count), sizeof(T))) + 1);
  }
  void deallocate(T* elements, std::size_t) noexcept {
    Storage::give_back(reinterpret_cast<Storage::Block*>(elements) - 1);
  }
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    if constexpr (sizeof...(Args) == 0)
      new (at) U;
    else
      new (at) U(std::forward<Args>(args)...);
  }
  friend bool operator==(const PoolAllocator&, const PoolAllocator&) { return true; }
};

/// What the pool holds and has done, in bytes and counts since the program began.
struct PoolStatistics {
  std::int64_t live_bytes;          // in blocks that somebody owns
  std::int64_t peak_live_bytes;     // the most that was live at once since the start or the last reset
  std::int64_t free_bytes;          // kept for the next tensor
  std::int64_t system_allocations;  // how often the system was asked for a block
};
PoolStatistics pool_statistics();
/// Starts a new measurement of the peak from what is live now.
void reset_pool_peak();
/// Gives every free block back to the system.
void release_pool();

}  // namespace GRADUS
