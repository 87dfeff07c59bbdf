// The one exception of the project: the user's input is wrong (exit code 2).
// A broken invariant of ours is a c10::Error or std::logic_error (exit code 70).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tractrix {

// Printed as "where: what" and, on a line of its own, "hint: ...".
// where = file, file:line:column or "command line"; what = the fact and what was expected.
struct Error : std::runtime_error {
  Error(const std::string& where, const std::string& what, const std::string& hint = {});
};

// Findings collected before anything is thrown, so that a user sees all of them at once.
class Errors {
 public:
  void add(const std::string& where, const std::string& what, const std::string& hint = {});
  void add(const Error& error) { messages_.emplace_back(error.what()); }
  void add(const Errors& others);
  bool empty() const { return messages_.empty(); }
  size_t size() const { return messages_.size(); }
  const std::vector<std::string>& messages() const { return messages_; }
  // Throws one Error that holds every message; returns when there is none.
  void raise() const;

 private:
  std::vector<std::string> messages_;
};

// "a, b, c and 7 more": for messages that list names.
std::string enumerate(const std::vector<std::string>& names, size_t most = 5);

// The known name nearest to a mistyped one (edit distance), or "" when none is near.
std::string nearest(std::string_view typed, const std::vector<std::string>& known);

}  // namespace tractrix
