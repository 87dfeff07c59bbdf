// A value or the reason why there is none.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "tractrix/core/error.hpp"

namespace tractrix::eval {

template <class T>
struct Measured {
  std::optional<T> value;
  std::string reason;  // empty when there is a value

  explicit operator bool() const { return value.has_value(); }
  const T& operator*() const { return *value; }
  const T* operator->() const { return &*value; }
};

template <class T>
Measured<T> unknown(std::string reason) {
  return {std::nullopt, std::move(reason)};
}

// What compute() returns, or what the Error it throws says; other exceptions pass.
template <class F>
auto measured(F&& compute) -> Measured<decltype(compute())> {
  try {
    return {compute(), {}};
  } catch (const Error& e) {
    return {std::nullopt, e.what()};
  }
}

}  // namespace tractrix::eval
