// Runs the real executable, as a user would.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace tractrix::testing {

struct Ran {
  int code = -1;
  std::string output;  // standard output and standard error together
};

inline Ran shell(const std::string& command) {
  Ran ran;
  FILE* pipe = ::popen(("(" + command + ") 2>&1").c_str(), "r");
  if (!pipe) return ran;
  std::array<char, 4096> block{};
  while (const size_t n = std::fread(block.data(), 1, block.size(), pipe))
    ran.output.append(block.data(), n);
  const int status = ::pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

inline Ran tractrix(const std::string& arguments) {
  return shell(program_file() + " " + arguments);
}

// Runs the program with a terminal of 100 columns as its standard error.
inline Ran in_terminal(const std::string& arguments) {
  Ran ran;
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0) return ran;
  const std::string name = ::ptsname(terminal);
  std::thread reader([&] {
    std::array<char, 4096> block{};
    ssize_t n = 0;  // -1 (EIO) once the last writer is gone
    while ((n = ::read(terminal, block.data(), block.size())) > 0)
      ran.output.append(block.data(), static_cast<size_t>(n));
  });
  const int keep = ::open(name.c_str(), O_RDWR | O_NOCTTY);
  const int status =
      std::system((program_file() + " " + arguments + " > /dev/null 2> " + name).c_str());
  ::close(keep);
  reader.join();
  ::close(terminal);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

// Starts the program, waits until `ready` says so, then some time more, and sends it a signal.
// Returns its exit status (128 + signal when it was killed).
inline int start_and_signal(const std::vector<std::string>& arguments,
                            const std::function<bool()>& ready, std::chrono::milliseconds after,
                            int signal) {
  using Clock = std::chrono::steady_clock;
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, 1);
    ::dup2(null, 2);
    std::string program = program_file();
    std::vector<char*> argv{program.data()};
    for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  int status = 0;
  bool waiting = true;
  auto until = Clock::time_point::max();
  while (Clock::now() < until) {
    if (::waitpid(child, &status, WNOHANG) == child)
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (waiting && ready()) {
      waiting = false;
      until = Clock::now() + after;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ::kill(child, signal);
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The same from the start of the program.
inline int start_and_signal(const std::vector<std::string>& arguments,
                            std::chrono::milliseconds after, int signal) {
  return start_and_signal(
      arguments, [] { return true; }, after, signal);
}

}  // namespace tractrix::testing
