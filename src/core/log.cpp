#include "tractrix/core/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

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

}  // namespace

void debug(const std::string& message) { logger().debug(message); }
void info(const std::string& message) { logger().info(message); }
void warn(const std::string& message) { logger().warn("warning: " + message); }
void error(const std::string& message) { logger().error("error: " + message); }

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
