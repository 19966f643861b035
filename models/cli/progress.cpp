#include "models/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "models/cli/print.h"

namespace GRADUS {

std::string duration(double seconds) {
  if (!(seconds < 360000)) return "more than 100 h";
  const auto s = static_cast<std::int64_t>(std::lround(seconds));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
}

/// "ELBO -104.80 = -81.97 - KL 22.83", or of an autoencoder "log-likelihood -81.97".
static std::string described(const Evaluation& e) {
  const auto elbo = e.elbo();
  return elbo ? fmt::format("ELBO {:.2f} = {:.2f} - KL {:.2f}", *elbo, e.log_likelihood, *e.kl)
              : fmt::format("log-likelihood {:.2f}", e.log_likelihood);
}

/// Of a training in the course of which they change.
static std::string described(const std::optional<Objective::Weights>& weights) {
  if (!weights) return "";
  return weights->capacity > 0 ? fmt::format("  capacity {:.4g}", weights->capacity)
                               : fmt::format("  beta {:.4g}", weights->beta);
}

ProgressDisplay::ProgressDisplay() : terminal_(isatty(STDOUT_FILENO) == 1), next_(Clock::now()) {}

void ProgressDisplay::step(const Progress& p) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  // A bar is redrawn ten times a second; a log gets a line now and then.
  next_ = now + (terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(10));
  const std::string numbers = fmt::format("{}{}  {:.0f} images/s  {} left", described(p.so_far), described(p.weights),
                                          p.images_per_second, duration(p.seconds_left));
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
  const auto elbo = m.train.elbo();
  print(fmt::format("epoch {:>3}  train {} {:.2f}  test {}{}  {}\n", m.epoch, elbo ? "ELBO" : "log-likelihood",
                    elbo.value_or(m.train.log_likelihood), described(m.test), described(m.weights),
                    duration(m.seconds)));
}

void ProgressDisplay::finish() {
  if (bar_shown_) print("\r\x1b[K");
  bar_shown_ = false;
}

CountDisplay::CountDisplay(std::string what, std::int64_t total)
    : what_(std::move(what)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      next_(start_ + std::chrono::seconds(1)) {}

// To the standard error: what a verb finds is all that its output holds.
void CountDisplay::show(std::int64_t done) {
  const Clock::time_point now = Clock::now();
  if (!terminal_ || now < next_) return;
  next_ = now + std::chrono::milliseconds(200);
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double left = seconds * static_cast<double>(total_ - done) / static_cast<double>(done);
  std::fprintf(stderr, "\r\x1b[K%s", fmt::format("{}: {} of {}, {} left", what_, done, total_, duration(left)).c_str());
  shown_ = true;
}

void CountDisplay::finish() {
  if (shown_) std::fprintf(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace GRADUS
