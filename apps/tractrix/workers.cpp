#include "workers.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <list>

#include "tractrix/core/error.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/train/interrupt.hpp"
#include "tractrix/train/progress.hpp"

namespace tractrix::app {
namespace workers_detail {

struct Running {
  const Worker* worker;
  pid_t pid;
  int pipe;
  std::string pending, complaint;  // an unfinished line; from "error:" on
};

// Between fork and exec only calls that are safe beside other threads' locks.
[[noreturn]] void become(char* const* argv, int out, pid_t parent) {
  ::setpgid(0, 0);                     // Ctrl-C reaches the parent alone, which passes it on
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // a killed parent leaves no training behind
  if (::getppid() != parent) ::_exit(75);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 0);
  ::dup2(null, 1);
  ::dup2(out, 2);
  ::execv("/proc/self/exe", argv);
  ::_exit(127);
}

Running start(const Worker& worker) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw Error(worker.name, std::string("cannot be started: ") + std::strerror(errno));
  std::vector<char*> argv;
  for (const auto& word : worker.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid(), pid = ::fork();
  if (pid == 0) become(argv.data(), ends[1], parent);
  const int code = errno;
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    throw Error(worker.name, std::string("cannot be started: ") + std::strerror(code));
  }
  return {&worker, pid, ends[0], {}, {}};
}

void say(Running& run, const std::string& line) {
  const std::string text = line.starts_with("warning: ") ? line.substr(9) : line;
  if (line.starts_with("error: ") || !run.complaint.empty()) {
    run.complaint += (run.complaint.empty() ? line.substr(7) : "\n" + line);
  } else if (text != line) {
    log::warn(run.worker->name + ": " + text);
  } else if (!line.empty()) {
    log::info(line);
  }
}

// False at the end of what the worker says.
bool listen(Running& run) {
  char block[4096];
  const ssize_t n = ::read(run.pipe, block, sizeof block);
  if (n < 0 && errno == EINTR) return true;
  if (n > 0) run.pending.append(block, static_cast<size_t>(n));
  size_t end = 0;
  while ((end = run.pending.find('\n')) != std::string::npos) {
    say(run, run.pending.substr(0, end));
    run.pending.erase(0, end + 1);
  }
  return n > 0;
}

int wait_for(Running& run) {
  ::close(run.pipe);
  int status = 0;
  while (::waitpid(run.pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void stop(const std::list<Running>& running) {
  for (const auto& run : running) ::kill(run.pid, SIGTERM);
}

void note_failure(const Running& run, int code, Errors& errors) {
  const std::string how = code > 128 ? "was killed by signal " + std::to_string(code - 128) +
                                           (code == 128 + SIGKILL ? " (out of memory?)" : "")
                                     : "failed with exit code " + std::to_string(code);
  errors.add(run.worker->name, how + (run.complaint.empty() ? std::string() : ": " + run.complaint),
             "its log is " + run.worker->log.string() + "; --resume goes on with all folds");
}

void wait_for_words(std::list<Running>& running, std::vector<pollfd>& ends) {
  ends.clear();
  for (const auto& run : running) ends.push_back({run.pipe, POLLIN, 0});
  ::poll(ends.data(), ends.size(), 100);  // a signal ends it early
}

}  // namespace workers_detail

using namespace workers_detail;

bool run_workers(const std::vector<Worker>& workers, int64_t jobs) {
  std::list<Running> running;
  std::vector<pollfd> ends;
  Errors errors;
  size_t next = 0, ended = 0;
  bool interrupted = false, stopping = false;
  train::ProgressLine progress;
  while (true) {
    const bool enough = !errors.empty() || train::interrupted();
    while (!enough && next < workers.size() && static_cast<int64_t>(running.size()) < jobs)
      running.push_back(start(workers[next++]));
    if (running.empty()) break;
    if (enough && !stopping) stop(running);
    stopping = stopping || enough;
    progress.update(static_cast<double>(ended) / static_cast<double>(workers.size()));
    wait_for_words(running, ends);
    size_t i = 0;
    for (auto run = running.begin(); run != running.end(); ++i) {
      if (ends[i].revents == 0 || listen(*run)) {
        ++run;
        continue;
      }
      const int code = wait_for(*run);
      // A worker that had not begun yet dies of the signal: nothing is lost.
      const bool stopped = code == 75 || (stopping && code == 128 + SIGTERM);
      interrupted = interrupted || stopped;
      if (code != 0 && !stopped) note_failure(*run, code, errors);
      ++ended;
      run = running.erase(run);
    }
  }
  errors.raise();
  return interrupted || next < workers.size();
}

}  // namespace tractrix::app
