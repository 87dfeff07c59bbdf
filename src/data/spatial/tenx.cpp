// 10x Genomics' matrices. In all of them rows are features and columns barcodes, compressed by
// barcode: the arrays are those of spots x genes compressed by row.
#include <algorithm>
#include <charconv>

#include "text_lines.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/data/spatial/readers.hpp"
#include "tractrix/h5/tree.hpp"

namespace tractrix::spatial {
namespace tenx {

using h5::Tree;

// Keeps features of one type, and notes the others.
void keep_type(Section& s, const std::vector<std::string>& types, const std::string& wanted) {
  if (types.empty() || wanted.empty()) return;
  std::vector<int64_t> kept;
  for (size_t i = 0; i < types.size(); ++i)
    if (types[i] == wanted) kept.push_back(static_cast<int64_t>(i));
  const auto others = types.size() - kept.size();
  if (others == 0) return;
  if (kept.empty())
    throw Error(s.file.string(),
                "holds no feature of type '" + wanted + "', the first is '" + types.front() + "'");
  keep_genes(s, kept);
  s.notes.push_back(std::to_string(others) + " features of another type than '" + wanted +
                    "' are left out");
}

// The group of the matrix: "matrix", or in files of Cell Ranger 1 and 2 the genome.
std::string group_of(const Tree& tree, const std::string& genome) {
  if (tree.is_group("matrix")) return "matrix";
  std::vector<std::string> genomes;
  for (const auto& name : tree.members(""))
    if (tree.is_group(name) && tree.has(name + "/barcodes") && tree.has(name + "/genes"))
      genomes.push_back(name);
  const std::string file = tree.file().string();
  if (genomes.empty())
    throw Error(file, "is no 10x matrix: it holds neither 'matrix' nor a genome");
  if (genome.empty() && genomes.size() == 1) return genomes.front();
  if (genome.empty())
    throw Error(file, "holds " + std::to_string(genomes.size()) + " genomes: " + enumerate(genomes),
                "name one of them (genome)");
  if (std::find(genomes.begin(), genomes.end(), genome) == genomes.end())
    throw Error(file, "holds no genome '" + genome + "'; there are: " + enumerate(genomes));
  return genome;
}

struct Names {
  std::string barcodes, id, name, type;
};

Names names_of(const Tree& tree, const std::string& group) {
  const bool features = tree.is_group(group + "/features");
  const std::string at = group + "/features/";
  Names names{group + "/barcodes", features ? at + "id" : group + "/genes",
              features ? at + "name" : group + "/gene_names", ""};
  if (features && tree.has(at + "feature_type")) names.type = at + "feature_type";
  return names;
}

}  // namespace tenx

Section read_tenx_h5(const std::filesystem::path& file, const ReadOptions& options) {
  const auto tree = h5::Tree::read(file);
  const std::string group = tenx::group_of(tree, options.genome);
  const auto names = tenx::names_of(tree, group);
  std::vector<std::string> wanted{names.barcodes, names.id, names.name};
  if (!names.type.empty()) wanted.push_back(names.type);
  for (const char* part : {"/data", "/indices", "/indptr", "/shape"})
    wanted.push_back(group + part);
  const auto arrays = tree.load(wanted);
  Section s;
  s.id = file.stem().string();
  s.format = group == "matrix" ? "10x" : "10x, one group per genome";
  s.file = file;
  s.barcodes = arrays.at(names.barcodes).texts;
  s.genes = arrays.at(names.name).texts;
  s.gene_ids = arrays.at(names.id).texts;
  const auto shape = arrays.at(group + "/shape").integers();
  const auto features = static_cast<int64_t>(s.genes.size());
  if (shape != std::vector<int64_t>{features, s.spots()})
    throw Error(file.string(), "has a matrix of another shape than its " +
                                   std::to_string(features) + " features and " +
                                   std::to_string(s.spots()) + " barcodes");
  s.counts =
      compressed(file.string() + ": '" + group + "'", s.spots(), features,
                 arrays.at(group + "/indptr").integers(), arrays.at(group + "/indices").integers(),
                 arrays.at(group + "/data").numbers());
  check_section(s);
  if (!names.type.empty()) tenx::keep_type(s, arrays.at(names.type).texts, options.feature_type);
  make_genes_unique(s);
  return s;
}

namespace mex {

struct Entry {
  int64_t feature = 0, barcode = 0;
  double value = 0;
};

Entry parse_entry(std::string_view line, const std::string& where) {
  Entry entry;
  const char *at = line.data(), *end = line.data() + line.size();
  const auto skip = [&] {
    while (at < end && (*at == ' ' || *at == '\t')) ++at;
  };
  auto result = std::from_chars(at, end, entry.feature);
  at = result.ptr;
  skip();
  if (result.ec == std::errc()) result = std::from_chars(at, end, entry.barcode);
  at = result.ptr;
  skip();
  if (result.ec == std::errc()) result = std::from_chars(at, end, entry.value);
  if (result.ec != std::errc() || result.ptr != end)
    throw Error(where,
                "is no entry 'feature barcode count': '" + std::string(line.substr(0, 60)) + "'");
  return entry;
}

// Entries may come in any order.
Counts read_matrix(const std::filesystem::path& file, int64_t barcodes, int64_t features) {
  const std::string text = read_text(file, uint64_t{8} << 30);
  const auto lines = lines_of(text);
  const std::string name = file.string();
  if (lines.empty() || !lines[0].starts_with("%%MatrixMarket matrix coordinate"))
    throw Error(name, "is no Matrix Market file of coordinates");
  size_t at = 0;
  while (at < lines.size() && (lines[at].starts_with('%') || lines[at].empty())) ++at;
  if (at == lines.size()) throw Error(name, "ends before its sizes");
  const auto sizes = parse_entry(lines[at], name + ":" + std::to_string(at + 1));
  if (sizes.feature != features || sizes.barcode != barcodes)
    throw Error(name, "is a matrix [" + std::to_string(sizes.feature) + ", " +
                          std::to_string(sizes.barcode) + "] for " + std::to_string(features) +
                          " features and " + std::to_string(barcodes) + " barcodes");
  std::vector<Entry> entries;
  for (size_t i = at + 1; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    entries.push_back(parse_entry(lines[i], name + ":" + std::to_string(i + 1)));
    const auto& entry = entries.back();
    if (entry.feature < 1 || entry.feature > features || entry.barcode < 1 ||
        entry.barcode > barcodes)
      throw Error(name + ":" + std::to_string(i + 1), "lies outside of the matrix");
  }
  if (static_cast<double>(entries.size()) != sizes.value)
    throw Error(name, "announces " + shortest(sizes.value) + " entries and has " +
                          std::to_string(entries.size()) + ": cut short?");
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.barcode < b.barcode; });
  std::vector<int64_t> begin(static_cast<size_t>(barcodes) + 1, 0), indices;
  std::vector<double> values;
  for (const auto& entry : entries) {
    ++begin[static_cast<size_t>(entry.barcode)];
    indices.push_back(entry.feature - 1);
    values.push_back(entry.value);
  }
  for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  return compressed(name, barcodes, features, begin, indices, std::move(values));
}

std::filesystem::path need(const std::filesystem::path& folder, const std::string& name) {
  const auto file = plain_or_gzip(folder, name);
  if (file.empty()) throw Error(folder.string(), "holds no " + name + " or " + name + ".gz");
  return file;
}

}  // namespace mex

Section read_mex(const std::filesystem::path& folder, const ReadOptions& options) {
  Section s;
  s.id = folder.filename().string();
  s.format = "10x MEX";
  s.file = folder;
  const auto matrix = mex::need(folder, "matrix.mtx");
  auto features = plain_or_gzip(folder, "features.tsv");
  if (features.empty()) features = plain_or_gzip(folder, "genes.tsv");
  if (features.empty()) throw Error(folder.string(), "holds no features.tsv or genes.tsv");
  const std::string barcodes = read_text(mex::need(folder, "barcodes.tsv"));
  for (auto line : lines_of(barcodes)) s.barcodes.emplace_back(fields_of(line, '\t').front());
  std::vector<std::string> types;
  const std::string text = read_text(features);
  for (auto line : lines_of(text)) {
    const auto fields = fields_of(line, '\t');
    if (fields.size() < 2)
      throw Error(features.string(), "has a line without id and name: '" + std::string(line) + "'");
    s.gene_ids.emplace_back(fields[0]);
    s.genes.emplace_back(fields[1]);
    if (fields.size() > 2) types.emplace_back(fields[2]);
  }
  if (types.size() != s.genes.size()) types.clear();
  s.counts = mex::read_matrix(matrix, s.spots(), static_cast<int64_t>(s.genes.size()));
  check_section(s);
  tenx::keep_type(s, types, options.feature_type);
  make_genes_unique(s);
  return s;
}

}  // namespace tractrix::spatial
