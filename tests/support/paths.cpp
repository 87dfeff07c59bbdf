#include "support/paths.hpp"

namespace tractrix::testing {

std::string source_folder() { return TRACTRIX_SOURCE; }
std::string data_folder() { return source_folder() + "/tests/data"; }
std::string goldens_folder() { return source_folder() + "/tests/goldens"; }
std::string program_file() { return TRACTRIX_PROGRAM; }

}  // namespace tractrix::testing
