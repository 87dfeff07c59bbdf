// The light half of the registry: no torch, so that the generated list compiles in a moment.
#pragma once

#include <memory>
#include <vector>

namespace tractrix::recipe {

class Maker;

struct Entry {
  const char* name;
  const char* summary;
  std::unique_ptr<Maker> (*maker)();
};

// Every recipe linked into this program; written by tractrix_recipes() in CMake.
const std::vector<Entry>& registry();

}  // namespace tractrix::recipe
