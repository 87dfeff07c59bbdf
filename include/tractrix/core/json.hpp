// JSON as the project uses it: object keys keep their order, non-finite numbers become null.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace tractrix {

using Json = nlohmann::ordered_json;

// Throws an Error with file and position when the text is no JSON.
Json read_json(const std::filesystem::path& file);

}  // namespace tractrix
