#include "models/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "models/cli/print.h"

namespace GRADUS {

std::string duration(double seconds) {
  if (!(seconds < 360000)) return "more than 100 h";
  const auto s = static_cast<std::int64_t>(std::lround(seconds));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
}

ProgressDisplay::ProgressDisplay() : terminal_(isatty(STDOUT_FILENO) == 1), next_(Clock::now()) {}

void ProgressDisplay::step(const Progress& p) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  // A bar is redrawn ten times a second; a log gets a line now and then.
  next_ = now + (terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(10));
  const std::string numbers = fmt::format("ELBO {:.2f} = {:.2f} - KL {:.2f}  {:.0f} images/s  {} left", p.elbo,
                                          p.log_likelihood, p.kl, p.images_per_second, duration(p.seconds_left));
  if (terminal_) {
    constexpr std::int64_t kWidth = 20;
    const auto filled = static_cast<std::size_t>(kWidth * p.images / std::max<std::int64_t>(p.images_per_epoch, 1));
    std::string bar;
    for (std::size_t i = 0; i < kWidth; ++i) bar += i < filled ? "█" : "░";
    // 7l: what does not fit is cut off, for a line that wraps could not be drawn over.
    print(fmt::format("\r\x1b[K\x1b[?7lepoch {}/{} {} {}\x1b[?7h", p.epoch, p.epochs, bar, numbers));
    bar_shown_ = true;
  } else {
    print(fmt::format("epoch {}/{}  {}/{} images  {}\n", p.epoch, p.epochs, p.images, p.images_per_epoch, numbers));
  }
}

void ProgressDisplay::epoch(const EpochMetrics& m) {
  finish();
  print(fmt::format("epoch {:>3}  train ELBO {:.2f}  test ELBO {:.2f} = {:.2f} - KL {:.2f}  {}\n", m.epoch,
                    m.train_elbo, m.test.elbo(), m.test.log_likelihood, m.test.kl, duration(m.seconds)));
}

void ProgressDisplay::finish() {
  if (bar_shown_) print("\r\x1b[K");
  bar_shown_ = false;
}

}  // namespace GRADUS
