#include "tractrix/core/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <mutex>

#include "tractrix/core/error.hpp"

namespace tractrix::log {
namespace {

// Console on standard error: standard output belongs to results that a user may pipe on.
std::shared_ptr<spdlog::sinks::sink>& console() {
  static std::shared_ptr<spdlog::sinks::sink> sink = [] {
    auto made = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    made->set_pattern("%^%v%$");
    return made;
  }();
  return sink;
}

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("tractrix", console());
    made.set_level(spdlog::level::debug);
    console()->set_level(spdlog::level::info);
    made.flush_on(spdlog::level::debug);
    return made;
  }();
  return instance;
}

constexpr const char* kErase = "\r\033[K";

// The line at the bottom; messages scroll above it.
struct Bottom {
  std::mutex mutex;
  std::string line;
  void draw(const std::string& text) {
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    const size_t width = known ? size.ws_col - 1u : 79u;
    std::fputs((kErase + text.substr(0, width)).c_str(), stderr);
    std::fflush(stderr);
  }
};
Bottom& bottom() {
  static Bottom instance;
  return instance;
}

void write(spdlog::level::level_enum level, const std::string& message) {
  const std::lock_guard lock(bottom().mutex);
  const bool seen = !bottom().line.empty() && console()->should_log(level);
  if (seen) bottom().draw({});
  logger().log(level, message);
  if (seen) bottom().draw(bottom().line);
}

}  // namespace

void debug(const std::string& message) { write(spdlog::level::debug, message); }
void info(const std::string& message) { write(spdlog::level::info, message); }
void warn(const std::string& message) { write(spdlog::level::warn, "warning: " + message); }
void error(const std::string& message) { write(spdlog::level::err, "error: " + message); }

void status(const std::string& line) {
  logger();  // sets the console's level
  const std::lock_guard lock(bottom().mutex);
  const bool wanted = console()->should_log(spdlog::level::info) && ::isatty(STDERR_FILENO) == 1;
  if (!wanted || line == bottom().line) return;
  bottom().line = line;
  bottom().draw(line);
}

void console_level(Level level) {
  logger();
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn, spdlog::level::err};
  console()->set_level(kLevels[static_cast<int>(level)]);
}

void to_file(const std::filesystem::path& file) {
  auto& sinks = logger().sinks();
  sinks.resize(1);
  if (file.empty()) return;
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
    sink->set_pattern("%Y-%m-%dT%H:%M:%S%z %l %v");
    sinks.push_back(std::move(sink));
  } catch (const spdlog::spdlog_ex& e) {
    throw Error(file.string(), std::string("cannot write the log: ") + e.what());
  }
}

}  // namespace tractrix::log
