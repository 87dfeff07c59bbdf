#include "tractrix/data/cohort.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "gene_bags.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/labels.hpp"

namespace tractrix::data {

// Builds a cohort step by step and collects every finding.
class CohortReader {
 public:
  CohortReader(const DataOptions& options, Labelling labelling, bool checking, Errors& errors)
      : labelling_(labelling), checking_(checking), errors_(errors) {
    cohort_.options_ = options;
  }

  // Nothing without patients: then no other finding makes sense.
  std::optional<Cohort> read() {
    const CsvTable table = open(cohort_.options_.table);
    auto labels = read_labels(table, cohort_.options_, errors_, labelling_);
    cohort_.patients_ = std::move(labels.patients);
    cohort_.notes_ = std::move(labels.notes);
    cohort_.row_times_ = std::move(labels.row_times);
    if (!cohort_.options_.slide_table.empty()) read_slide_table();
    if (!errors_.empty()) return std::nullopt;
    reindex();
    for (const auto& [name, input] : cohort_.options_.inputs) read_input(name, input, table);
    drop_patients();
    return std::move(cohort_);
  }

 private:
  CsvTable open(const std::filesystem::path& file) {
    CsvTable table = CsvTable::read(file);
    cohort_.hashes_[file.string()] = sha256_of_file(file);
    return table;
  }

  void reindex() {
    cohort_.index_.clear();
    for (size_t i = 0; i < cohort_.patients_.size(); ++i)
      cohort_.index_[cohort_.patients_[i].id] = i;
  }

  void read_slide_table() {
    const CsvTable table = open(cohort_.options_.slide_table);
    reindex();
    const int64_t id = table.column(cohort_.options_.id),
                  slide = table.column(cohort_.options_.slide);
    for (auto& patient : cohort_.patients_) patient.slides.clear();
    for (int64_t r = 0; r < table.rows(); ++r) {
      const auto found = cohort_.index_.find(std::string(table.at(r, id)));
      if (found == cohort_.index_.end()) continue;  // slides of patients without a label
      cohort_.patients_[found->second].slides.push_back(slide_name(table.at(r, slide)));
    }
  }

  void read_input(const std::string& name, const InputOptions& input, const CsvTable& own) {
    try {
      if (input.kind == InputKind::vector) {
        read_vector(name, input, input.table.empty() ? own : open(input.table));
      } else {
        read_bags(name, input);
      }
    } catch (const Error& e) {
      errors_.add(e);
    }
  }

  // pandas writes an index, here the patients, as a first column without a name.
  int64_t id_column(const InputOptions& input, const CsvTable& table) {
    const auto& own = cohort_.options_.id;
    if (input.id.empty() && !table.find(own) && table.header().front().empty()) return 0;
    return table.column(input.id.empty() ? own : input.id);
  }

  // Rows of each patient in a table: the lineage repeats values per slide.
  std::vector<std::vector<int64_t>> rows_of_patients(const InputOptions& input,
                                                     const CsvTable& table) {
    const int64_t id = id_column(input, table);
    std::vector<std::vector<int64_t>> rows(cohort_.size());
    for (int64_t r = 0; r < table.rows(); ++r) {
      const auto found = cohort_.index_.find(std::string(table.at(r, id)));
      if (found != cohort_.index_.end()) rows[found->second].push_back(r);
    }
    return rows;
  }

  void read_vector(const std::string& name, const InputOptions& input, const CsvTable& table) {
    VectorInput vector;
    vector.options = input;
    vector.choice = choose_columns(input, cohort_.options_.label, table);
    if (const auto labels = label_like(vector.choice, cohort_.options_.label); !labels.empty()) {
      cohort_.notes_.push_back(
          "input '" + name +
          "' holds label-like columns (select: mcat_block): " + enumerate(labels));
    }
    const auto rows = rows_of_patients(input, table);
    const auto columns = expand(input, table, vector.choice, rows);
    const auto width = static_cast<int64_t>(columns.size());
    vector.values = at::full({static_cast<int64_t>(rows.size()), width},
                             std::numeric_limits<double>::quiet_NaN(), at::kDouble);
    auto* out = vector.values.mutable_data_ptr<double>();
    std::vector<std::string> without;
    std::vector<std::string> different;
    for (size_t p = 0; p < rows.size(); ++p) {
      const std::string& id = cohort_.patients_[p].id;
      auto* values = out + p * columns.size();
      vector.present.push_back(!rows[p].empty());
      bool complete = !rows[p].empty() && read_row(name, table, rows[p].front(), columns, values);
      if (rows[p].size() > 1 && !join_rows(name, table, rows[p], columns, input.repeated, values)) {
        different.push_back(id);
        complete = std::none_of(values, values + columns.size(), [](double v) { return v != v; });
      }
      if (!complete) without.push_back(id);
    }
    report_different(name, input, table, different);
    apply_policy(name, input, without, vector.present);
    cohort_.vectors_[name] = std::move(vector);
  }

  struct Column {
    int64_t source;
    std::string level;  // set: 1 where the cell equals it
  };

  // values: of the first row. False when another one differs; values are then the mean, if asked.
  bool join_rows(const std::string& name, const CsvTable& table, const std::vector<int64_t>& rows,
                 const std::vector<Column>& columns, Repeated repeated, double* values) {
    const auto none = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> sum(values, values + columns.size());
    bool same = true;
    for (size_t i = 1; i < rows.size(); ++i) {
      std::vector<double> other(columns.size(), none);
      read_row(name, table, rows[i], columns, other.data());
      for (size_t c = 0; c < columns.size(); ++c) {
        same = same && (other[c] == values[c] || (std::isnan(other[c]) && std::isnan(values[c])));
        sum[c] += other[c];
      }
    }
    if (!same && repeated == Repeated::mean)
      for (size_t c = 0; c < columns.size(); ++c)
        values[c] = sum[c] / static_cast<double>(rows.size());
    return same;
  }

  void report_different(const std::string& name, const InputOptions& input, const CsvTable& table,
                        const std::vector<std::string>& different) {
    if (different.empty()) return;
    const std::string fact = "input '" + name + "': " + std::to_string(different.size()) +
                             " patients have rows that differ: " + enumerate(different);
    if (input.repeated == Repeated::error) {
      errors_.add(table.where(), fact, "set data.inputs." + name + ".repeated to first or mean");
    } else {
      cohort_.notes_.push_back(
          fact + (input.repeated == Repeated::first ? " -> the first is taken" : " -> their mean"));
    }
  }

  // One-hot columns replace their source; column names become "stage=II".
  std::vector<Column> expand(const InputOptions& input, const CsvTable& table, ColumnChoice& choice,
                             const std::vector<std::vector<int64_t>>& rows) {
    std::vector<Column> columns;
    std::vector<std::string> names;
    for (const auto& name : choice.columns) {
      const int64_t source = table.column(name);
      if (std::find(input.categorical.begin(), input.categorical.end(), name) ==
          input.categorical.end()) {
        columns.push_back({source, {}});
        names.push_back(name);
        continue;
      }
      std::set<std::string> levels;
      for (const auto& of_patient : rows)
        for (int64_t row : of_patient)
          if (!is_missing(table.at(row, source))) levels.emplace(table.at(row, source));
      for (const auto& level : levels) {
        columns.push_back({source, level});
        names.push_back(name + "=" + level);
      }
    }
    choice.columns = std::move(names);
    return columns;
  }

  // False when a cell has no value; other text is an error.
  bool read_row(const std::string& name, const CsvTable& table, int64_t row,
                const std::vector<Column>& columns, double* out) {
    bool complete = true;
    for (size_t c = 0; c < columns.size(); ++c) {
      const auto cell = table.at(row, columns[c].source);
      if (is_missing(cell)) {
        complete = false;
      } else if (!columns[c].level.empty()) {
        out[c] = cell == columns[c].level ? 1 : 0;
      } else if (const auto value = tractrix::parse_number(cell)) {
        out[c] = *value;
      } else {
        errors_.add(table.where(row),
                    "input '" + name + "': column '" +
                        table.header()[static_cast<size_t>(columns[c].source)] + "' holds '" +
                        std::string(cell.substr(0, 40)) + "', a number was expected",
                    "list it below `categorical` if it holds levels");
        return true;
      }
    }
    return complete;
  }

  void read_bags(const std::string& name, const InputOptions& input) {
    BagInput bags;
    bags.options = input;
    bags.source = BagSource::open(input.features, errors_);
    const bool sound = !bags.source->slides().empty();
    if (sound && input.kind == InputKind::genes && !input.signatures.empty()) {
      auto groups = group_genes(name, input, *bags.source, errors_);
      bags.groups = std::move(groups.rows);
      for (auto& note : groups.notes) cohort_.notes_.push_back(std::move(note));
    }
    std::vector<std::string> without;
    std::vector<bool> present;
    for (const auto& patient : cohort_.patients_) {
      auto& slides = bags.slides.emplace_back();
      for (const auto& slide : bag_names(input, patient)) {
        if (bags.source->has(slide)) {
          slides.push_back(slide);
        } else if (!bags.source->refused(slide)) {
          without.push_back(slide == patient.id ? slide : slide + " (" + patient.id + ")");
        }
        if (input.slides == Slides::first) break;
      }
      present.push_back(!slides.empty());
    }
    report_unlisted(name, bags);
    if (input.missing == Missing::error && !without.empty()) {
      errors_.add(input.features.string(),
                  "input '" + name + "': no features for " + std::to_string(without.size()) +
                      (input.kind == InputKind::genes ? " patients: " : " slides: ") +
                      enumerate(without),
                  "add them, or set data.inputs." + name + ".missing to drop_patient or absent");
    } else {
      std::vector<std::string> lost;
      for (size_t p = 0; p < present.size(); ++p)
        if (!present[p] && !any_refused(bags, p)) lost.push_back(cohort_.patients_[p].id);
      apply_policy(name, input, lost, present);
    }
    cohort_.bags_[name] = std::move(bags);
  }

  // Gene bags are named by patient.
  static std::vector<std::string> bag_names(const InputOptions& input, const Patient& patient) {
    return input.kind == InputKind::genes ? std::vector<std::string>{patient.id} : patient.slides;
  }

  bool any_refused(const BagInput& bags, size_t p) const {
    const auto names = bag_names(bags.options, cohort_.patients_[p]);
    return std::any_of(names.begin(), names.end(),
                       [&](const auto& slide) { return bags.source->refused(slide); });
  }

  void report_unlisted(const std::string& name, const BagInput& bags) {
    std::set<std::string> listed;
    for (const auto& patient : cohort_.patients_)
      for (auto& slide : bag_names(bags.options, patient)) listed.insert(std::move(slide));
    std::vector<std::string> unlisted;
    for (const auto& slide : bags.source->slides())
      if (!listed.contains(slide)) unlisted.push_back(slide);
    if (unlisted.empty()) return;
    const bool genes = bags.options.kind == InputKind::genes;
    const std::string fact = "input '" + name + "': " + std::to_string(unlisted.size()) +
                             " bags are of no " + (genes ? "patient" : "slide") +
                             " of the table: " + enumerate(unlisted);
    if (checking_ && bags.options.unlisted == Unlisted::error) {
      errors_.add(bags.options.features.string(), fact,
                  "set data.inputs." + name + ".unlisted=ignore if they are not meant to be there");
    } else {
      cohort_.notes_.push_back(fact + " -> not used");
    }
  }

  void apply_policy(const std::string& name, const InputOptions& input,
                    const std::vector<std::string>& without, std::vector<bool>& present) {
    if (without.empty()) return;
    const std::string fact = "input '" + name + "': " + std::to_string(without.size()) +
                             " patients without a value: " + enumerate(without);
    switch (input.missing) {
      case Missing::error:
        errors_.add(cohort_.options_.table.string(), fact,
                    "set data.inputs." + name + ".missing to drop_patient" +
                        (input.kind == InputKind::vector ? ", train_mean" : "") + " or absent");
        return;
      case Missing::drop_patient:
        dropped_.insert(without.begin(), without.end());
        break;
      case Missing::absent:
        for (const auto& id : without) present[cohort_.index_.at(id)] = false;
        break;
      case Missing::train_mean:
        break;  // NaN stays; the fold's scaler fills it
    }
    constexpr const char* kDone[] = {"", "left out", "imputed with the training mean",
                                     "run without it"};
    cohort_.notes_.push_back(fact + " -> " + kDone[static_cast<int>(input.missing)]);
  }

  void drop_patients() {
    if (dropped_.empty()) return;
    std::vector<int64_t> kept;
    for (size_t p = 0; p < cohort_.size(); ++p)
      if (!dropped_.contains(cohort_.patients_[p].id)) kept.push_back(static_cast<int64_t>(p));
    const auto pick = [&](auto& list) {
      auto old = std::move(list);
      list.clear();
      for (int64_t p : kept) list.push_back(old[p]);
    };
    pick(cohort_.patients_);
    for (auto& [name, vector] : cohort_.vectors_) {
      vector.values = vector.values.index_select(0, at::tensor(kept, at::kLong));
      pick(vector.present);
    }
    for (auto& [name, bags] : cohort_.bags_) pick(bags.slides);
    reindex();
  }

  Labelling labelling_;
  bool checking_;  // list everything
  Errors& errors_;
  Cohort cohort_;
  std::set<std::string> dropped_;
};

Cohort Cohort::load(const DataOptions& options, Labelling labelling) {
  Errors errors;
  auto cohort = CohortReader(options, labelling, false, errors).read();
  errors.raise();
  return std::move(*cohort);
}

std::optional<Cohort> Cohort::check(const DataOptions& options, Errors& errors) {
  try {
    return CohortReader(options, Labelling::required, true, errors).read();
  } catch (const Error& e) {  // a table that cannot be read
    errors.add(e);
    return std::nullopt;
  }
}

size_t Cohort::events() const {
  return static_cast<size_t>(
      std::count_if(patients_.begin(), patients_.end(), [](const auto& p) { return p.event; }));
}

size_t Cohort::index(const std::string& id) const {
  const auto found = index_.find(id);
  if (found == index_.end())
    throw Error(options_.table.string(), "there is no patient '" + id + "'");
  return found->second;
}

bool Cohort::synthetic() const {
  return std::any_of(bags_.begin(), bags_.end(),
                     [](const auto& item) { return item.second.source->synthetic(); });
}

}  // namespace tractrix::data
