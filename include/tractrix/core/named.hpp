// Ordered map from name to value: tensors of a module, inputs of a batch, columns of a table.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tractrix/core/error.hpp"

namespace tractrix {

// Keeps insertion order. Linear search: the maps here hold tens of names, not thousands.
template <class T>
class Named {
 public:
  Named() = default;
  Named(std::initializer_list<std::pair<std::string, T>> items) : items_(items) {}

  const T* find(std::string_view name) const {
    for (const auto& [key, value] : items_)
      if (key == name) return &value;
    return nullptr;
  }
  T* find(std::string_view name) {
    return const_cast<T*>(static_cast<const Named*>(this)->find(name));
  }
  bool has(std::string_view name) const { return find(name) != nullptr; }

  // Throws an Error that lists what is there.
  const T& at(std::string_view name) const {
    if (const T* value = find(name)) return *value;
    throw Error(std::string(name), "is not there; there are: " + enumerate(names(), 12));
  }

  // Inserts a default value when the name is new.
  T& operator[](std::string_view name) {
    if (T* value = find(name)) return *value;
    return items_.emplace_back(std::string(name), T{}).second;
  }

  bool erase(std::string_view name) {
    for (auto it = items_.begin(); it != items_.end(); ++it)
      if (it->first == name) return items_.erase(it), true;
    return false;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& item : items_) all.push_back(item.first);
    return all;
  }

  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }

 private:
  std::vector<std::pair<std::string, T>> items_;
};

}  // namespace tractrix
