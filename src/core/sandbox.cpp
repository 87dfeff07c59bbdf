#include "tractrix/core/sandbox.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <new>

#include "tractrix/core/error.hpp"

namespace tractrix {
namespace sandbox {

constexpr char kData = 'D', kEnd = 'E', kFailure = 'F';
constexpr int kSilentMilliseconds = 120000;  // a child that says nothing for so long is stuck
constexpr uint64_t kLargestFrame = uint64_t{1} << 30;

bool write_all(int fd, const char* bytes, uint64_t length) {
  while (length > 0) {
    const ssize_t n = ::write(fd, bytes, std::min(length, kLargestFrame));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    length -= static_cast<uint64_t>(n);
  }
  return true;
}

// Address space of this process in bytes, or 0 when the system does not say.
uint64_t address_space() {
  char text[64] = {};
  const int fd = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t n = ::read(fd, text, sizeof(text) - 1);
  ::close(fd);
  if (n <= 0) return 0;
  return std::strtoull(text, nullptr, 10) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

void limit(int what, uint64_t value) {
  const rlimit bound{static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
  ::setrlimit(what, &bound);
}

void restrict_child(uint64_t memory, uint64_t seconds) {
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT, SIGXCPU})
    ::signal(signal, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_CPU, seconds);
  if (const uint64_t held = address_space(); held > 0) limit(RLIMIT_AS, held + memory);
  // An abort's message would otherwise reach the user's terminal.
  if (const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC); null >= 0) ::dup2(null, 2);
}

// False when the work refused; the parent knows why.
bool attempt(ChildPipe& pipe, const std::function<void()>& work) {
  try {
    work();
    pipe.finish();
    return true;
  } catch (const Refusal& refusal) {
    pipe.fail(refusal.what(), refusal.hint);
  } catch (const std::bad_alloc&) {
    pipe.fail("asks for more memory than its content can need", "");
  } catch (const std::exception& e) {
    pipe.fail(e.what(), "");
  }
  return false;
}

[[noreturn]] void run_child(int fd, const SandboxLimits& limits,
                            const std::function<void(ChildPipe&)>& work) {
  ChildPipe pipe(fd);
  restrict_child(limits.memory, limits.seconds);
  attempt(pipe, [&] { work(pipe); });
  ::_exit(0);  // no destructors, no buffers of the parent
}

// The seconds from now on; the hard limit stays.
void allow_seconds(uint64_t seconds) {
  rusage used{};
  rlimit bound{};
  ::getrusage(RUSAGE_SELF, &used);
  ::getrlimit(RLIMIT_CPU, &bound);
  const auto spent = static_cast<uint64_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
  bound.rlim_cur = std::min<rlim_t>(bound.rlim_max, spent + seconds + 1);
  ::setrlimit(RLIMIT_CPU, &bound);
}

[[noreturn]] void run_row(int fd, const SandboxLimits& each, size_t first, size_t count,
                          const std::function<void(size_t, ChildPipe&)>& work) {
  ChildPipe pipe(fd);
  restrict_child(each.memory, (each.seconds + 1) * (count - first));
  open_no_more_files();
  bool good = true;
  for (size_t i = first; good && i < count; ++i) {
    allow_seconds(each.seconds);
    good = attempt(pipe, [&] { work(i, pipe); });
  }
  ::_exit(0);
}

// The parent's end: frames, then the child's fate.
class Listener {
 public:
  Listener(int fd, pid_t child, const std::string& file) : fd_(fd), child_(child), file_(file) {}
  ~Listener() {
    ::close(fd_);
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
  }

  void listen(const Room& room) {
    for (;;) {
      char type = 0;
      uint64_t length = 0;
      if (!take(&type, 1) || !take(&length, sizeof(length))) died();
      if (type == kEnd) return;
      if (length > kLargestFrame) died();
      if (type == kFailure) failure(length);
      if (!take(room(length), length)) died();
    }
  }

 private:
  bool take(void* to, uint64_t length) {
    auto* out = static_cast<char*>(to);
    while (length > 0) {
      pollfd wait{fd_, POLLIN, 0};
      const int ready = ::poll(&wait, 1, kSilentMilliseconds);
      if (ready < 0 && errno == EINTR) continue;
      if (ready == 0) throw Error(file_, "could not be read: no byte arrived for two minutes");
      const ssize_t n = ::read(fd_, out, length);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      out += n;
      length -= static_cast<uint64_t>(n);
    }
    return true;
  }

  [[noreturn]] void failure(uint64_t length) {
    std::string text(std::min<uint64_t>(length, 1 << 20), '\0');
    if (!take(text.data(), text.size())) died();
    const auto cut = text.find('\0');
    throw Error(file_, text.substr(0, cut), cut == std::string::npos ? "" : text.substr(cut + 1));
  }

  [[noreturn]] void died() {
    int status = 0;
    pid_t done = -1;
    while ((done = ::waitpid(child_, &status, 0)) < 0 && errno == EINTR) {
    }
    child_ = -1;
    const bool killed = done > 0 && WIFSIGNALED(status);
    if (killed && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
      throw Error(file_,
                  "is damaged or hostile: reading it takes more time or memory than any "
                  "sound file of its size");
    }
    throw Error(file_, killed ? "is damaged or hostile: it makes the HDF5 library crash (signal " +
                                    std::to_string(WTERMSIG(status)) + ")"
                              : std::string("could not be read: the reading process ended early"));
  }

  int fd_;
  pid_t child_;
  const std::string& file_;
};

}  // namespace sandbox

void ChildPipe::frame(char type, const void* bytes, uint64_t length) {
  if (!sandbox::write_all(fd_, &type, 1) ||
      !sandbox::write_all(fd_, reinterpret_cast<const char*>(&length), sizeof(length)) ||
      !sandbox::write_all(fd_, static_cast<const char*>(bytes), length)) {
    ::_exit(1);  // nobody listens any more
  }
}

void ChildPipe::send(const void* bytes, uint64_t length) {
  const auto* at = static_cast<const char*>(bytes);
  for (uint64_t sent = 0; sent < length;) {
    const uint64_t part = std::min(length - sent, sandbox::kLargestFrame);
    frame(sandbox::kData, at + sent, part);
    sent += part;
  }
}

void ChildPipe::finish() { frame(sandbox::kEnd, nullptr, 0); }

void ChildPipe::fail(const std::string& what, const std::string& hint) {
  std::string text = what;
  text += '\0';
  text += hint;
  frame(sandbox::kFailure, text.data(), text.size());
}

namespace sandbox {

struct Child {
  int fd;
  pid_t id;
};

// `run` never returns.
Child start(const std::string& file, const std::function<void(int fd)>& run) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(file, std::string("cannot be read: no pipe: ") + std::strerror(errno));
  }
  pid_t child = -1;
  {
    const std::lock_guard<std::mutex> lock(hdf5_mutex());
    child = ::fork();
  }
  if (child == 0) {
    ::close(ends[0]);
    run(ends[1]);
  }
  ::close(ends[1]);
  if (child < 0) {
    const int code = errno;
    ::close(ends[0]);
    throw Error(file, std::string("cannot be read: no process: ") + std::strerror(code));
  }
#ifdef F_SETPIPE_SZ
  ::fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
#endif
  return {ends[0], child};
}

// False when the child refused or is gone.
bool take_reply(Listener& listener, const std::string& file, uint64_t most,
                std::optional<std::string>& reply) {
  std::string bytes;
  try {
    listener.listen([&](uint64_t length) {
      if (length > most - bytes.size()) throw Error(file, "has an overlong description");
      bytes.resize(bytes.size() + length);
      return bytes.data() + bytes.size() - length;
    });
  } catch (const Error&) {  // said again, and thrown, when the file is looked at alone
    return false;
  }
  reply = std::move(bytes);
  return true;
}

}  // namespace sandbox

void in_sandbox(const std::string& file, const SandboxLimits& limits,
                const std::function<void(ChildPipe&)>& work, const Room& room) {
  const auto child = sandbox::start(file, [&](int fd) { sandbox::run_child(fd, limits, work); });
  sandbox::Listener(child.fd, child.id, file).listen(room);
}

Replies in_one_sandbox(const std::string& where, size_t count, const SandboxLimits& each,
                       const std::function<void(size_t, ChildPipe&)>& work, uint64_t most_reply) {
  Replies replies(count);
  for (size_t i = 0; i < count;) {
    const auto child =
        sandbox::start(where, [&](int fd) { sandbox::run_row(fd, each, i, count, work); });
    sandbox::Listener listener(child.fd, child.id, where);
    for (bool good = true; good && i < count; ++i)
      good = sandbox::take_reply(listener, where, most_reply, replies[i]);
  }
  return replies;
}

void open_no_more_files() {
#ifndef __SANITIZE_ADDRESS__  // the sanitizers test addresses through pipes, which need descriptors
  sandbox::limit(RLIMIT_NOFILE, 0);
#endif
}

std::mutex& hdf5_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace tractrix
