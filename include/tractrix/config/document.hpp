// A YAML document in which every value knows where it was written. yaml-cpp stays in the source
// file.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/core/error.hpp"

namespace tractrix::config {

// Lines and columns count from 1; a value from the command line has no file.
struct Origin {
  std::filesystem::path file;
  int line = 0, column = 0;
  std::string text;  // "file:line:column", "command line: 'key=value'"
};

struct Node {
  enum class Type { null, scalar, map, list };
  Type type = Type::null;
  std::string scalar;
  bool quoted = false;                                 // "3" in quotes is text, never a number
  std::vector<std::pair<std::string, Node>> children;  // of a map, in file order
  std::vector<Node> items;                             // of a list
  Origin origin;

  const Node* find(const std::string& key) const;
  Node* find(const std::string& key);
};

// Reads a file and everything it extends (a path or a list of paths below `extends`, relative to
// the file; left to right, the file itself last). Maps are merged deeply, lists replaced, `key: ~`
// removes a key. Refused with file:line:column: duplicate keys, anchors that explode, nesting over
// 64, files over 1 MiB, tabs, no map at the top.
Node load(const std::filesystem::path& file);

// The same for a text (tests, defaults); extends is relative to the folder of where.
Node parse(const std::string& text, const std::filesystem::path& where);

// Applies "train.lr=1e-4"; the value is YAML. "train.lr=~" removes the key, so that its default
// holds again.
void apply_override(Node& root, const std::string& assignment);

// load() and then the overrides, left to right.
Node load(const std::filesystem::path& file, const std::vector<std::string>& overrides);

// Merges above over below, in place.
void merge(Node& below, const Node& above);

}  // namespace tractrix::config
