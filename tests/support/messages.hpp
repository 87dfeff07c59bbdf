// What an Error said, for tests of messages.
#pragma once

#include <string>

#include "tractrix/core/error.hpp"

namespace tractrix::testing {

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace tractrix::testing
