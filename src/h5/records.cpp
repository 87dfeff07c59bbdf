#include "records.hpp"

#include <cstdlib>

#include "tractrix/core/raw_file.hpp"

namespace tractrix::h5 {
namespace records {

constexpr hsize_t kMostRows = hsize_t{1} << 26;
constexpr int kMostFields = 4096;

hsize_t rows_of(hid_t dataset, const std::string& path, uint64_t file_size) {
  const Handle plist(H5Dget_create_plist(dataset), H5Pclose, "'" + path + "' is damaged");
  const auto layout = H5Pget_layout(plist);
  if (H5Pget_external_count(plist) != 0 || layout < 0 || layout == H5D_VIRTUAL)
    throw Refusal("'" + path + "' has its values in other files; they are never read");
  for (int i = 0; i < H5Pget_nfilters(plist); ++i) {
    unsigned flags = 0, values[16] = {}, config = 0;
    size_t n = 16;
    const auto id =
        H5Pget_filter2(plist, static_cast<unsigned>(i), &flags, &n, values, 0, nullptr, &config);
    if (id != H5Z_FILTER_DEFLATE && id != H5Z_FILTER_SHUFFLE && id != H5Z_FILTER_FLETCHER32)
      throw Refusal("'" + path + "' holds records under filter " + std::to_string(id));
  }
  const Handle space(H5Dget_space(dataset), H5Sclose, "'" + path + "' is damaged");
  hsize_t rows = 0;
  if (H5Sget_simple_extent_ndims(space) != 1 ||
      H5Sget_simple_extent_dims(space, &rows, nullptr) < 0 || rows > kMostRows)
    throw Refusal("'" + path + "' is no list of records");
  const uint64_t stored = H5Dget_storage_size(dataset);
  if (stored > file_size) throw Refusal("'" + path + "' claims more bytes than the file has");
  return rows;
}

struct Field {
  std::string type;     // "f64", "text", "text*" or "" when it is not read
  hsize_t numbers = 0;  // of an array field; 0: one plain number
  size_t bytes = 0;     // of one entry
};

Field field_of(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      if (H5Tis_variable_str(type) > 0) return {"text*", 0, sizeof(char*)};
      return {"text", 0, H5Tget_size(type)};
    case H5T_INTEGER:
    case H5T_FLOAT:
      return {"f64", 0, sizeof(double)};
    case H5T_ARRAY: {
      const Handle base(H5Tget_super(type), H5Tclose, "has a damaged type");
      const auto kind = H5Tget_class(base);
      hsize_t count = 0;
      if (H5Tget_array_ndims(type) != 1 || H5Tget_array_dims2(type, &count) < 0 || count == 0 ||
          count > 65536 || (kind != H5T_INTEGER && kind != H5T_FLOAT))
        return {};
      return {"f64", count, count * sizeof(double)};
    }
    default:
      return {};
  }
}

hid_t memory_type(const Field& field, hid_t stored) {
  if (field.type != "f64") return H5Tcopy(stored);
  if (field.numbers == 0) return H5Tcopy(H5T_NATIVE_DOUBLE);
  return H5Tarray_create2(H5T_NATIVE_DOUBLE, 1, &field.numbers);
}

void emit_texts(const std::string& raw, const Field& field, hsize_t rows, const std::string& path,
                const Emit& emit) {
  std::string all;
  for (hsize_t i = 0; i < rows; ++i) {
    std::string text;
    if (field.type == "text*") {
      const char* entry = reinterpret_cast<char* const*>(raw.data())[i];
      text = entry ? entry : "";
    } else {
      text = raw.substr(i * field.bytes, field.bytes).c_str();
    }
    if (!valid_utf8(text)) throw Refusal("'" + path + "' holds text that is not valid UTF-8");
    all += text + '\0';
  }
  if (!all.empty()) emit(all);
}

}  // namespace records

bool is_records(hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose, "has a data set without a type");
  return H5Tget_class(type) == H5T_COMPOUND;
}

Json describe_records(hid_t dataset, const std::string& path, uint64_t file_size) {
  const hsize_t rows = records::rows_of(dataset, path, file_size);
  const Handle type(H5Dget_type(dataset), H5Tclose, "'" + path + "' has no readable type");
  const int count = H5Tget_nmembers(type);
  if (count < 0 || count > records::kMostFields) throw Refusal("'" + path + "' is damaged");
  Json all = Json::object();
  for (int i = 0; i < count; ++i) {
    char* name = H5Tget_member_name(type, static_cast<unsigned>(i));
    if (!name) throw Refusal("'" + path + "' is damaged");
    const std::string label = printable(name, 256);
    H5free_memory(name);
    const Handle member(H5Tget_member_type(type, static_cast<unsigned>(i)), H5Tclose,
                        "'" + path + "' is damaged");
    const auto field = records::field_of(member);
    if (field.type.empty()) continue;
    std::vector<hsize_t> dims{rows};
    if (field.numbers > 0) dims.push_back(field.numbers);
    all[label] = {{"dims", dims},
                  {"type", field.type},
                  {"bytes", rows * field.bytes},
                  {"attributes", Json::object()}};
  }
  return all;
}

void send_field(hid_t dataset, const std::string& name, const std::string& path, uint64_t file_size,
                const Emit& emit) {
  const hsize_t rows = records::rows_of(dataset, path, file_size);
  if (rows == 0) return;
  const Handle type(H5Dget_type(dataset), H5Tclose, "'" + path + "' has no readable type");
  const int index = H5Tget_member_index(type, name.c_str());
  if (index < 0) throw Refusal("'" + path + "' is gone");
  const Handle member(H5Tget_member_type(type, static_cast<unsigned>(index)), H5Tclose,
                      "'" + path + "' is damaged");
  const auto field = records::field_of(member);
  const Handle inner(records::memory_type(field, member), H5Tclose, "'" + path + "' is damaged");
  const Handle memory(H5Tcreate(H5T_COMPOUND, field.bytes), H5Tclose, "'" + path + "' is damaged");
  std::string raw(rows * field.bytes, '\0');
  if (H5Tinsert(memory, name.c_str(), 0, inner) < 0 ||
      H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data()) < 0)
    throw Refusal("'" + path + "' cannot be read: truncated or damaged");
  if (field.type == "f64") return emit(raw);
  records::emit_texts(raw, field, rows, path, emit);
}

}  // namespace tractrix::h5
