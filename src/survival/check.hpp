// What every statistic of this room asks of its times and events.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tractrix::survival {

// Throws an Error unless both have the same length of at least least, times are finite and events
// are 0 or 1.
void check_survival(const std::string& where, std::span<const double> time,
                    std::span<const uint8_t> event, size_t least);

// check_survival for at least 2 patients, a finite risk for each of them and a tolerance of 0 or
// more.
void check_risks(const std::string& where, std::span<const double> time,
                 std::span<const uint8_t> event, std::span<const double> risk, double tolerance);

// Throws an Error when all patients are censored.
void check_any_event(const std::string& where, std::span<const uint8_t> event);

// Throws an Error that names the first value that is NaN or infinite.
void check_finite(const std::string& where, const std::string& what,
                  std::span<const double> values);

// Throws an Error unless there is a time of evaluation and all lie in [min, max) of the follow-up.
void check_times(const std::string& where, std::span<const double> follow_up,
                 std::span<const double> times);

}  // namespace tractrix::survival
