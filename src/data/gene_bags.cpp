#include "gene_bags.hpp"

#include <algorithm>
#include <unordered_map>

#include "tractrix/data/columns.hpp"

namespace tractrix::data {
namespace gene_bags {

class CohortFile final : public BagSource {
 public:
  explicit CohortFile(FeatureFile file) : file_(std::move(file)) {
    const auto& texts = file_.info().texts;
    if (std::find(texts.begin(), texts.end(), "gene_names") != texts.end()) rows_ = file_.names();
  }
  bool has(const std::string& patient) const override {
    const auto& all = file_.info().members;
    return std::find(all.begin(), all.end(), patient) != all.end();
  }
  int64_t columns() const override { return file_.info().columns; }
  int64_t rows(const std::string&) const override { return file_.info().rows; }
  at::Tensor read(const std::string& patient) const override { return file_.read(patient); }
  at::Tensor coords(const std::string&) const override { return {}; }
  bool synthetic() const override { return file_.info().synthetic; }
  std::vector<std::string> slides() const override { return file_.info().members; }
  std::filesystem::path path() const override { return file_.info().file; }
  std::vector<std::string> row_names() const override { return rows_; }

 private:
  FeatureFile file_;
  std::vector<std::string> rows_;
};

// Position of each gene; empty after a finding.
std::unordered_map<std::string, int64_t> positions(const std::vector<std::string>& names,
                                                   const std::string& where, Errors& errors) {
  std::unordered_map<std::string, int64_t> position;
  std::vector<std::string> twice;
  for (size_t i = 0; i < names.size(); ++i)
    if (!position.emplace(names[i], static_cast<int64_t>(i)).second) twice.push_back(names[i]);
  if (names.empty()) {
    errors.add(where, "names no genes: pathways cannot find their rows",
               "write the genes as a data set gene_names, or leave `signatures` out");
  } else if (!twice.empty()) {
    errors.add(where, "names genes twice: " + enumerate(twice), "keep one row per gene");
    position.clear();
  }
  return position;
}

}  // namespace gene_bags

std::string names_differ(const std::vector<std::string>& names,
                         const std::vector<std::string>& expected, const std::string& of) {
  if (names.size() != expected.size()) {
    return "has " + std::to_string(names.size()) + " genes, " + of + " " +
           std::to_string(expected.size());
  }
  const auto [here, there] = std::mismatch(names.begin(), names.end(), expected.begin());
  if (here == names.end()) return {};
  return "gene " + std::to_string(here - names.begin()) + " is '" + *here + "', in " + of + " '" +
         *there + "'";
}

GeneGroups group_genes(const std::string& name, const InputOptions& input, const BagSource& source,
                       Errors& errors) {
  GeneGroups groups;
  const size_t before = errors.size();
  const std::string where = source.path().string();
  const auto position = gene_bags::positions(source.row_names(), where, errors);
  if (position.empty()) return groups;
  for (const auto& [pathway, symbols] : read_signatures(input.signatures)) {
    std::vector<std::string> found, absent;
    for (const auto& symbol : symbols)
      (position.contains(symbol) ? found : absent).push_back(symbol);
    const std::string fact = "input '" + name + "': pathway '" + pathway + "' has " +
                             std::to_string(absent.size()) + " of " +
                             std::to_string(symbols.size()) +
                             " genes that are not in the bags: " + enumerate(absent);
    if (!absent.empty() && input.absent_genes == AbsentGenes::error) {
      errors.add(where, fact, "set data.inputs." + name + ".absent_genes=leave_out");
    } else if (!absent.empty()) {
      groups.notes.push_back(fact + (found.empty() ? " -> pathway left out" : " -> left out"));
    }
    if (found.empty()) continue;
    std::sort(found.begin(), found.end());
    auto& rows = groups.rows[pathway];
    for (const auto& symbol : found) rows.push_back(position.at(symbol));
  }
  if (errors.size() == before && groups.rows.empty())
    errors.add(input.signatures.string(), "no pathway has a gene of " + where);
  return groups;
}

std::shared_ptr<BagSource> open_gene_cohort(FeatureFile file) {
  return std::make_shared<gene_bags::CohortFile>(std::move(file));
}

}  // namespace tractrix::data
