// Folders of many sections, and the layout of HEST-1k.
#include <algorithm>
#include <set>

#include "text_lines.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/core/raw_file.hpp"
#include "tractrix/data/spatial/readers.hpp"
#include "tractrix/h5/tree.hpp"

namespace tractrix::spatial {
namespace layouts {

namespace fs = std::filesystem;

std::string trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return std::string(text.substr(from, text.find_last_not_of(" \t") - from + 1));
}

// HEST numbers patients within a data set only, and leaves some blank.
void read_patient(Section& s, const fs::path& folder) {
  std::vector<fs::path> tables;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("HEST_v") &&
        entry.path().extension() == ".csv")
      tables.push_back(entry.path());
  if (tables.empty()) {
    s.notes.push_back("there is no HEST_v*.csv: the patient is not known");
    return;
  }
  const CsvTable table = CsvTable::read(*std::max_element(tables.begin(), tables.end()));
  const auto id = table.column("id"), patient = table.column("patient"),
             title = table.column("dataset_title");
  for (int64_t r = 0; r < table.rows(); ++r) {
    if (table.at(r, id) != s.id) continue;
    const auto name = trimmed(table.at(r, patient));
    if (!name.empty()) s.patient = trimmed(table.at(r, title)) + ": " + name;
    return;
  }
  s.notes.push_back("section '" + s.id + "' is not in " + table.where());
}

bool holds(const fs::path& folder, const std::string& ending) {
  if (!fs::is_directory(folder)) return false;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().ends_with(ending)) return true;
  return false;
}

std::string without(const fs::path& file, const std::string& ending) {
  const auto name = file.filename().string();
  return name.substr(0, name.size() - ending.size());
}

// Names in a folder that end so, without the ending.
std::vector<std::string> stems(const fs::path& folder, const std::vector<std::string>& endings) {
  std::set<std::string> names;
  if (fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder))
      for (const auto& ending : endings)
        if (entry.path().filename().string().ends_with(ending))
          names.insert(without(entry.path(), ending));
  return {names.begin(), names.end()};
}

std::vector<std::string> folders_with_spatial(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (fs::is_directory(entry.path() / "spatial")) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace layouts

Section read_hest(const std::filesystem::path& folder, const std::string& id,
                  const ReadOptions& options) {
  const auto file = folder / "st" / (id + ".h5ad");
  if (!std::filesystem::exists(file)) throw Error(file.string(), "there is no such file");
  Section s = read_h5ad(file, options);
  s.id = id;
  s.format = "hest";
  const auto metadata = folder / "metadata" / (id + ".json");
  const auto json = read_json(metadata);
  const auto size = json.find("pixel_size_um_estimated");
  if (size == json.end() || !size->is_number() || !(size->get<double>() > 0))
    throw Error(metadata.string(), "names no pixel_size_um_estimated");
  s.pixel_um = size->get<double>();
  for (const char* ending : {".tif", ".tiff"})
    if (std::filesystem::exists(folder / "wsis" / (id + ending)))
      s.image = folder / "wsis" / (id + ending);
  const auto contours = folder / "tissue_seg" / (id + "_contours.geojson");
  if (std::filesystem::exists(contours)) s.contours = contours;
  layouts::read_patient(s, folder);
  return s;
}

bool is_section_file(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) return false;
  if (file.extension() == ".h5ad") return true;
  const RawFile raw(file);
  if (raw.size() < 8 || raw.text(0, 8) != std::string_view("\x89HDF\r\n\x1a\n", 8)) return false;
  const auto tree = h5::Tree::read(file);
  for (const auto& name : tree.members(""))
    if (tree.has(name + "/barcodes") && tree.has(name + "/indptr")) return true;
  return false;
}

Layout detect_layout(const std::filesystem::path& path) {
  using std::filesystem::is_directory;
  if (!is_directory(path)) {
    if (path.extension() == ".h5ad") return Layout::h5ad;
    if (path.extension() == ".h5") return Layout::tenx;
    throw Error(path.string(), std::filesystem::exists(path) ? "is no .h5ad, no .h5 and no folder"
                                                             : "there is no such file or folder");
  }
  if (is_directory(path / "ST-cnts")) return Layout::her2st;
  if (is_directory(path / "st") && layouts::holds(path / "st", ".h5ad")) return Layout::hest;
  if (is_directory(path / "spatial") || !layouts::folders_with_spatial(path).empty())
    return Layout::visium;
  if (layouts::holds(path, ".h5ad")) return Layout::h5ad;
  if (layouts::holds(path, ".h5") || !plain_or_gzip(path, "matrix.mtx").empty())
    return Layout::tenx;
  throw Error(path.string(), "is no known folder of sections",
              "known are ST-cnts (her2st), st with .h5ad files (HEST-1k), spatial (Space Ranger), "
              "folders of those, and folders of .h5ad or .h5 files");
}

std::vector<std::string> list_sections(const std::filesystem::path& path, Layout layout) {
  if (layout == Layout::detect) layout = detect_layout(path);
  if (!std::filesystem::is_directory(path)) return {path.stem().string()};
  switch (layout) {
    case Layout::her2st:
      return layouts::stems(path / "ST-cnts", {".tsv.gz", ".tsv"});
    case Layout::hest:
      return layouts::stems(path / "st", {".h5ad"});
    case Layout::visium:
      if (std::filesystem::is_directory(path / "spatial")) return {path.filename().string()};
      return layouts::folders_with_spatial(path);
    case Layout::tenx:
      if (!plain_or_gzip(path, "matrix.mtx").empty()) return {path.filename().string()};
      return layouts::stems(path, {".h5"});
    default:
      return layouts::stems(path, {".h5ad"});
  }
}

Section read_section(const std::filesystem::path& path, Layout layout, const std::string& id,
                     const ReadOptions& options) {
  if (layout == Layout::detect) layout = detect_layout(path);
  const bool folder = std::filesystem::is_directory(path);
  Section s;
  switch (layout) {
    case Layout::her2st:
      return read_her2st(path, id);
    case Layout::hest:
      return read_hest(path, id, options);
    case Layout::visium:
      s = read_visium(std::filesystem::is_directory(path / "spatial") ? path : path / id, options);
      break;
    case Layout::tenx:
      if (folder && !plain_or_gzip(path, "matrix.mtx").empty()) {
        s = read_mex(path, options);
      } else {
        s = read_tenx_h5(folder ? path / (id + ".h5") : path, options);
      }
      break;
    default:
      s = read_h5ad(folder ? path / (id + ".h5ad") : path, options);
  }
  s.id = id;
  return s;
}

}  // namespace tractrix::spatial
