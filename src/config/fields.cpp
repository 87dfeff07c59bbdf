#include "tractrix/config/fields.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace tractrix::config {
namespace {

std::string shown(const Node& node) {
  switch (node.type) {
    case Node::Type::map:
      return "a map";
    case Node::Type::list:
      return "a list";
    case Node::Type::null:
      return "nothing";
    case Node::Type::scalar:
      break;
  }
  return "'" + node.scalar + "'";
}

template <class T>
bool parse_number(const std::string& text, T& value) {
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(begin, end, value);
  return result.ec == std::errc() && result.ptr == end;
}

// Text that YAML would read as something else needs quotes.
bool needs_quotes(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "true" || text == "false")
    return true;
  double number = 0;
  if (parse_number(text, number)) return true;
  if (text.find_first_of("\"'\n\t#:{}[],&*!|>%@`") != std::string::npos) return true;
  return text.front() == ' ' || text.back() == ' ' || text.front() == '-' || text.front() == '?';
}

std::string quote(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string interval(const Range& range) {
  const bool low = std::isfinite(range.low), high = std::isfinite(range.high);
  std::string text = "must be ";
  if (low) text += (range.open_low ? "> " : ">= ") + print_value(range.low);
  if (low && high) text += " and ";
  if (high) text += (range.open_high ? "< " : "<= ") + print_value(range.high);
  return text;
}

}  // namespace

std::string read_value(const Node& node, bool& value) {
  if (node.type == Node::Type::scalar && !node.quoted &&
      (node.scalar == "true" || node.scalar == "false")) {
    value = node.scalar == "true";
    return "";
  }
  return "must be true or false, got " + shown(node);
}

std::string read_value(const Node& node, int64_t& value) {
  if (node.type == Node::Type::scalar && !node.quoted && parse_number(node.scalar, value))
    return "";
  return "must be a whole number, got " + shown(node);
}

std::string read_value(const Node& node, double& value) {
  if (node.type == Node::Type::scalar && !node.quoted && parse_number(node.scalar, value) &&
      std::isfinite(value))
    return "";
  return "must be a number, got " + shown(node);
}

std::string read_value(const Node& node, std::string& value) {
  if (node.type != Node::Type::scalar) return "must be text, got " + shown(node);
  value = node.scalar;
  return "";
}

std::string read_value(const Node& node, std::filesystem::path& value) {
  if (node.type != Node::Type::scalar || node.scalar.empty())
    return "must be a path, got " + shown(node);
  value = node.origin.file.empty() ? std::filesystem::path(node.scalar)
                                   : node.origin.file.parent_path() / node.scalar;
  value = value.lexically_normal();
  return "";
}

std::string print_value(bool value) { return value ? "true" : "false"; }
std::string print_value(int64_t value) { return std::to_string(value); }

std::string print_value(double value) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

std::string print_value(const std::string& value) {
  return needs_quotes(value) ? quote(value) : value;
}

std::string print_value(const std::filesystem::path& value) {
  // Absolute, so that a dumped config means the same files wherever it lies.
  return value.empty() ? "~"
                       : print_value(std::filesystem::absolute(value).lexically_normal().string());
}

Fields::Fields(Visit& visit, const Node* node, std::string path)
    : visit_(&visit), node_(node), path_(std::move(path)) {}

Fields::~Fields() {
  if (!node_) return;
  const std::vector<std::string> known(seen_.begin(), seen_.end());
  for (const auto& [key, child] : node_->children) {
    if (seen_.contains(key)) continue;
    const std::string near = nearest(key, known);
    visit_->errors.add(child.origin.text,
                       "unknown key '" + join(key) + "'" +
                           (near.empty() ? "; known here: " + enumerate(known, 30)
                                         : " (did you mean '" + near + "'?)"));
  }
}

Fields& Fields::required(const std::string& name, const std::string& example) {
  if (!given(name) && !(node_ == nullptr && path_.empty())) {
    visit_->errors.add(node_ ? node_->origin.text : path_, "'" + join(name) + "' is missing",
                       "for example: " + example);
  }
  return *this;
}

Fields& Fields::require(bool ok, const std::string& name, const std::string& message) {
  if (ok) return *this;
  const Node* node = node_ ? node_->find(name) : nullptr;
  error(node, "'" + join(name) + "' " + message);
  return *this;
}

const Node* Fields::take(const std::string& name) {
  seen_.insert(name);
  return node_ ? node_->find(name) : nullptr;
}

const Node* Fields::map_or_error(const Node* node, const std::string& name) {
  if (!node || node->type == Node::Type::map) return node;
  error(node, "'" + join(name) + "' must hold keys of its own, got " + shown(*node));
  return nullptr;
}

void Fields::heading(const std::string& name, const std::string& help, const Node* node) {
  Row row{join(name), "group", {}, {}, help, node ? node->origin.text : "default"};
  row.group = true;
  visit_->rows.push_back(std::move(row));
}

void Fields::error(const Node* node, const std::string& message) {
  visit_->errors.add(node ? node->origin.text : node_ ? node_->origin.text : "", message);
}

void Fields::check_number(const Node* node, const std::string& name, double value, Range range) {
  const bool low_ok = range.open_low ? value > range.low : value >= range.low;
  const bool high_ok = range.open_high ? value < range.high : value <= range.high;
  if (low_ok && high_ok) return;
  error(node, "'" + join(name) + "' " + interval(range) + ", got " + print_value(value));
}

std::string dump(const std::vector<Row>& rows) {
  std::string text;
  for (const auto& row : rows) {
    if (row.example) continue;
    const auto depth = static_cast<size_t>(std::count(row.path.begin(), row.path.end(), '.'));
    const auto dot = row.path.rfind('.');
    const std::string key = dot == std::string::npos ? row.path : row.path.substr(dot + 1);
    std::string line = std::string(depth * 2, ' ') + key + ":";
    if (!row.group) line += " " + row.value;
    if (!row.group && line.size() < 56) line.resize(56, ' ');
    text += row.group ? line + "\n" : line + "  # " + row.origin + "\n";
  }
  return text;
}

std::string reference(const std::vector<Row>& rows) {
  std::string text = "| key | type | default | meaning |\n|---|---|---|---|\n";
  const auto cell = [](std::string value) {
    for (size_t i = 0; (i = value.find('|', i)) != std::string::npos; i += 2) value.insert(i, "\\");
    return value;
  };
  for (const auto& row : rows) {
    text += "| `" + row.path + "` | " + (row.group ? "" : cell(row.type)) + " | " +
            (row.group || row.initial.empty() ? "" : "`" + row.initial + "`") + " | " +
            cell(row.help) + " |\n";
  }
  return text;
}

}  // namespace tractrix::config
