#include "tractrix/config/document.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "tractrix/core/file.hpp"

namespace tractrix::config {
namespace {

constexpr uint64_t kMostBytes = 1 << 20;
constexpr int kMostDepth = 64;
constexpr int kMostNodes = 100'000;
constexpr int kMostExtends = 16;

Origin origin_at(const std::filesystem::path& file, int line, int column) {
  return {file, line, column,
          file.string() + ":" + std::to_string(line) + ":" + std::to_string(column)};
}

// From yaml-cpp's nodes to ours, with limits against alias bombs and with duplicate keys refused.
class Reader {
 public:
  Reader(std::filesystem::path file, const std::string& text)
      : file_(std::move(file)), text_(text) {}

  Node read(const YAML::Node& in, int depth = 0) {
    Node out;
    const auto mark = in.Mark();
    out.origin = origin_at(file_, mark.line + 1, mark.column + 1);
    if (++nodes_ > kMostNodes)
      throw Error(out.origin.text,
                  "the document has more than 100000 values after its aliases are expanded");
    if (depth > kMostDepth) throw Error(out.origin.text, "is nested deeper than 64 levels");
    switch (in.Type()) {
      case YAML::NodeType::Map:
        read_map(in, out, depth);
        break;
      case YAML::NodeType::Sequence:
        out.type = Node::Type::list;
        for (const auto& item : in) out.items.push_back(read(item, depth + 1));
        break;
      case YAML::NodeType::Scalar:
        out.type = Node::Type::scalar;
        out.scalar = in.Scalar();
        out.quoted = in.Tag() == "!";
        if (out.quoted) require_closed(mark.pos, out.origin);
        break;
      default:
        break;
    }
    return out;
  }

 private:
  void read_map(const YAML::Node& in, Node& out, int depth) {
    out.type = Node::Type::map;
    for (const auto& pair : in) {
      const auto mark = pair.first.Mark();
      const auto where = origin_at(file_, mark.line + 1, mark.column + 1);
      if (!pair.first.IsScalar()) throw Error(where.text, "a key must be plain text");
      const auto& key = pair.first.Scalar();
      if (const Node* before = out.find(key)) {
        throw Error(where.text,
                    "the key '" + key + "' is here twice; first at " + before->origin.text);
      }
      Node child = read(pair.second, depth + 1);
      child.origin = where;  // messages point at the key
      out.children.emplace_back(key, std::move(child));
    }
  }

  // yaml-cpp takes everything up to the end of the file for a quoted text that is never closed.
  void require_closed(int position, const Origin& origin) const {
    if (position < 0 || static_cast<size_t>(position) >= text_.size()) return;
    auto at = static_cast<size_t>(position);
    const char quote = text_[at];
    if (quote != '"' && quote != '\'') return;  // a byte order mark or a tag lies before it
    while (++at < text_.size()) {
      if (quote == '"' && text_[at] == '\\') {
        ++at;
      } else if (text_[at] == quote) {
        return;
      }
    }
    throw Error(origin.text,
                std::string("a quote (") + quote + ") is opened here and never closed");
  }

  std::filesystem::path file_;
  const std::string& text_;
  int nodes_ = 0;
};

void check_text(const std::string& text, const std::filesystem::path& file) {
  if (text.size() > kMostBytes)
    throw Error(file.string(), "is larger than 1 MiB", "is this a config file?");
  if (text.find('\0') != std::string::npos)
    throw Error(file.string(), "holds a NUL byte", "save the file as UTF-8 text");
  // yaml-cpp recurses on flow nesting and would merely say "bad file" far behind the cause.
  int depth = 0;
  for (char c : text) {
    depth += (c == '[' || c == '{') - (c == ']' || c == '}');
    if (depth > kMostDepth) throw Error(file.string(), "is nested deeper than 64 levels");
  }
}

bool valid_utf8(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const size_t more = c < 0x80         ? 0
                        : (c >> 5) == 6  ? 1
                        : (c >> 4) == 14 ? 2
                        : (c >> 3) == 30 ? 3
                                         : 9;
    if (more == 9 || i + more >= text.size() + (more == 0)) return false;
    for (size_t j = 1; j <= more; ++j)
      if ((static_cast<unsigned char>(text[i + j]) >> 6) != 2) return false;
    i += more + 1;
  }
  return true;
}

Node parse_plain(const std::string& text, const std::filesystem::path& file) {
  check_text(text, file);
  if (!valid_utf8(text)) throw Error(file.string(), "is not UTF-8 text", "save the file as UTF-8");
  try {
    return Reader(file, text).read(YAML::Load(text));
  } catch (const YAML::ParserException& e) {
    throw Error(origin_at(file, e.mark.line + 1, e.mark.column + 1).text,
                "is no valid YAML: " + e.msg);
  } catch (const YAML::Exception& e) {
    throw Error(file.string(), "is no valid YAML: " + e.msg);
  }
}

Node parse_with_bases(const std::string& text, const std::filesystem::path& file,
                      std::vector<std::filesystem::path>& chain) {
  Node own = parse_plain(text, file);
  if (own.type != Node::Type::map)
    throw Error(file.string(), "needs keys and values at the top level, such as `recipe: fusion`");
  const Node* extends = own.find("extends");
  if (!extends) return own;
  std::vector<const Node*> bases;
  if (extends->type == Node::Type::list) {
    for (const auto& item : extends->items) bases.push_back(&item);
  } else {
    bases.push_back(extends);
  }
  Node merged;
  merged.type = Node::Type::map;
  merged.origin = own.origin;
  for (const Node* base : bases) {
    if (base->type != Node::Type::scalar)
      throw Error(base->origin.text, "'extends' takes a path or a list of paths");
    const auto path = (file.parent_path() / base->scalar).lexically_normal();
    if (std::find(chain.begin(), chain.end(), path) != chain.end())
      throw Error(base->origin.text, "'" + path.string() + "' extends itself");
    if (chain.size() >= kMostExtends)
      throw Error(base->origin.text, "extends more than 16 files in a row");
    if (!std::filesystem::exists(path))
      throw Error(base->origin.text,
                  "'extends' names '" + path.string() + "', which does not exist");
    chain.push_back(path);
    merge(merged, parse_with_bases(read_file(path, kMostBytes), path, chain));
    chain.pop_back();
  }
  std::erase_if(own.children, [](const auto& child) { return child.first == "extends"; });
  merge(merged, own);
  return merged;
}

bool is_null(const Node& node) {
  return node.type == Node::Type::null || (node.type == Node::Type::scalar && !node.quoted &&
                                           (node.scalar == "~" || node.scalar == "null"));
}

// "key: ~" means: as if the key were not there.
void drop_nulls(Node& node) {
  std::erase_if(node.children, [](const auto& child) { return is_null(child.second); });
  for (auto& child : node.children) drop_nulls(child.second);
}

}  // namespace

const Node* Node::find(const std::string& key) const {
  for (const auto& [name, child] : children)
    if (name == key) return &child;
  return nullptr;
}

Node* Node::find(const std::string& key) {
  return const_cast<Node*>(static_cast<const Node*>(this)->find(key));
}

void merge(Node& below, const Node& above) {
  if (below.type != Node::Type::map || above.type != Node::Type::map) {
    below = above;
    return;
  }
  for (const auto& [key, child] : above.children) {
    if (is_null(child)) {
      std::erase_if(below.children, [&name = key](const auto& c) { return c.first == name; });
    } else if (Node* old = below.find(key)) {
      merge(*old, child);
    } else {
      below.children.emplace_back(key, child);
    }
  }
}

Node parse(const std::string& text, const std::filesystem::path& where) {
  std::vector<std::filesystem::path> chain{where.lexically_normal()};
  Node root = parse_with_bases(text, where, chain);
  drop_nulls(root);
  return root;
}

Node load(const std::filesystem::path& file) { return parse(read_file(file, kMostBytes), file); }

void apply_override(Node& root, const std::string& assignment) {
  const Origin origin{{}, 0, 0, "command line: '" + assignment + "'"};
  const auto equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw Error(origin.text, "is no override", "write key=value, for example train.lr=1e-4");
  }
  Node value = parse_plain(assignment.substr(equals + 1), "command line");
  const auto stamp = [&](auto&& self, Node& node) -> void {
    node.origin = origin;
    for (auto& child : node.children) self(self, child.second);
    for (auto& item : node.items) self(self, item);
  };
  stamp(stamp, value);
  // Wrapped from the innermost key outwards, then merged like any other file.
  std::string path = assignment.substr(0, equals);
  while (true) {
    const auto dot = path.rfind('.');
    const std::string key = dot == std::string::npos ? path : path.substr(dot + 1);
    if (key.empty()) throw Error(origin.text, "has an empty key");
    Node wrapped;
    wrapped.type = Node::Type::map;
    wrapped.origin = origin;
    wrapped.children.emplace_back(key, std::move(value));
    value = std::move(wrapped);
    if (dot == std::string::npos) break;
    path.resize(dot);
  }
  merge(root, value);
}

Node load(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  Node root = load(file);
  for (const auto& assignment : overrides) apply_override(root, assignment);
  return root;
}

}  // namespace tractrix::config
