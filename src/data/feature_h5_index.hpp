// The fast path for chunks of whole rows, as TRIDENT and CLAM write them (one chunk per row):
// addresses of all chunks, collected once by an own bounds-checked walk over the version-1 B-tree,
// then read in as few preads as possible.
//
// Why an own walk: H5Dread takes 85 ms for a bag of 15,000 one-row chunks where one read takes 7;
// H5Dget_chunk_info starts from the beginning for every index (13 s for 32,768 chunks);
// H5Dchunk_iter exists from HDF5 1.10.10 only. Source of the layout: HDF5 File Format
// Specification 3.0, III.A.1 (B-tree), IV.A.1.a (object header), IV.A.2.i (layout).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "tractrix/core/raw_file.hpp"

namespace tractrix::data::hdf5 {

struct RowChunks {
  uint64_t rows = 0, rows_per_chunk = 0, row_bytes = 0, element = 0;
  int rank = 2;  // of the data set: a leading dimension of one may lie before the rows
};

// Addresses by chunk; nothing when the file uses another index than the version-1 B-tree (the
// library reads it then). Throws an Error when the index is damaged: a loop, a chunk that is
// missing, there twice, of another size, past the end.
std::optional<std::vector<uint64_t>> row_chunk_addresses(const RawFile& file, uint64_t header,
                                                         const RowChunks& chunks);

// Reads all rows into `to` (rows * row_bytes bytes), neighbouring chunks at once.
using ReadBytes = std::function<void(uint64_t offset, char* to, uint64_t length)>;
void read_row_chunks(const RowChunks& chunks, const std::vector<uint64_t>& addresses, char* to,
                     const ReadBytes& read);

}  // namespace tractrix::data::hdf5
