// The layout of the her2st repository (Spatial Transcriptomics v1, Andersson et al. 2021): counts
// with one row per spot "XxY", a spot file with the same X and Y and pixel positions, an H&E image.
#include <algorithm>
#include <unordered_map>

#include "lattice_pitch.hpp"
#include "text_lines.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/data/spatial/readers.hpp"

namespace tractrix::spatial {
namespace her2st {

namespace fs = std::filesystem;

constexpr double kPitch = 200, kSpot = 100;  // micrometres, of the arrays of that generation

Section read_counts(const fs::path& file) {
  const CsvTable table = CsvTable::read(file, {.separator = '\t'});
  Section s;
  s.file = file;
  s.format = "her2st";
  s.genes.assign(table.header().begin() + 1, table.header().end());
  s.counts.columns = static_cast<int64_t>(s.genes.size());
  for (int64_t r = 0; r < table.rows(); ++r) {
    const std::string barcode(table.at(r, 0));
    const auto cross = barcode.find('x');
    const auto x = parse_integer(barcode.substr(0, cross)),
               y = cross == std::string::npos ? x : parse_integer(barcode.substr(cross + 1));
    if (!x || !y || cross == std::string::npos)
      throw Error(table.where(r), "'" + barcode + "' is no spot name such as 10x21");
    s.barcodes.push_back(barcode);
    s.array_column.push_back(*x);
    s.array_row.push_back(*y);
    for (int64_t g = 1; g < table.columns(); ++g) {
      const auto field = table.at(r, g);
      if (field == "0") continue;
      const auto value = parse_number(field);
      if (!value)
        throw Error(table.where(r), "'" + std::string(field) + "' is no count (gene " +
                                        s.genes[static_cast<size_t>(g) - 1] + ")");
      if (*value == 0) continue;
      s.counts.column.push_back(static_cast<int32_t>(g - 1));
      s.counts.value.push_back(*value);
    }
    s.counts.begin.push_back(s.counts.stored());
  }
  return s;
}

double number(const CsvTable& table, int64_t row, int64_t column) {
  const auto value = parse_number(table.at(row, column));
  if (!value)
    throw Error(table.where(row), "'" + std::string(table.at(row, column)) + "' is no number");
  return *value;
}

// Spots of the spot file that are selected, by their name in the count table.
std::unordered_map<std::string, std::pair<double, double>> read_spots(const fs::path& file) {
  const CsvTable table = CsvTable::read(file, {.separator = '\t'});
  const auto x = table.column("x"), y = table.column("y"), pixel_x = table.column("pixel_x"),
             pixel_y = table.column("pixel_y");
  const auto selected = table.find("selected");
  std::unordered_map<std::string, std::pair<double, double>> spots;
  for (int64_t r = 0; r < table.rows(); ++r) {
    if (selected && number(table, r, *selected) == 0) continue;
    std::string name(table.at(r, x));
    name += "x";
    name += table.at(r, y);
    if (!spots.try_emplace(name, number(table, r, pixel_x), number(table, r, pixel_y)).second)
      throw Error(table.where(r), "names spot " + name + " a second time");
  }
  return spots;
}

void place(Section& s, const fs::path& file) {
  auto spots = read_spots(file);
  std::vector<int64_t> kept;
  std::vector<std::string> lost;
  for (size_t i = 0; i < s.barcodes.size(); ++i) {
    if (spots.contains(s.barcodes[i])) {
      kept.push_back(static_cast<int64_t>(i));
    } else {
      lost.push_back(s.barcodes[i]);
    }
  }
  if (kept.empty())
    throw Error(file.string(), "selects none of the " + std::to_string(s.spots()) +
                                   " spots of the counts, such as " + s.barcodes.front());
  if (!lost.empty())
    s.notes.push_back(std::to_string(lost.size()) +
                      " counted spots are not selected and are left out: " + enumerate(lost));
  keep_spots(s, kept);
  for (const auto& barcode : s.barcodes) {
    s.x.push_back(spots.at(barcode).first);
    s.y.push_back(spots.at(barcode).second);
    spots.erase(barcode);
  }
  std::vector<std::string> uncounted;
  for (const auto& [name, at] : spots) uncounted.push_back(name);
  std::sort(uncounted.begin(), uncounted.end());
  if (!uncounted.empty())
    s.notes.push_back(std::to_string(uncounted.size()) +
                      " selected spots have no counts and are left out: " + enumerate(uncounted));
}

fs::path image_of(const fs::path& folder, const std::string& id) {
  if (!fs::is_directory(folder)) return {};
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(id + "_") || entry.path().stem() == id) return entry.path();
  }
  return {};
}

}  // namespace her2st

Section read_her2st(const std::filesystem::path& folder, const std::string& id) {
  const auto counts = plain_or_gzip(folder / "ST-cnts", id + ".tsv");
  if (counts.empty())
    throw Error((folder / "ST-cnts").string(), "holds no counts of section '" + id + "'");
  Section s = her2st::read_counts(counts);
  s.id = id;
  s.patient = id.substr(0, 1);  // A to H
  her2st::place(s, folder / "ST-spotfiles" / (id + "_selection.tsv"));
  s.lattice = Lattice::square;
  const auto pitch = lattice_pitch(s);
  if (!pitch || !(*pitch > 0)) throw Error(s.file.string(), "has no two neighbouring spots");
  s.pixel_um = her2st::kPitch / *pitch;
  s.spot_pixels = her2st::kSpot / *s.pixel_um;
  s.image = her2st::image_of(folder / "ST-imgs", id);
  check_section(s);
  make_genes_unique(s);
  return s;
}

}  // namespace tractrix::spatial
