#include "feature_h5_index.hpp"

#include <algorithm>

#include "tractrix/core/error.hpp"

namespace tractrix::data::hdf5 {
namespace index {

constexpr uint64_t kNone = UINT64_MAX;
constexpr uint64_t kMostHeader = uint64_t{16} << 20;
constexpr int kMostLevels = 16, kMostBlocks = 64;
constexpr uint64_t kUsualEntries = 64;  // the library's default: twice a B-tree rank of 32

uint64_t at(std::string_view bytes, size_t offset, size_t length) {
  return little_endian(bytes.substr(offset, length));
}

[[noreturn]] void refuse(const RawFile& file, const std::string& what) {
  throw Error(file.name(), "has a damaged index of chunks: " + what);
}

// The layout message of a version-1 object header, or "" when the header is of another kind.
std::string layout_message(const RawFile& file, uint64_t header) {
  const std::string prefix = file.text(header, 16);
  if (prefix[0] != 1) return {};
  struct Block {
    uint64_t at, length;
  };
  std::vector<Block> blocks{{header + 16, at(prefix, 8, 4)}};
  for (size_t b = 0; b < blocks.size(); ++b) {
    if (b >= kMostBlocks || blocks[b].length > kMostHeader)
      refuse(file, "an object header without an end");
    const std::string block = file.text(blocks[b].at, blocks[b].length);
    for (size_t i = 0; i + 8 <= block.size();) {
      const uint64_t type = at(block, i, 2), length = at(block, i + 2, 2);
      if (length > block.size() - i - 8) refuse(file, "an object header that is cut short");
      if (type == 8) return block.substr(i + 8, length);
      if (type == 16 && length >= 16) blocks.push_back({at(block, i + 8, 8), at(block, i + 16, 8)});
      i += 8 + length;
    }
  }
  return {};
}

class Walk {
 public:
  Walk(const RawFile& file, const RowChunks& chunks) : file_(file), chunks_(chunks) {
    const uint64_t count = (chunks.rows + chunks.rows_per_chunk - 1) / chunks.rows_per_chunk;
    addresses.assign(count, kNone);
  }

  void visit(uint64_t node, int level) {
    if (++nodes_ > addresses.size() + kMostLevels) refuse(file_, "more nodes than chunks");
    const size_t key = 8 + 8 * (static_cast<size_t>(chunks_.rank) + 1), step = key + 8;
    const uint64_t usual = 24 + kUsualEntries * step;  // mostly the whole node at once
    std::string bytes = file_.text(
        node, std::clamp(file_.size() - std::min(node, file_.size()), uint64_t{24}, usual));
    if (bytes.compare(0, 4, "TREE") != 0 || bytes[4] != 1) refuse(file_, "a node that is none");
    const int here = static_cast<unsigned char>(bytes[5]);
    if (here > kMostLevels || (level >= 0 && here != level))
      refuse(file_, "a node of the wrong level");
    const uint64_t entries = at(bytes, 6, 2), whole = 24 + entries * step;
    if (bytes.size() < whole) bytes = file_.text(node, whole);
    for (uint64_t i = 0; i < entries; ++i) {
      const std::string_view entry = std::string_view(bytes).substr(24 + i * step, step);
      const uint64_t child = little_endian(entry.substr(key));
      if (here > 0) {
        visit(child, here - 1);
      } else {
        add(entry, child);
      }
    }
  }

  std::vector<uint64_t> addresses;

 private:
  // A key: stored size, filter mask, an offset per dimension and one of the element.
  void add(std::string_view key, uint64_t address) {
    const int row_axis = chunks_.rank - 2;
    const uint64_t size = chunks_.rows_per_chunk * chunks_.row_bytes;
    uint64_t row = 0;
    for (int axis = 0; axis <= chunks_.rank; ++axis) {
      const uint64_t offset = at(key, 8 + 8 * static_cast<size_t>(axis), 8);
      if (axis == row_axis) row = offset;
      if (axis != row_axis && offset != 0) refuse(file_, "a chunk beside the rows");
    }
    if (row % chunks_.rows_per_chunk != 0 || row >= chunks_.rows)
      refuse(file_, "a chunk beyond the last row");
    if (at(key, 0, 4) != size || at(key, 4, 4) != 0)
      refuse(file_, "a chunk of another size than its shape");
    if (!file_.holds(address, size)) refuse(file_, "a chunk past the end of the file");
    uint64_t& place = addresses[row / chunks_.rows_per_chunk];
    if (place != kNone) refuse(file_, "row " + std::to_string(row) + " has two chunks");
    place = address;
  }

  const RawFile& file_;
  const RowChunks& chunks_;
  size_t nodes_ = 0;
};

}  // namespace index

std::optional<std::vector<uint64_t>> row_chunk_addresses(const RawFile& file, uint64_t header,
                                                         const RowChunks& chunks) {
  if (chunks.rows == 0) return std::vector<uint64_t>{};
  const std::string layout = index::layout_message(file, header);
  const size_t rank = static_cast<size_t>(chunks.rank) + 1;
  if (layout.size() < 11 + 4 * rank || layout[0] != 3 || layout[1] != 2) return std::nullopt;
  if (static_cast<unsigned char>(layout[2]) != rank)
    index::refuse(file, "another rank than the data");
  const uint64_t element = index::at(layout, 11 + 4 * (rank - 1), 4);
  if (element != chunks.element) {
    index::refuse(file, "values of " + std::to_string(element) + " bytes, the type has " +
                            std::to_string(chunks.element));
  }
  index::Walk walk(file, chunks);
  walk.visit(index::at(layout, 3, 8), -1);
  const auto missing = std::find(walk.addresses.begin(), walk.addresses.end(), index::kNone);
  if (missing != walk.addresses.end()) {
    const auto row =
        static_cast<uint64_t>(missing - walk.addresses.begin()) * chunks.rows_per_chunk;
    throw Error(file.name(), "row " + std::to_string(row) + " was never written",
                "the writer was stopped: extract this slide again");
  }
  return walk.addresses;
}

void read_row_chunks(const RowChunks& chunks, const std::vector<uint64_t>& addresses, char* to,
                     const ReadBytes& read) {
  const uint64_t size = chunks.rows_per_chunk * chunks.row_bytes,
                 total = chunks.rows * chunks.row_bytes;
  for (size_t first = 0; first < addresses.size();) {
    size_t end = first + 1;
    while (end < addresses.size() && addresses[end] == addresses[end - 1] + size) ++end;
    const uint64_t begin = first * size;
    read(addresses[first], to + begin,
         std::min(end * size, total) - begin);  // the last chunk may be partial
    first = end;
  }
}

}  // namespace tractrix::data::hdf5
