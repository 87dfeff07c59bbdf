#include "tractrix/report/program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "tractrix/core/error.hpp"

extern char** environ;

namespace tractrix::report {
namespace {

constexpr size_t kMostOutput = 64 * 1024;

// Reads to the end, so that the program never waits for a reader; keeps the beginning.
std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> block{};
  while (true) {
    const ssize_t n = ::read(fd, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    const size_t room = kMostOutput - std::min(kMostOutput, text.size());
    text.append(block.data(), std::min(room, static_cast<size_t>(n)));
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& argv,
                          const std::filesystem::path& folder) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(argv.at(0), std::strerror(errno));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t child = 0;
  const int code = ::posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  ProgramResult result;
  if (code == 0) {
    result.started = true;
    result.output = read_all(ends[0]);
    result.code = wait_for(child);
  }
  ::close(ends[0]);
  if (code != 0 && code != ENOENT && code != EACCES)
    throw Error(argv[0], std::string("cannot be started: ") + std::strerror(code));
  return result;
}

}  // namespace tractrix::report
