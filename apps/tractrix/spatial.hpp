// What the data and config commands ask about sections of spatial expression.
#pragma once

#include <string>
#include <vector>

#include "app.hpp"

namespace tractrix::app {

void add_st_pack(CLI::App& data);

// A config with a section `spatial`.
bool is_spatial(const std::string& config, const std::vector<std::string>& overrides);
// Reads every section and prints patients, folds, who leaks, spots and genes; throws an Error with
// every defect.
void check_spatial(const std::string& config, const std::vector<std::string>& overrides);

// A folder, an h5ad file or a pack of sections.
bool is_section(const std::string& path);
void info_spatial(const std::string& path);

}  // namespace tractrix::app
