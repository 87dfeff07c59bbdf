#include "tractrix/eval/predictions.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::eval {
namespace {

class Reader {
 public:
  Reader(const CsvTable& table, const ColumnMap& map) : table_(table), map_(map) {}

  Predictions read() {
    id_ = table_.column(map_.id);
    risk_ = table_.column(map_.risk);
    fold_ = table_.find(map_.fold);
    time_ = table_.column(map_.time);
    event_ = table_.column(map_.censorship.empty() ? map_.event : map_.censorship);
    find_survival_columns();
    for (const auto& [name, value] : map_.only) only_.emplace_back(table_.column(name), value);
    for (int64_t row = 0; row < table_.rows(); ++row)
      if (wanted(row)) add(row);
    errors_.raise();
    if (predictions_.rows.empty()) throw Error(table_.where(), "no row holds what is asked for");
    return std::move(predictions_);
  }

 private:
  // S_t1, S_t2, ... in this order, whatever their places in the table.
  void find_survival_columns() {
    int64_t named = 0;
    for (const auto& name : table_.header()) named += name.starts_with("S_t");
    for (int64_t k = 1; k <= named; ++k)
      survival_.push_back(table_.column("S_t" + std::to_string(k)));
  }

  bool wanted(int64_t row) const {
    return std::all_of(only_.begin(), only_.end(), [&](const auto& condition) {
      return table_.at(row, condition.first) == condition.second;
    });
  }

  void refuse(int64_t row, int64_t column, const std::string& expected) {
    errors_.add(table_.where(row), "'" + table_.header()[static_cast<size_t>(column)] + "' is '" +
                                       std::string(table_.at(row, column).substr(0, 40)) + "', " +
                                       expected + " was expected");
  }

  void add(int64_t row) {
    PredictionRow out;
    out.id = table_.at(row, id_);
    if (out.id.empty()) refuse(row, id_, "a patient's name");
    if (const auto risk = parse_number(table_.at(row, risk_))) {
      out.risk = map_.risk_is_survival ? -*risk : *risk;
    } else {
      refuse(row, risk_, "a finite number");
    }
    if (fold_) {
      const auto fold = parse_integer(table_.at(row, *fold_));
      if (!fold) refuse(row, *fold_, "a whole number");
      out.fold = fold.value_or(0);
    }
    if (!table_.at(row, time_).empty()) {
      out.time = parse_number(table_.at(row, time_));
      if (!out.time) refuse(row, time_, "a number");
    }
    if (!table_.at(row, event_).empty()) {
      const auto status = parse_number(table_.at(row, event_));
      if (!status || (*status != 0 && *status != 1)) refuse(row, event_, "0 or 1");
      if (status) out.event = (*status == 1) == map_.censorship.empty();
    }
    for (int64_t column : survival_) {
      const auto value = parse_number(table_.at(row, column));
      if (!value || *value < 0 || *value > 1) refuse(row, column, "a probability");
      out.survival.push_back(value.value_or(0));
    }
    if (!seen_.insert({out.fold, out.id}).second)
      errors_.add(table_.where(row),
                  "patient '" + out.id + "' is twice in fold " + std::to_string(out.fold));
    predictions_.rows.push_back(std::move(out));
  }

  const CsvTable& table_;
  const ColumnMap& map_;
  int64_t id_ = 0, risk_ = 0, time_ = 0, event_ = 0;
  std::optional<int64_t> fold_;
  std::vector<int64_t> survival_;
  std::vector<std::pair<int64_t, std::string>> only_;  // column, value
  std::set<std::pair<int64_t, std::string>> seen_;
  Errors errors_;
  Predictions predictions_;
};

}  // namespace

void write_predictions(const std::filesystem::path& file, const Predictions& predictions) {
  size_t bins = 0;
  for (const auto& row : predictions.rows) bins = std::max(bins, row.survival.size());
  for (const auto& row : predictions.rows)
    if (row.survival.size() != bins)
      throw std::logic_error("predictions with different numbers of survival probabilities");
  std::string text = "case_id,fold,time,event,risk";
  for (size_t k = 1; k <= bins; ++k) text += ",S_t" + std::to_string(k);
  text += "\n";
  for (const auto& row : predictions.rows) {
    text += csv_field(row.id) + "," + std::to_string(row.fold) + "," +
            (row.time ? shortest(*row.time) : "") + "," +
            (row.event ? (*row.event ? "1" : "0") : "") + "," + shortest(row.risk);
    for (double s : row.survival) text += "," + shortest(s);
    text += "\n";
  }
  write_file(file, text);
}

Predictions read_predictions(const std::filesystem::path& file, const ColumnMap& map) {
  const auto table = CsvTable::read(file, {map.separator});
  return Reader(table, map).read();
}

}  // namespace tractrix::eval
