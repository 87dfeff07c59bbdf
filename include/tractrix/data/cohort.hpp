// A cohort: its patients, their labels, their vectors, and where their bags lie. No fold, no
// scaler, no bins: those belong to a FoldView.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tractrix/data/bag_source.hpp"
#include "tractrix/data/columns.hpp"
#include "tractrix/data/options.hpp"

namespace tractrix::data {

struct Patient {
  std::string id;
  double time = 0;  // in the table's unit
  bool event = false;
  std::vector<std::string> slides;  // names without extension, in table order
  bool labelled = true;             // false: time is NaN; only where labels are optional
};

// Training needs a label of every patient; a model can predict without one.
enum class Labelling { required, optional };

// Raw values of one vector input for every patient.
struct VectorInput {
  ColumnChoice choice;
  at::Tensor values;          // [P, D] double; NaN = missing cell
  std::vector<bool> present;  // false: the patient has no row
  InputOptions options;
};

struct BagInput {
  std::shared_ptr<BagSource> source;
  std::vector<std::vector<std::string>> slides;  // per patient; empty: the patient has no bag
  Named<std::vector<int64_t>> groups;            // rows of a gene bag by pathway
  InputOptions options;
};

class Cohort {
 public:
  // Reads every table and opens every bag source. Throws one Error with all findings: missing
  // columns, times that are no number or negative, contradicting labels of one patient, duplicate
  // slides, missing or unreadable features, ...
  // optional: missing label columns or cells leave patients without a label, which is noted.
  static Cohort load(const DataOptions& options, Labelling labelling = Labelling::required);
  // Goes on after a finding where it can, and looks for more: files of no listed slide. Nothing
  // when there are no patients to go on with. For checks, never for a run.
  static std::optional<Cohort> check(const DataOptions& options, Errors& errors);

  const DataOptions& options() const { return options_; }
  const std::vector<Patient>& patients() const { return patients_; }
  size_t size() const { return patients_.size(); }
  size_t events() const;
  bool has(const std::string& id) const { return index_.contains(id); }
  size_t index(const std::string& id) const;  // throws for an unknown id

  const Named<VectorInput>& vectors() const { return vectors_; }
  const Named<BagInput>& bags() const { return bags_; }
  // Times of all rows of the table, for MCAT's outer bin edges.
  const std::vector<double>& row_times() const { return row_times_; }
  // Of every table read, by path: for run.json.
  const Named<std::string>& hashes() const { return hashes_; }
  // True when any bag source says that its features are made up.
  bool synthetic() const;
  // What a policy changed, one line each: logged and kept with the run.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend class CohortReader;
  DataOptions options_;
  std::vector<Patient> patients_;
  std::unordered_map<std::string, size_t> index_;
  Named<VectorInput> vectors_;
  Named<BagInput> bags_;
  std::vector<double> row_times_;
  Named<std::string> hashes_;
  std::vector<std::string> notes_;
};

}  // namespace tractrix::data
