// Layouts: anndata's on-disk format pages for 0.8 and later; the older ones as their files show
// them (records for obs and var, h5sparse_format, categories beside the codes).
#include <algorithm>
#include <set>
#include <unordered_map>

#include "tractrix/data/spatial/readers.hpp"
#include "tractrix/h5/tree.hpp"

namespace tractrix::spatial {
namespace h5ad {

using h5::Array;
using h5::Tree;

constexpr size_t kMostLabels = 1000;  // a text column with more values names spots, not groups

// Codes beside their names: where both lie.
struct Category {
  std::string name, codes, names;
};

class File {
 public:
  File(const std::filesystem::path& path, std::string layer)
      : tree_(Tree::read(path)), layer_(std::move(layer)) {}

  Section read();

 private:
  [[noreturn]] void refuse(const std::string& what, const std::string& hint = {}) const {
    throw Error(tree_.file().string(), what, hint);
  }
  std::string first_of(const std::vector<std::string>& paths) const {
    for (const auto& path : paths)
      if (tree_.has(path)) return path;
    return {};
  }
  std::string column(const std::string& frame, const std::string& name) const {
    return first_of({frame + "/" + name, frame + "@" + name});
  }
  std::string want(const std::string& path) {
    if (!path.empty() && std::find(wanted_.begin(), wanted_.end(), path) == wanted_.end())
      wanted_.push_back(path);
    return path;
  }
  std::string index_of(const std::string& frame) const;
  void choose_matrix();
  void find_places();
  void find_labels();
  void find_scales();
  void read_places(Section& section) const;
  void read_labels(Section& section) const;
  Counts read_matrix(int64_t rows, int64_t columns) const;
  const Array& got(const std::string& path) const { return arrays_.at(path); }

  Tree tree_;
  std::string layer_, matrix_, var_ = "var", obs_index_, var_index_, ids_;
  std::string spatial_, x_, y_, row_, column_, tissue_;
  std::vector<Category> categories_;
  std::vector<std::string> texts_;
  Named<std::string> scales_;
  std::vector<std::string> wanted_;
  Named<Array> arrays_;
};

std::string File::index_of(const std::string& frame) const {
  if (!tree_.has(frame)) refuse("holds no '" + frame + "'", "is it an h5ad file?");
  if (tree_.is_records(frame)) {
    for (const auto& field : tree_.fields(frame))
      if (field == "index" || field == "_index") return frame + "@" + field;
    refuse("has records '" + frame + "' without a field 'index'");
  }
  std::string name = tree_.attribute(frame, "_index");
  if (name.empty()) name = tree_.has(frame + "/_index") ? "_index" : "index";
  if (!tree_.has(frame + "/" + name)) refuse("holds no names of '" + frame + "'");
  return frame + "/" + name;
}

void File::choose_matrix() {
  if (layer_ == "X") {
    matrix_ = "X";
  } else if (layer_ == "raw") {
    matrix_ = first_of({"raw/X", "raw.X"});
    var_ = matrix_ == "raw/X" ? "raw/var" : "raw.var";
  } else {
    matrix_ = "layers/" + layer_;
  }
  if (matrix_.empty() || !tree_.has(matrix_)) {
    std::vector<std::string> others;
    if (tree_.is_group("layers")) others = tree_.members("layers");
    if (!first_of({"raw/X", "raw.X"}).empty()) others.emplace_back("raw");
    refuse("holds no matrix '" + layer_ + "'" +
           (others.empty() ? "" : "; there are: " + enumerate(others)));
  }
  if (tree_.is_group(matrix_)) {
    for (const char* part : {"data", "indices", "indptr"}) want(matrix_ + "/" + part);
  } else {
    want(matrix_);
  }
}

void File::find_places() {
  row_ = want(column("obs", "array_row"));
  column_ = want(column("obs", "array_col"));
  tissue_ = want(column("obs", "in_tissue"));
  spatial_ = want(first_of({"obsm/spatial", "obsm@spatial", "obsm/X_spatial"}));
  if (!spatial_.empty()) return;
  for (const auto& [x, y] : {std::pair("pxl_col_in_fullres", "pxl_row_in_fullres"),
                             std::pair("x_pixel", "y_pixel"), std::pair("pixel_x", "pixel_y")}) {
    if (column("obs", x).empty() || column("obs", y).empty()) continue;
    x_ = want(column("obs", x));
    y_ = want(column("obs", y));
    return;
  }
}

void File::find_labels() {
  const bool records = tree_.is_records("obs");
  for (const auto& name : records ? tree_.fields("obs") : tree_.members("obs")) {
    const std::string path = column("obs", name);
    if (path.empty() || path == obs_index_ || name == "__categories") continue;
    const std::string beside =
        first_of({"obs/__categories/" + name, "uns/" + name + "_categories"});
    if (tree_.is_group(path)) {
      if (tree_.has(path + "/codes") && tree_.has(path + "/categories"))
        categories_.push_back({name, path + "/codes", path + "/categories"});
    } else if (!beside.empty()) {
      categories_.push_back({name, path, beside});
    } else if (tree_.type(path).rfind("text", 0) == 0) {
      texts_.push_back(want(path));
    }
  }
  for (const auto& category : categories_) {
    want(category.codes);
    want(category.names);
  }
}

void File::find_scales() {
  if (!tree_.is_group("uns/spatial")) return;
  const auto libraries = tree_.members("uns/spatial");
  if (libraries.size() != 1) return;  // several slides in one file: none of them is meant
  const std::string group = "uns/spatial/" + libraries.front() + "/scalefactors";
  if (!tree_.is_group(group)) return;
  for (const auto& name : tree_.members(group)) {
    const std::string path = group + "/" + name;
    const auto type = tree_.type(path);
    if (!type.empty() && type.rfind("text", 0) != 0) scales_[name] = want(path);
  }
}

Counts File::read_matrix(int64_t rows, int64_t columns) const {
  const std::string where = tree_.file().string() + ": '" + matrix_ + "'";
  if (!tree_.is_group(matrix_)) {
    const auto& dense = got(matrix_);
    if (dense.dims != std::vector<int64_t>{rows, columns})
      throw Error(where, "does not have the shape [" + std::to_string(rows) + ", " +
                             std::to_string(columns) + "] of the names of spots and genes");
    return from_dense(rows, columns, dense.numbers());
  }
  std::string format = tree_.attribute(matrix_, "encoding-type");
  if (format.empty()) format = tree_.attribute(matrix_, "h5sparse_format");
  const bool by_column = format.starts_with("csc");
  if (!by_column && !format.starts_with("csr"))
    throw Error(where, "has the encoding '" + format + "', expected csr_matrix or csc_matrix");
  const auto& attributes = tree_.attributes(matrix_);
  for (const char* name : {"shape", "h5sparse_shape"})
    if (attributes.contains(name) && attributes.at(name) != Json{rows, columns})
      throw Error(where, "has the shape " + attributes.at(name).dump() + ", there are " +
                             std::to_string(rows) + " spots and " + std::to_string(columns) +
                             " genes");
  Counts counts =
      compressed(where, by_column ? columns : rows, by_column ? rows : columns,
                 got(matrix_ + "/indptr").integers(), got(matrix_ + "/indices").integers(),
                 got(matrix_ + "/data").numbers());
  return by_column ? transposed(counts) : counts;
}

void File::read_places(Section& s) const {
  if (!row_.empty()) s.array_row = got(row_).integers();
  if (!column_.empty()) s.array_column = got(column_).integers();
  if (!tissue_.empty() && !got(tissue_).text())
    for (double value : got(tissue_).numbers()) s.in_tissue.push_back(value != 0);
  if (!x_.empty()) {
    s.x = got(x_).numbers();
    s.y = got(y_).numbers();
  } else if (!spatial_.empty()) {
    const auto& places = got(spatial_);
    if (places.dims.size() != 2 || places.dims[1] < 2 || places.dims[0] != s.spots())
      refuse("has '" + spatial_ + "' of another shape than [" + std::to_string(s.spots()) + ", 2]");
    const auto values = places.numbers();
    const auto width = static_cast<size_t>(places.dims[1]);
    for (size_t i = 0; i < values.size(); i += width) {
      s.x.push_back(values[i]);
      s.y.push_back(values[i + 1]);
    }
  }
}

void File::read_labels(Section& s) const {
  for (const auto& category : categories_) {
    Labels labels;
    labels.names = got(category.names).texts;
    if (!got(category.names).text())
      for (double value : got(category.names).numbers())
        labels.names.push_back(std::to_string(value));
    for (int64_t code : got(category.codes).integers()) {
      if (code < -1 || code >= static_cast<int64_t>(labels.names.size()))
        refuse("has code " + std::to_string(code) + " in '" + category.name + "', there are " +
               std::to_string(labels.names.size()) + " categories");
      labels.code.push_back(static_cast<int32_t>(code));
    }
    s.labels[category.name] = std::move(labels);
  }
  for (const auto& path : texts_) {
    const auto& texts = got(path).texts;
    const std::set<std::string> distinct(texts.begin(), texts.end());
    if (distinct.size() > kMostLabels) continue;
    Labels labels;
    std::unordered_map<std::string, int32_t> code;
    for (const auto& name : distinct) {
      code[name] = static_cast<int32_t>(labels.names.size());
      labels.names.push_back(name);
    }
    for (const auto& text : texts) labels.code.push_back(code.at(text));
    s.labels[path.substr(4)] = std::move(labels);
  }
}

Section File::read() {
  choose_matrix();
  obs_index_ = want(index_of("obs"));
  var_index_ = want(index_of(var_));
  ids_ = want(first_of({column(var_, "gene_ids"), column(var_, "gene_id")}));
  find_places();
  find_labels();
  find_scales();
  arrays_ = tree_.load(wanted_);
  Section s;
  s.format = "h5ad";
  s.file = tree_.file();
  s.barcodes = got(obs_index_).texts;
  s.genes = got(var_index_).texts;
  if (!got(obs_index_).text() || !got(var_index_).text())
    refuse("has names of spots or genes that are no text");
  if (!ids_.empty() && got(ids_).text()) s.gene_ids = got(ids_).texts;
  s.counts = read_matrix(s.spots(), static_cast<int64_t>(s.genes.size()));
  read_places(s);
  read_labels(s);
  for (const auto& [name, path] : scales_)
    if (got(path).count() == 1) s.scales[name] = got(path).numbers().front();
  if (const double* spot = s.scales.find("spot_diameter_fullres")) s.spot_pixels = *spot;
  return s;
}

}  // namespace h5ad

Section read_h5ad(const std::filesystem::path& file, const ReadOptions& options) {
  Section section = h5ad::File(file, options.layer).read();
  section.id = file.stem().string();
  check_section(section);
  make_genes_unique(section);
  return section;
}

}  // namespace tractrix::spatial
