// Where the sources, the shipped data and the built program lie. Only paths.cpp knows: a path on
// the command line of every test would make each clone compile every test anew.
#pragma once

#include <string>

namespace tractrix::testing {

// Folders without a trailing slash; the last is the executable under test.
std::string source_folder();
std::string data_folder();
std::string goldens_folder();
std::string program_file();

}  // namespace tractrix::testing
