// The sandbox's side of a Tree: only called in a child.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tractrix/core/json.hpp"
#include "tractrix/h5/library.hpp"

namespace tractrix::h5 {

// What spatial files may hold: lzf chunks, booleans, matrices of almost only zeros.
constexpr Rules kTreeRules{.lzf = true, .enumerations = true, .plausible_ratio = 1032};

// {"": {members, attributes}, "obs/x": {dims, type, bytes, attributes}, "uns/y": {refused}}
Json walk(const std::string& file, uint64_t size);

// The values of the paths in turn: numbers in native byte order, text with a NUL after each entry.
void send_arrays(const std::string& file, uint64_t size, const std::vector<std::string>& paths,
                 const Emit& emit);

}  // namespace tractrix::h5
