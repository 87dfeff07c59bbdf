// One tissue section in memory, whatever file it came from: spots, genes, sparse counts, places.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/core/named.hpp"

namespace tractrix::spatial {

// Compressed rows; columns ascend within a row and are unique; stored zeros are dropped.
struct Counts {
  int64_t columns = 0;
  std::vector<int64_t> begin{0};  // rows + 1
  std::vector<int32_t> column;
  std::vector<double> value;

  int64_t rows() const { return static_cast<int64_t>(begin.size()) - 1; }
  int64_t stored() const { return static_cast<int64_t>(value.size()); }
  double sum_of_row(int64_t row) const;
};

// Checks and sorts compressed rows as files hold them. `where` names the matrix in messages. Throws
// an Error for offsets that do not ascend, an index out of range, a column twice in a row.
Counts compressed(std::string_view where, int64_t rows, int64_t columns,
                  const std::vector<int64_t>& begin, const std::vector<int64_t>& indices,
                  std::vector<double> values);
// values [rows, columns], row-major.
Counts from_dense(int64_t rows, int64_t columns, const std::vector<double>& values);
Counts transposed(const Counts& counts);
// Rows and columns by index, in that order; columns may not repeat.
Counts take_rows(const Counts& counts, const std::vector<int64_t>& rows);
Counts take_columns(const Counts& counts, const std::vector<int64_t>& columns);

// A column of labels per spot: -1 = missing.
struct Labels {
  std::vector<int32_t> code;
  std::vector<std::string> names;
};

enum class Lattice { unknown, hexagonal, square };
constexpr std::pair<const char*, Lattice> kLattices[] = {
    {"unknown", Lattice::unknown}, {"hexagonal", Lattice::hexagonal}, {"square", Lattice::square}};
constexpr auto& names(Lattice) { return kLattices; }

struct Section {
  std::string id, patient, format;                     // patient: "" = not known
  std::filesystem::path file;                          // of the counts, for messages
  std::vector<std::string> barcodes, genes, gene_ids;  // gene_ids: empty or one per gene
  Counts counts;                                       // [spots, genes]
  // Empty, or one per spot.
  std::vector<int64_t> array_row, array_column;
  std::vector<double> x, y;  // centre in pixels of the full image; x to the right, y down
  std::vector<bool> in_tissue;
  Named<Labels> labels;
  Named<double> scales;               // scale factors as the file names them
  std::optional<double> pixel_um;     // micrometres per pixel of the full image
  std::optional<double> spot_pixels;  // diameter of a spot
  Lattice lattice = Lattice::unknown;
  std::filesystem::path image;     // "": none is named
  std::filesystem::path contours;  // of tissue in the image (GeoJSON); "": none is named
  std::vector<std::string> notes;  // what was left out, with counts

  int64_t spots() const { return static_cast<int64_t>(barcodes.size()); }
  bool placed() const { return !x.empty(); }
};

// Keeps these spots, in this order, in every per-spot field.
void keep_spots(Section& section, const std::vector<int64_t>& spots);
// Keeps these genes, in this order.
void keep_genes(Section& section, const std::vector<int64_t>& genes);

// What no reader may hand on: sizes that do not fit, duplicate or empty barcodes, values that are
// not finite. Throws one Error with all of it.
void check_section(const Section& section);
// Counts are whole numbers from 0 on: throws an Error with how many are not, and the first one.
void require_counts(const Section& section);
// A name that is there before gets "-1", "-2", ... (as anndata's var_names_make_unique does), and a
// note says how many.
void make_genes_unique(Section& section);

}  // namespace tractrix::spatial
