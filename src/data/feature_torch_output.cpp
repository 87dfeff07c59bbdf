// The zip archive of torch.save (torch >= 1.6), members stored without compression. Sources: PKWARE
// APPNOTE 6.3.9; the member names and the pickle of files written by torch 2.11.
#include "feature_torch_output.hpp"

#include <ATen/ATen.h>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::data {
namespace torch_output {

std::string little(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

// A pickled integer of 4 bytes (BININT).
std::string integer(int64_t value) { return "J" + little(static_cast<uint64_t>(value), 4); }

std::string unicode(std::string_view text) {
  return "X" + little(text.size(), 4) + std::string(text);
}

// torch._utils._rebuild_tensor_v2(storage, 0, (N, D), (D, 1), False, OrderedDict()) in protocol 2.
std::string pickled(int64_t rows, int64_t columns) {
  const std::string storage = "(" + unicode("storage") + "ctorch\nFloatStorage\n" + unicode("0") +
                              unicode("cpu") + integer(rows * columns) + "tQ";
  return std::string("\x80\x02", 2) + "ctorch._utils\n_rebuild_tensor_v2\n(" + storage +
         integer(0) + integer(rows) + integer(columns) + "\x86" + integer(columns) + integer(1) +
         "\x86" + "\x89" + "ccollections\nOrderedDict\n)RtR.";
}

struct Member {
  std::string name;
  std::string_view bytes;
};

uint32_t checksum(std::string_view bytes) {
  return static_cast<uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()),
                                         static_cast<z_size_t>(bytes.size())));
}

// Fields that a local header and a directory entry share.
std::string common(const Member& member) {
  constexpr uint64_t kFirstDay = 0x21;  // 1 January 1980: the same bytes at every time
  return little(0, 2) + little(0, 2) + little(0, 2) + little(kFirstDay, 2) +
         little(checksum(member.bytes), 4) + little(member.bytes.size(), 4) +
         little(member.bytes.size(), 4) + little(member.name.size(), 2);
}

void write_zip(const std::filesystem::path& file, const std::vector<Member>& members) {
  write_file(file, [&](const Sink& sink) {
    std::string directory;
    uint64_t at = 0;
    for (const auto& member : members) {
      const std::string fields = common(member);
      const std::string head = "PK\x03\x04" + little(20, 2) + fields + little(0, 2) + member.name;
      directory += "PK\x01\x02" + little(20, 2) + little(20, 2) + fields + std::string(12, '\0') +
                   little(at, 4) + member.name;
      sink(head);
      sink(member.bytes);
      at += head.size() + member.bytes.size();
    }
    sink(directory);
    sink("PK\x05\x06" + little(0, 4) + little(members.size(), 2) + little(members.size(), 2) +
         little(directory.size(), 4) + little(at, 4) + little(0, 2));
  });
}

}  // namespace torch_output

void write_torch(const std::filesystem::path& file, const at::Tensor& values, bool synthetic) {
  using namespace torch_output;
  if (values.nbytes() >= (size_t{1} << 31))
    throw Error(file.string(), "would hold a tensor of 2 GiB or more", "write it as HDF5");
  const std::string object = pickled(values.size(0), values.size(1));
  const std::string archive = file.stem().string() + "/";
  std::vector<Member> members = {
      {archive + "data.pkl", object},
      {archive + "byteorder", "little"},
      {archive + "data/0", {static_cast<const char*>(values.const_data_ptr()), values.nbytes()}},
      {archive + "version", "3\n"}};
  if (synthetic) members.push_back({archive + kSyntheticMember, "1"});
  write_zip(file, members);
}

}  // namespace tractrix::data
