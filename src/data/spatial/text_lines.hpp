// Plain text tables without a header, plain or gzip.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tractrix::spatial {

// Lines without their end; an empty last one is no line. The views point into the text.
std::vector<std::string_view> lines_of(std::string_view text);
std::vector<std::string_view> fields_of(std::string_view line, char separator);
// folder/name or folder/name.gz; "" when there is neither.
std::filesystem::path plain_or_gzip(const std::filesystem::path& folder, const std::string& name);

}  // namespace tractrix::spatial
