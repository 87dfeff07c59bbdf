// The bar at the bottom of a terminal: how much of a run is done and how long the rest will take.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace tractrix::train {

// "45 s", "12 min 05 s", "3 h 20 min".
std::string duration_text(double seconds);

// "[########------------]  40 %  2 min 05 s left"; seconds_left: none while it is not known yet.
std::string progress_text(double done, std::optional<double> seconds_left);

// Draws through core/log's status line: nothing when standard error is no terminal. The line goes
// away with the object.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // done: from 0 to 1, of the whole run; drawn at most ten times a second. What was done before
  // the first call (a resumed run) does not count for the speed.
  void update(double done);

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_, drawn_;
  std::optional<double> first_;
};

}  // namespace tractrix::train
