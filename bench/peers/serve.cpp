#include "bench/peers/serve.h"

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>
#include <vector>

namespace {

double nanoseconds(const std::function<void()>& work, int times) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < times; ++i) work();
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

double median(const std::function<void()>& work, double milliseconds) {
  double once = 1e18;
  for (double spent = 0; spent < 0.2e6 * milliseconds;) {  // caches, clocks and threads come back
    const double time = nanoseconds(work, 1);
    spent += time;
    once = std::min(once, time);
  }
  const int times = static_cast<int>(std::max(1.0, 20'000 / once));  // reading the clock must not count
  std::vector<double> samples;
  for (double spent = 0; spent < 1e6 * milliseconds;) {
    const double time = nanoseconds(work, times);
    spent += time;
    samples.push_back(time / times);
  }
  std::sort(samples.begin(), samples.end());
  const std::size_t count = samples.size();
  return (samples[(count - 1) / 2] + samples[count / 2]) / 2;
}

}  // namespace

int serve(const Service& service) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // compare.py stops whom it does not measure: none may stay behind, stopped
  std::string name, current;
  std::function<void()> work;
  for (int threads = 0, milliseconds = 0; std::cin >> name >> threads >> milliseconds;) {
    const auto found = service.works.find(name);
    if (found == service.works.end()) {
      std::cerr << "there is no work '" << name << "'\n";
      return 1;
    }
    service.set_threads(threads);
    if (name != current) {
      work = nullptr;  // the old one's memory first
      work = found->second();
      current = name;
    }
    std::cout << median(work, milliseconds) << std::endl;
  }
  return 0;
}
