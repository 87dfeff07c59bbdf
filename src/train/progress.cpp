#include "tractrix/train/progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tractrix/core/log.hpp"

namespace tractrix::train {

std::string duration_text(double seconds) {
  const auto all = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  char text[64];
  if (all < 60) {
    std::snprintf(text, sizeof text, "%lld s", all);
  } else if (all < 3600) {
    std::snprintf(text, sizeof text, "%lld min %02lld s", all / 60, all % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld h %02lld min", all / 3600, all % 3600 / 60);
  }
  return text;
}

std::string progress_text(double done, std::optional<double> seconds_left) {
  constexpr int kWidth = 20;
  const double part = std::clamp(done, 0.0, 1.0);
  const auto filled = static_cast<size_t>(part * kWidth);
  char percent[16];
  std::snprintf(percent, sizeof percent, "%3d %%", static_cast<int>(part * 100));
  return "[" + std::string(filled, '#') + std::string(kWidth - filled, '-') + "] " + percent +
         (seconds_left ? "  " + duration_text(*seconds_left) + " left" : "");
}

ProgressLine::ProgressLine() : start_(Clock::now()), drawn_(start_ - std::chrono::hours(1)) {}

ProgressLine::~ProgressLine() { log::status({}); }

void ProgressLine::update(double done) {
  const auto now = Clock::now();
  if (!first_) {
    first_ = done;
    start_ = now;
  }
  if (now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double made = done - *first_;
  std::optional<double> left;
  if (made > 0 && seconds > 0.5) left = seconds / made * (1 - done);
  log::status(progress_text(done, left));
}

}  // namespace tractrix::train
