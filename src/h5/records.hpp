// Fields of records (compound types), as pandas and PyTables wrote tables: only called in a child.
#pragma once

#include <cstdint>
#include <string>

#include "tractrix/core/json.hpp"
#include "tractrix/h5/library.hpp"

namespace tractrix::h5 {

bool is_records(hid_t dataset);
// {field: {dims, type, bytes, attributes}}: numbers as f64, also fields of several numbers; text as
// text. Other fields are left out.
Json describe_records(hid_t dataset, const std::string& path, uint64_t file_size);
void send_field(hid_t dataset, const std::string& field, const std::string& path,
                uint64_t file_size, const Emit& emit);

}  // namespace tractrix::h5
