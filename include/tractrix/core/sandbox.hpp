// A forked child in which a library may look at hostile bytes: bounded memory and processor time,
// no file that is not open yet, nothing written to disk. Its bytes come back through a pipe.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tractrix {

// Thrown inside the child; the parent throws it as an Error with the file's name.
struct Refusal : std::runtime_error {
  explicit Refusal(const std::string& what, std::string hint_text = {})
      : std::runtime_error(what), hint(std::move(hint_text)) {}
  std::string hint;
};

// Inside the child: hands bytes to the parent.
class ChildPipe {
 public:
  explicit ChildPipe(int fd) : fd_(fd) {}
  void send(const void* bytes, uint64_t length);
  void finish();
  void fail(const std::string& what, const std::string& hint);

 private:
  void frame(char type, const void* bytes, uint64_t length);
  int fd_;
};

struct SandboxLimits {
  uint64_t memory = uint64_t{64} << 20;  // on top of what the program holds
  uint64_t seconds = 10;                 // processor time
};

// Where the next bytes go; the function may throw when they are too many.
using Room = std::function<char*(uint64_t length)>;

// Throws an Error for `file` when the work refuses it, crashes, or runs out of memory or time.
void in_sandbox(const std::string& file, const SandboxLimits& limits,
                const std::function<void(ChildPipe&)>& work, const Room& room);

// Looks at `count` files in one child, one after the other: work(i, pipe) gives the reply of file
// i. A fork costs milliseconds, most of it for the size of this program, whatever the file. Nothing
// where the work refused, crashed, or ran out of its own memory or time: the child is then
// replaced, and the caller looks at that file alone, since one before it may have damaged the
// child. No file can be opened inside from the start: the work reads descriptors that were open
// before.
using Replies = std::vector<std::optional<std::string>>;
Replies in_one_sandbox(const std::string& where, size_t count, const SandboxLimits& each,
                       const std::function<void(size_t, ChildPipe&)>& work, uint64_t most_reply);

// Called by the work once its file is open: from then on the child cannot open anything.
void open_no_more_files();

// Held by everyone who calls the HDF5 library, so that no child is forked in the middle of a call.
std::mutex& hdf5_mutex();

}  // namespace tractrix
