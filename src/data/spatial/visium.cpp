// Space Ranger folders. Positions: tissue_positions_list.csv (before 2.0, no header) and
// tissue_positions.csv (from 2.0, with one) are told apart by their first field, not by their name.
#include <algorithm>
#include <unordered_map>

#include "text_lines.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/data/spatial/readers.hpp"
#include "visium_positions.hpp"

namespace tractrix::spatial {
namespace visium {

namespace fs = std::filesystem;

// The one entry of the folder whose name ends so; "" when there is none.
fs::path ending_with(const fs::path& folder, const std::string& ending) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().ends_with(ending)) found.push_back(entry.path());
  if (found.size() > 1)
    throw Error(folder.string(), "holds several files that end with " + ending + ": " +
                                     found[0].filename().string() + ", " +
                                     found[1].filename().string());
  return found.empty() ? fs::path() : found.front();
}

Section read_matrix(const fs::path& folder, const ReadOptions& options) {
  for (const std::string kind : {"filtered", "raw"}) {
    const std::string name = kind + "_feature_bc_matrix";
    if (const auto file = ending_with(folder, name + ".h5"); !file.empty())
      return read_tenx_h5(file, options);
    if (fs::is_directory(folder / name)) return read_mex(folder / name, options);
  }
  throw Error(folder.string(),
              "holds no filtered_feature_bc_matrix (.h5 or folder) and no raw_feature_bc_matrix");
}

fs::path positions_file(const fs::path& spatial) {
  for (const char* name : {"tissue_positions.csv", "tissue_positions_list.csv"})
    if (const auto file = plain_or_gzip(spatial, name); !file.empty()) return file;
  if (fs::exists(spatial / "tissue_positions.parquet"))
    throw Error((spatial / "tissue_positions.parquet").string(),
                "is a table of Visium HD bins in the parquet format, which is not read",
                "write it as tissue_positions.csv with the same columns");
  throw Error(spatial.string(), "holds no tissue_positions.csv and no tissue_positions_list.csv");
}

double number(const std::vector<std::string_view>& fields, size_t at, const std::string& where) {
  const auto value = parse_number(fields[at]);
  if (!value)
    throw Error(where, "'" + std::string(fields[at]) + "' in column " + std::to_string(at + 1) +
                           " is no number");
  return *value;
}

void read_scales(Section& s, const fs::path& file) {
  if (!fs::exists(file)) {
    s.notes.push_back("there is no scalefactors_json.json: the size of a pixel is not known");
    return;
  }
  const auto scales = read_json(file);
  for (const auto& [name, value] : scales.items())
    if (value.is_number()) s.scales[name] = value.get<double>();
  if (const double* spot = s.scales.find("spot_diameter_fullres")) s.spot_pixels = *spot;
  if (const double* um = s.scales.find("microns_per_pixel")) s.pixel_um = *um;
}

}  // namespace visium

std::vector<Position> read_positions(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  const auto lines = lines_of(text);
  std::vector<Position> all;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string where = file.string() + ":" + std::to_string(i + 1);
    const auto fields = fields_of(lines[i], ',');
    if (lines[i].empty() || (i == 0 && fields.front() == "barcode")) continue;
    if (fields.size() != 6)
      throw Error(where, "has " + std::to_string(fields.size()) +
                             " fields, expected barcode, in_tissue, array row, array column, pixel "
                             "row, pixel column");
    Position p{std::string(fields[0])};
    p.in_tissue = visium::number(fields, 1, where) != 0;
    p.row = static_cast<int64_t>(visium::number(fields, 2, where));
    p.column = static_cast<int64_t>(visium::number(fields, 3, where));
    p.y = visium::number(fields, 4, where);  // the row of pixels comes first
    p.x = visium::number(fields, 5, where);
    all.push_back(std::move(p));
  }
  return all;
}

void place_spots(Section& s, const std::vector<Position>& positions, const std::string& where) {
  std::unordered_map<std::string, const Position*> home;
  std::vector<std::string> twice, lost;
  for (const auto& p : positions)
    if (!home.emplace(p.barcode, &p).second) twice.push_back(p.barcode);
  if (!twice.empty())
    throw Error(where, std::to_string(twice.size()) +
                           " barcodes are there more than once: " + enumerate(twice));
  std::vector<int64_t> kept;
  int64_t outside = 0;
  for (size_t i = 0; i < s.barcodes.size(); ++i) {
    const auto found = home.find(s.barcodes[i]);
    if (found == home.end()) {
      lost.push_back(s.barcodes[i]);
    } else if (!found->second->in_tissue) {
      ++outside;
    } else {
      kept.push_back(static_cast<int64_t>(i));
    }
  }
  if (kept.empty())
    throw Error(where, lost.size() == s.barcodes.size()
                           ? "knows none of the " + std::to_string(s.spots()) +
                                 " barcodes of the counts, such as " + s.barcodes.front()
                           : "says that no counted spot lies under tissue");
  if (!lost.empty())
    s.notes.push_back(std::to_string(lost.size()) +
                      " spots have counts but no position and are left out: " + enumerate(lost));
  if (outside > 0)
    s.notes.push_back(std::to_string(outside) + " spots do not lie under tissue and are left out");
  keep_spots(s, kept);
  for (const auto& barcode : s.barcodes) {
    const auto& p = *home.at(barcode);
    s.array_row.push_back(p.row);
    s.array_column.push_back(p.column);
    s.x.push_back(p.x);
    s.y.push_back(p.y);
    s.in_tissue.push_back(true);
  }
}

Section read_visium(const std::filesystem::path& folder, const ReadOptions& options) {
  if (!std::filesystem::is_directory(folder / "spatial"))
    throw Error(folder.string(), "holds no folder 'spatial'");
  Section s = visium::read_matrix(folder, options);
  s.id = folder.filename().string();
  s.format = "visium";
  const auto file = visium::positions_file(folder / "spatial");
  place_spots(s, read_positions(file), file.string());
  visium::read_scales(s, folder / "spatial" / "scalefactors_json.json");
  s.lattice = Lattice::hexagonal;
  for (const char* ending : {".tif", ".tiff", ".btf", ".svs", ".ndpi", ".jpg", ".png"})
    if (s.image.empty()) s.image = visium::ending_with(folder, ending);
  check_section(s);
  return s;
}

}  // namespace tractrix::spatial
