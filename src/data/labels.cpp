#include "tractrix/data/labels.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <unordered_map>

namespace tractrix::data {
namespace labels_detail {

// Reads one table; keeps going after a defect, so that all are listed.
class LabelReader {
 public:
  LabelReader(const CsvTable& table, const DataOptions& options, Errors& errors,
              Labelling labelling)
      : table_(table),
        options_(options),
        errors_(errors),
        optional_(labelling == Labelling::optional) {}

  Labels read() {
    const auto& label = options_.label;
    const auto id = need(options_.id), time = label_column(label.time),
               status = label_column(label.event.empty() ? label.censorship : label.event);
    if (!id || (!optional_ && (!time || !status))) return {};
    const auto slide = options_.slide_table.empty() ? table_.find(options_.slide) : std::nullopt;
    for (int64_t row = 0; row < table_.rows(); ++row) {
      const std::string name(table_.at(row, *id));
      if (is_missing(name)) {
        errors_.add(table_.where(row), "the patient column '" + options_.id + "' is empty");
        continue;
      }
      const auto found = read_label(row, time, status);
      if (!found) continue;
      Patient& patient = add(name, *found, row);
      if (found->known) labels_.row_times.push_back(found->time);
      if (slide) add_slide(patient, row, *slide);
    }
    check_whole();
    return std::move(labels_);
  }

 private:
  struct Label {
    double time = std::numeric_limits<double>::quiet_NaN();
    bool event = false, known = false;
  };

  std::optional<int64_t> label_column(const std::string& column) {
    return optional_ ? table_.find(column) : need(column);
  }

  // Nothing after a defect.
  std::optional<Label> read_label(int64_t row, std::optional<int64_t> time,
                                  std::optional<int64_t> status) {
    if (optional_ && (!time || !status || is_missing(table_.at(row, *time)) ||
                      is_missing(table_.at(row, *status)))) {
      return Label{};
    }
    const auto months = read_time(row, *time);
    const auto event =
        options_.label.event.empty() ? read_censorship(row, *status) : read_event(row, *status);
    if (!months || !event) return std::nullopt;
    return Label{*months, *event, true};
  }

  std::optional<int64_t> need(const std::string& column) {
    try {
      return table_.column(column);
    } catch (const Error& e) {
      errors_.add(e);
      return std::nullopt;
    }
  }

  std::optional<double> read_time(int64_t row, int64_t column) {
    const auto cell = table_.at(row, column);
    const std::string name = "'" + options_.label.time + "'";
    const auto value = parse_number(cell);
    if (is_missing(cell)) {
      errors_.add(table_.where(row), "the time " + name + " is missing",
                  "leave the row out, or give its follow-up time");
    } else if (!value) {
      errors_.add(table_.where(row), "the time " + name + " is '" +
                                         std::string(cell.substr(0, 40)) +
                                         "', a number was expected");
    } else if (*value < 0) {
      errors_.add(table_.where(row), "the time " + name + " is negative: " + std::string(cell));
    } else {
      return value;
    }
    return std::nullopt;
  }

  std::optional<bool> read_censorship(int64_t row, int64_t column) {
    const auto cell = table_.at(row, column);
    const auto value = parse_number(cell);
    if (cell == "True" || cell == "true" || cell == "TRUE") return false;
    if (cell == "False" || cell == "false" || cell == "FALSE") return true;
    if (value && (*value == 0 || *value == 1)) return *value == 0;
    errors_.add(table_.where(row), "'" + options_.label.censorship + "' is '" +
                                       std::string(cell.substr(0, 40)) +
                                       "'; 1 (censored) or 0 (event) was expected");
    return std::nullopt;
  }

  std::optional<bool> read_event(int64_t row, int64_t column) {
    const auto cell = table_.at(row, column);
    if (is_missing(cell)) {
      errors_.add(table_.where(row), "the event '" + options_.label.event + "' is missing");
      return std::nullopt;
    }
    const auto value = parse_number(cell), wanted = parse_number(options_.label.event_value);
    if (value && wanted) return *value == *wanted;
    return cell == options_.label.event_value;
  }

  Patient& add(const std::string& id, const Label& label, int64_t row) {
    const auto [found, fresh] = index_.try_emplace(id, labels_.patients.size());
    if (fresh) {
      labels_.patients.push_back({id, label.time, label.event, {}, label.known});
      first_row_.push_back(row);
    }
    Patient& patient = labels_.patients[found->second];
    const bool same = patient.labelled == label.known && patient.event == label.event &&
                      (!label.known || patient.time == label.time);
    if (!same) {
      errors_.add(table_.where(row), "patient '" + id + "' has another time or status than at " +
                                         table_.where(first_row_[found->second]));
    }
    return patient;
  }

  void add_slide(Patient& patient, int64_t row, int64_t column) {
    const auto cell = table_.at(row, column);
    if (is_missing(cell)) return;
    const std::string name = slide_name(cell);
    const auto [before, fresh] = slides_.try_emplace(name, row);
    if (!fresh) {
      errors_.add(table_.where(row),
                  "slide '" + name + "' is listed twice; first at " + table_.where(before->second));
      return;
    }
    patient.slides.push_back(name);
  }

  void check_whole() {
    if (!errors_.empty()) return;
    const auto& patients = labels_.patients;
    if (patients.empty()) {
      errors_.add(table_.where(), "holds no patient");
      return;
    }
    if (optional_) {
      note_unlabelled();
      return;
    }
    const auto events =
        std::count_if(patients.begin(), patients.end(), [](const auto& p) { return p.event; });
    if (events == 0) {
      errors_.add(table_.where(),
                  "no event among " + std::to_string(patients.size()) +
                      " patients: survival cannot be learnt",
                  options_.label.event.empty()
                      ? "is '" + options_.label.censorship + "' 1 for censored patients?"
                      : "is data.label.event_value right?");
    }
  }

  void note_unlabelled() {
    std::vector<std::string> without;
    for (const auto& patient : labels_.patients)
      if (!patient.labelled) without.push_back(patient.id);
    if (without.empty()) return;
    const auto& label = options_.label;
    const std::string& status = label.event.empty() ? label.censorship : label.event;
    std::string why = "'" + label.time + "' or '" + status + "' is empty";
    if (!table_.find(label.time) || !table_.find(status))
      why = "the table has no column '" + (table_.find(label.time) ? status : label.time) + "'";
    labels_.notes.push_back(std::to_string(without.size()) + " of " +
                            std::to_string(labels_.patients.size()) + " patients have no label (" +
                            why + "): " + enumerate(without));
  }

  const CsvTable& table_;
  const DataOptions& options_;
  Errors& errors_;
  bool optional_;
  Labels labels_;
  std::unordered_map<std::string, size_t> index_;
  std::unordered_map<std::string, int64_t> slides_;
  std::vector<int64_t> first_row_;
};

}  // namespace labels_detail

Labels read_labels(const CsvTable& table, const DataOptions& options, Errors& errors,
                   Labelling labelling) {
  return labels_detail::LabelReader(table, options, errors, labelling).read();
}

std::string slide_name(std::string_view cell) {
  constexpr std::array kExtensions{".svs", ".tiff", ".tif", ".ndpi", ".mrxs", ".scn", ".h5", ".pt"};
  for (std::string_view extension : kExtensions) {
    if (cell.ends_with(extension))
      return std::string(cell.substr(0, cell.size() - extension.size()));
  }
  return std::string(cell);
}

}  // namespace tractrix::data
