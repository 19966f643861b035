// What a training step costs for one size of batch and model: a line "milliseconds peak_bytes resident_bytes".
//
// Called by growth.py once per point, in a process of its own, for the system only tells the most memory ever used.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string_view>

#include "bench/work.h"
#include "tensor/parallel.h"

using namespace gradus;

/// The most memory that this process has ever had resident, in bytes (VmHWM).
static std::int64_t peak_resident() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      std::int64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

int main(int argc, char** argv) {
  std::int64_t numbers[4];  // batch, width, depth, threads
  bool valid = argc == 5;
  for (int i = 0; valid && i < 4; ++i) {
    const std::string_view text = argv[i + 1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    valid = error == std::errc() && end == text.data() + text.size() && numbers[i] > 0;
  }
  if (!valid) {
    std::fprintf(stderr, "usage: growth BATCH WIDTH DEPTH THREADS\n");
    return 2;
  }
  const auto [batch, width, depth, threads] = numbers;
  set_threads(static_cast<int>(threads));
  work::Step step({{.network = {Dense{std::vector<std::int64_t>(depth, width)}}}, batch});

  using Clock = std::chrono::steady_clock;
  constexpr int kWarmUp = 2, kMinimum = 5;
  std::vector<double> milliseconds;
  double spent = 0;
  for (int i = 0; i < kWarmUp + kMinimum || spent < 500; ++i) {
    const Clock::time_point start = Clock::now();
    step();
    const double time = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (i < kWarmUp) continue;
    milliseconds.push_back(time);
    spent += time;
  }
  std::nth_element(milliseconds.begin(), milliseconds.begin() + milliseconds.size() / 2, milliseconds.end());
  std::printf("%.6g %lld %lld\n", milliseconds[milliseconds.size() / 2],
              static_cast<long long>(pool_statistics().peak_live_bytes), static_cast<long long>(peak_resident()));
}
