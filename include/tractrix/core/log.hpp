// Messages to the user: console at info level, the run folder's log.txt at debug level. spdlog
// stays behind this header.
#pragma once

#include <filesystem>
#include <string>

namespace tractrix::log {

void debug(const std::string& message);
void info(const std::string& message);
void warn(const std::string& message);
void error(const std::string& message);

enum class Level { debug, info, warn, error };
void console_level(Level level);

// A line that stays at the bottom of the console until the next one replaces it; "" removes it.
// Nothing is shown when standard error is no terminal or when only warnings are shown.
void status(const std::string& line);

// From now on every message also goes to this file (appended, flushed at once). "" stops it.
void to_file(const std::filesystem::path& file);

}  // namespace tractrix::log
