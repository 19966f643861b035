// The pool of threads behind parallel_for: persistent, asleep after a while without work, and never waited for in vain.
//
// The caller offers a job and works on it itself. Workers that wake up in time join in; when no chunk is left,
// the caller withdraws the job and waits for those who joined only. A worker that the system has not run yet is
// not waited for, so a region on a busy machine costs no more than the work itself.
#include "tensor/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tensor/check.h"

namespace GRADUS {

namespace {

constexpr int kMaxThreads = 256;
// How long to watch for news before going to sleep. A sleeper costs a system call to wake, and comes tens of
// microseconds late; the regions of a training step follow each other sooner than that.
constexpr std::chrono::microseconds kPatience{200};

/// Waits for done(), at most so long. Between two looks it offers the processor to whoever has work.
template <class Done>
bool watch(Done done) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  do {
    for (int i = 0; i < 64; ++i)
      if (done()) return true;
    sched_yield();
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

struct Job {
  void (*body)(void*, std::int64_t, int);
  void* context;
  std::int64_t chunks;
  std::atomic<std::int64_t> next{0};
  int places = 0;              // how many workers may still join; guarded by the pool's mutex, like the next two
  int last_worker = 0;         // the number of the one who joined last; the caller is 0
  std::atomic<int> joined{0};  // workers inside; changed under the mutex
  std::exception_ptr error{};
};

thread_local bool inside_region = false;

class ThreadPool {
 public:
  ~ThreadPool() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
      offers_.fetch_add(1);
    }
    offered_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  void run(Job& job, int threads) {
    inside_region = true;
    if (in_use_.exchange(true)) {
      work(job, 0);  // another thread's region is under way
    } else {
      offer(job, threads);
      in_use_.store(false);
    }
    inside_region = false;
  }

 private:
  void offer(Job& job, int threads) {
    hire(threads - 1);
    const int wanted = static_cast<int>(std::min<std::int64_t>({threads - 1, job.chunks - 1, std::ssize(workers_)}));
    {
      const std::lock_guard lock(mutex_);
      job.places = wanted;
      job_ = &job;
      offers_.fetch_add(1);
    }
    for (int i = 0; i < wanted; ++i) offered_.notify_one();
    work(job, 0);
    {
      const std::lock_guard lock(mutex_);
      job_ = nullptr;
    }
    if (!watch([&] { return job.joined.load(std::memory_order_relaxed) == 0; })) {
      std::unique_lock lock(mutex_);
      left_.wait(lock, [&] { return job.joined.load(std::memory_order_relaxed) == 0; });
    } else {
      const std::lock_guard lock(mutex_);  // the last to leave has let go of the job
    }
  }

  /// Takes chunks until none is left. After an exception no further chunk begins.
  void work(Job& job, int worker) {
    try {
      for (std::int64_t chunk; (chunk = job.next.fetch_add(1, std::memory_order_relaxed)) < job.chunks;)
        job.body(job.context, chunk, worker);
    } catch (...) {
      job.next.store(job.chunks, std::memory_order_relaxed);
      const std::lock_guard lock(mutex_);
      if (!job.error) job.error = std::current_exception();
    }
  }

  void hire(int count) {
    try {
      while (static_cast<int>(workers_.size()) < count) workers_.emplace_back([this] { serve(); });
    } catch (const std::exception&) {
      // The system gives no more threads, or no memory for them: those there are will do.
    }
  }

  void serve() {
    inside_region = true;
    std::uint64_t seen = 0;
    const auto news = [&] { return offers_.load(std::memory_order_relaxed) != seen; };
    while (true) {
      watch(news);
      std::unique_lock lock(mutex_);
      offered_.wait(lock, news);
      seen = offers_.load(std::memory_order_relaxed);
      if (closing_) return;
      if (!job_ || job_->places == 0) continue;
      Job& job = *job_;
      --job.places;
      const int worker = ++job.last_worker;
      job.joined.fetch_add(1, std::memory_order_relaxed);
      lock.unlock();
      work(job, worker);
      lock.lock();
      // Once the mutex is free again the job may be gone, so the notice names the pool only.
      if (job.joined.fetch_sub(1, std::memory_order_relaxed) == 1) left_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable offered_, left_;
  std::vector<std::thread> workers_;  // changed by the thread that has set in_use_ only
  std::atomic<bool> in_use_{false};
  std::atomic<std::uint64_t> offers_{0};  // jobs offered so far; changed under the mutex
  Job* job_ = nullptr;
  bool closing_ = false;
};

std::atomic<bool> pool_is_gone{false};

/// The pool, or null when the program's static objects are already being destroyed.
ThreadPool* pool() {
  struct Owner {
    ThreadPool pool;
    ~Owner() { pool_is_gone.store(true); }
  };
  if (pool_is_gone.load()) return nullptr;
  static Owner owner;
  return &owner.pool;
}

std::atomic<int> thread_count{0};  // 0: not asked for yet

int affinity_count() {
  for (std::size_t processors = 1024; processors <= 1 << 20; processors *= 2) {
    cpu_set_t* set = CPU_ALLOC(processors);
    if (!set) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(processors);
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

/// Processors that one cgroup's quota is worth, kMaxThreads when it has none. Version 2 keeps "quota period" in
/// one file, version 1 a number in each of two.
double quota_of(const std::string& folder, bool version_2) {
  double quota = -1, period = 0;
  if (version_2) {
    std::ifstream(folder + "/cpu.max") >> quota >> period;  // "max 100000" reads as no number
  } else {
    std::ifstream(folder + "/cpu.cfs_quota_us") >> quota;
    std::ifstream(folder + "/cpu.cfs_period_us") >> period;
  }
  return quota > 0 && period > 0 ? quota / period : kMaxThreads;
}

/// The tightest quota of this process's cgroups and those above them.
double cgroup_quota() {
  double least = kMaxThreads;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // id:controllers:path
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool version_2 = controllers == ",,";
    if (!version_2 && controllers.find(",cpu,") == std::string::npos) continue;
    const std::string root = version_2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    std::string path = line.substr(second + 1);
    while (true) {
      least = std::min(least, quota_of(root + path, version_2));
      if (path.empty()) break;
      path.resize(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
    }
  }
  return least;
}

}  // namespace

int available_threads() {
  const int quota = static_cast<int>(std::ceil(cgroup_quota()));
  return std::clamp(std::min(affinity_count(), quota), 1, kMaxThreads);
}

void set_threads(int count) {
  check(count >= 1 && count <= kMaxThreads, "[threads] the number of threads is 1 to {}, not {}", kMaxThreads, count);
  thread_count.store(count);
}

int threads() {
  int count = thread_count.load(std::memory_order_relaxed);
  if (count == 0) thread_count.store(count = available_threads());
  return count;
}

void detail::run_chunks(std::int64_t chunks, void (*body)(void*, std::int64_t, int), void* context) {
  ThreadPool* workers = chunks > 1 && threads() > 1 && !inside_region ? pool() : nullptr;
  if (!workers) {
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) body(context, chunk, 0);
    return;
  }
  Job job{.body = body, .context = context, .chunks = chunks};
  workers->run(job, threads());
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace GRADUS
