#include "tensor/storage.h"

#include <sys/mman.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>

namespace GRADUS {

// Four size classes per doubling waste at most a quarter of a block: 4, 5, 6, 7, 8, 10, 12, … units of 64 B.
constexpr int kClassesPerDoubling = 4;
constexpr int kClasses = kClassesPerDoubling * 40;
// A request may be served from a free block up to this many classes larger (less than twice its size).
constexpr int kReach = kClassesPerDoubling - 1;

class OutOfMemory final : public std::bad_alloc {
 public:
  explicit OutOfMemory(std::int64_t bytes) {
    constexpr const char* kSentence = "[tensor] there is no memory for {:.3g} GB more";
    *fmt::format_to_n(text_, sizeof text_ - 1, kSentence, 1e-9 * static_cast<double>(bytes)).out = '\0';
  }
  const char* what() const noexcept override { return text_; }

 private:
  char text_[80];
};

static std::int64_t class_bytes(int size_class) {
  const std::int64_t doubling = std::int64_t{256} << (size_class / kClassesPerDoubling);
  return doubling + doubling / kClassesPerDoubling * (size_class % kClassesPerDoubling);
}

static int class_of(std::int64_t bytes) {
  if (bytes <= 256) return 0;
  // 2^doubling < bytes ≤ 2^(doubling + 1)
  const int doubling = std::bit_width(static_cast<std::uint64_t>(bytes - 1)) - 1;
  const std::int64_t quarter = (std::int64_t{1} << doubling) / kClassesPerDoubling;
  const int steps = static_cast<int>((bytes - (std::int64_t{1} << doubling) + quarter - 1) / quarter);
  return (doubling - 8) * kClassesPerDoubling + steps;
}

/// Aligned memory, or null. Where they fill them, huge pages: a walk over many rows then stays within the processor's
/// table of addresses.
static void* from_system(std::size_t bytes) {
  constexpr std::size_t huge_page = std::size_t{2} << 20;
  if (bytes < 2 * huge_page) return std::aligned_alloc(kAlignment, bytes);
  void* memory = std::aligned_alloc(huge_page, (bytes + huge_page - 1) / huge_page * huge_page);
  if (memory) madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);  // no harm where it is refused
  return memory;
}

struct MemoryPool {
  using Block = Storage::Block;

  std::mutex mutex;
  std::array<Block*, kClasses> free{};
  PoolStatistics statistics{};

  Block* take(std::int64_t bytes) {
    const int wanted = class_of(bytes);
    if (wanted >= kClasses) throw OutOfMemory(bytes);
    const std::lock_guard lock(mutex);
    Block* block = nullptr;
    for (int c = wanted; !block && c <= wanted + kReach && c < kClasses; ++c) {
      if (!free[c]) continue;
      block = std::exchange(free[c], free[c]->next);
      statistics.free_bytes -= class_bytes(c);
    }
    if (!block) {
      // Keep no more than another peak's worth beside what is live: sizes that are no longer asked for go back.
      trim(statistics.peak_live_bytes);
      block = fresh(wanted);
    }
    block->owners.store(1, std::memory_order_relaxed);
    statistics.live_bytes += class_bytes(block->size_class);
    statistics.peak_live_bytes = std::max(statistics.peak_live_bytes, statistics.live_bytes);
    return block;
  }

  void give_back(Block* block) {
    const std::lock_guard lock(mutex);
    block->next = std::exchange(free[block->size_class], block);
    statistics.live_bytes -= class_bytes(block->size_class);
    statistics.free_bytes += class_bytes(block->size_class);
  }

  Block* fresh(int size_class) {
    const std::int64_t bytes = sizeof(Block) + class_bytes(size_class) + kAlignment;
    void* memory = from_system(bytes);
    if (!memory) {
      trim(0);
      memory = from_system(bytes);
    }
    if (!memory) throw OutOfMemory(bytes);
    ++statistics.system_allocations;
    auto* block = new (memory) Block{};
    block->size_class = size_class;
    return block;
  }

  /// Frees the largest blocks first until at most `limit` bytes are kept.
  void trim(std::int64_t limit) {
    for (int c = kClasses - 1; c >= 0 && statistics.free_bytes > limit; --c)
      while (free[c] && statistics.free_bytes > limit) {
        std::free(std::exchange(free[c], free[c]->next));
        statistics.free_bytes -= class_bytes(c);
      }
  }
};

// Never destroyed: tensors with static lifetime may be dropped after everything else.
static MemoryPool& pool() {
  static MemoryPool& pool = *new MemoryPool;
  return pool;
}

Storage::Storage(std::int64_t count) : block_(count == 0 ? nullptr : take(checked_mul(count, sizeof(Real)))) {}

Storage::Block* Storage::take(std::int64_t bytes) { return pool().take(bytes); }
void Storage::give_back(Block* block) noexcept { pool().give_back(block); }

PoolStatistics pool_statistics() {
  const std::lock_guard lock(pool().mutex);
  return pool().statistics;
}

void reset_pool_peak() {
  const std::lock_guard lock(pool().mutex);
  pool().statistics.peak_live_bytes = pool().statistics.live_bytes;
}

void release_pool() {
  const std::lock_guard lock(pool().mutex);
  pool().trim(0);
}

}  // namespace GRADUS
