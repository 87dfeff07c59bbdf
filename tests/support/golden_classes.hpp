// The classes the parity runner knows: name in a case's `source.class` -> how to build it from the
// case's `config`.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "support/golden.hpp"

namespace tractrix::test {

// Builds the object, loads its weights, runs it on the case's inputs and returns its outputs by
// name.
using RunCase = std::function<Tensors(Golden&)>;

inline std::map<std::string, RunCase>& golden_classes() {
  static std::map<std::string, RunCase> known;
  return known;
}

// At namespace scope of a parity test: const bool kSnn = knows_class("SNN", run_snn);
// "repository|class" is looked up before "class", for names that two repositories use differently.
inline bool knows_class(const std::string& source_class, RunCase run) {
  return golden_classes().emplace(source_class, std::move(run)).second;
}

// A source in one text, "repository@commit:file:class", is known by what follows its last colon.
inline const RunCase* find_class(const Golden& golden) {
  const auto& known = golden_classes();
  const std::string source = golden.source_class();
  auto it = known.find(golden.repository() + "|" + source);
  if (it == known.end()) it = known.find(source);
  if (it == known.end()) it = known.find(source.substr(source.rfind(':') + 1));
  return it == known.end() ? nullptr : &it->second;
}

}  // namespace tractrix::test
