// One description of an options struct parses, checks, documents and dumps it.
//
//   struct Config { int64_t hidden = 256; Pool pool = Pool::gated; };
//   void fields(config::Fields& f, Config& c) {
//     f("hidden", c.hidden, "width after the first layer", config::at_least(1));
//     f("pool", c.pool, "pooling over patches");            // enum: names(Pool) lists its labels
//   }
//
// A struct's fields() and an enum's names() are found by argument-dependent lookup.
#pragma once

#include <concepts>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "tractrix/config/document.hpp"
#include "tractrix/core/named.hpp"

namespace tractrix::config {

struct Range {
  double low = -std::numeric_limits<double>::infinity(),
         high = std::numeric_limits<double>::infinity();
  bool open_low = false, open_high = false;
};
constexpr Range at_least(double low) { return {low}; }
constexpr Range above(double low) { return {.low = low, .open_low = true}; }
constexpr Range between(double low, double high) { return {low, high}; }
constexpr Range from_below(double low, double high) {
  return {.low = low, .high = high, .open_high = true};
}

// One option: the reference page, the resolved dump and `config show` are printed from rows.
struct Row {
  std::string path, type, initial, value, help, origin;
  bool group = false;
  bool example =
      false;  // documents the keys of a map whose names the user chooses; not part of a dump
};
struct Visit {
  std::vector<Row> rows;
  Errors errors;
};

template <class T>
concept Enum = std::is_enum_v<T>;
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};
template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

// Reading and printing of plain values; each read returns a complaint or "".
std::string read_value(const Node& node, bool& value);
std::string read_value(const Node& node, int64_t& value);
std::string read_value(const Node& node, double& value);
std::string read_value(const Node& node, std::string& value);
// Relative to the file that holds it; on the command line relative to the working directory.
std::string read_value(const Node& node, std::filesystem::path& value);
std::string print_value(bool value);
std::string print_value(int64_t value);
std::string print_value(double value);
std::string print_value(const std::string& value);  // quoted where YAML needs it
std::string print_value(const std::filesystem::path& value);

class Fields {
 public:
  // node may be null: every value keeps its default.
  Fields(Visit& visit, const Node* node, std::string path);
  ~Fields();  // what was never asked for is an unknown key
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  template <class T>
  Fields& operator()(const std::string& name, T& value, const std::string& help, Range range = {}) {
    const Node* node = take(name);
    Row row{join(name),
            type_name(value),
            print_initial(value),
            {},
            help,
            node ? node->origin.text : "default"};
    if (node) {
      const std::string complaint = read(*node, value);
      if (!complaint.empty()) {
        error(node, "'" + join(name) + "' " + complaint);
      } else {
        check_range(node, name, value, range);
      }
    }
    row.value = print(value);
    visit_->rows.push_back(std::move(row));
    return *this;
  }

  template <class T>
  Fields& group(const std::string& name, T& value, const std::string& help) {
    const Node* node = take(name);
    heading(name, help, node);
    Fields sub(*visit_, map_or_error(node, name), join(name));
    fields(sub, value);
    return *this;
  }

  // Groups of one kind under names the user chooses.
  template <class T>
  Fields& map(const std::string& name, Named<T>& value, const std::string& help) {
    const Node* node = map_or_error(take(name), name);
    heading(name, help, node);
    if (!node) {
      if (value.empty()) example<T>(name);
      return *this;
    }
    for (const auto& child : node->children) {
      heading(name + "." + child.first, "", &child.second);
      Fields sub(*visit_, map_or_error(&child.second, name + "." + child.first),
                 join(name + "." + child.first));
      fields(sub, value[child.first]);
    }
    return *this;
  }

  // Takes a section that somebody else will visit (the recipe's), as it is.
  const Node* raw(const std::string& name) { return take(name); }
  bool given(const std::string& name) const { return node_ && node_->find(name); }

  // Says that a key must be there, or that values do not fit together.
  Fields& required(const std::string& name, const std::string& example);
  Fields& require(bool ok, const std::string& name, const std::string& message);

  const std::string& path() const { return path_; }
  Visit& visit() { return *visit_; }

 private:
  template <class T>
  void example(const std::string& name) {
    Visit visit;
    T entry{};
    {
      Fields sub(visit, nullptr, join(name) + ".<name>");
      fields(sub, entry);
    }
    for (auto& row : visit.rows) {
      row.example = true;
      visit_->rows.push_back(std::move(row));
    }
  }

  const Node* take(const std::string& name);
  const Node* map_or_error(const Node* node, const std::string& name);
  void heading(const std::string& name, const std::string& help, const Node* node);
  void error(const Node* node, const std::string& message);
  std::string join(const std::string& name) const {
    return path_.empty() ? name : path_ + "." + name;
  }

  template <class T>
  void check_range(const Node* node, const std::string& name, const T& value, Range range) {
    if constexpr (is_vector<T>::value) {
      for (const auto& item : value) check_range(node, name, item, range);
    } else if constexpr (is_optional<T>::value) {
      if (value) check_range(node, name, *value, range);
    } else if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
      check_number(node, name, static_cast<double>(value), range);
    }
  }
  void check_number(const Node* node, const std::string& name, double value, Range range);

  template <class T>
  static std::string read(const Node& node, T& value) {
    if constexpr (Enum<T>) {
      std::vector<std::string> known;
      for (const auto& [label, option] : names(T{})) {
        if (node.type == Node::Type::scalar && node.scalar == label) return value = option, "";
        known.emplace_back(label);
      }
      return "must be one of " + enumerate(known, 30) + ", got '" + node.scalar + "'";
    } else if constexpr (is_vector<T>::value) {
      if (node.type != Node::Type::list) return "must be a list, such as [1, 2]";
      value.clear();
      for (const auto& item : node.items) {
        typename T::value_type one{};
        if (auto complaint = read(item, one); !complaint.empty())
          return "has an item that " + complaint;
        value.push_back(std::move(one));
      }
      return "";
    } else if constexpr (is_optional<T>::value) {
      return read(node, value.emplace());
    } else {
      return read_value(node, value);
    }
  }

  template <class T>
  static std::string print(const T& value) {
    if constexpr (Enum<T>) {
      for (const auto& [label, option] : names(T{}))
        if (option == value) return label;
      return "?";
    } else if constexpr (is_vector<T>::value) {
      std::string text = "[";
      for (const auto& item : value) text += (text.size() > 1 ? ", " : "") + print(item);
      return text + "]";
    } else if constexpr (is_optional<T>::value) {
      return value ? print(*value) : "~";
    } else {
      return print_value(value);
    }
  }

  // A default path as it is written, not as it would be resolved here.
  template <class T>
  static std::string print_initial(const T& value) {
    if constexpr (std::is_same_v<T, std::filesystem::path>) {
      return value.empty() ? "~" : value.string();
    } else {
      return print(value);
    }
  }

  template <class T>
  static std::string type_name(const T&) {
    if constexpr (Enum<T>) {
      std::string text;
      for (const auto& [label, option] : names(T{}))
        text += (text.empty() ? "" : " | ") + std::string(label);
      return text;
    } else if constexpr (is_vector<T>::value) {
      return "list of " + type_name(typename T::value_type{});
    } else if constexpr (is_optional<T>::value) {
      return type_name(typename T::value_type{}) + " or ~";
    } else if constexpr (std::is_same_v<T, bool>) {
      return "true | false";
    } else if constexpr (std::is_integral_v<T>) {
      return "integer";
    } else if constexpr (std::is_floating_point_v<T>) {
      return "number";
    } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
      return "path";
    } else {
      return "text";
    }
  }

  Visit* visit_;
  const Node* node_;
  std::string path_;
  std::set<std::string> seen_;
};

// The rows as a YAML file with each value's origin as a comment. Reading it gives the same config
// again.
std::string dump(const std::vector<Row>& rows);
// The rows as a Markdown table: key, type, default, meaning.
std::string reference(const std::vector<Row>& rows);

}  // namespace tractrix::config
