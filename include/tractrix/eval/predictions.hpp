// Predictions as a table: case_id, fold, time, event, risk, S_t1 .. S_tK. Every number reads back
// to the same bits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tractrix::eval {

struct PredictionRow {
  std::string id;
  int64_t fold = 0;
  std::optional<double> time;  // none: the patient's label is not known
  std::optional<bool> event;
  double risk = 0;               // higher = earlier event
  std::vector<double> survival;  // [K], probability of surviving bin k; empty for Cox heads
};

struct Predictions {
  std::vector<PredictionRow> rows;
};

// Foreign tables: which column holds what.
struct ColumnMap {
  std::string id = "case_id", fold = "fold", time = "time", event = "event", risk = "risk";
  std::string censorship;         // instead of event: 1 = censored
  bool risk_is_survival = false;  // higher = later event: the sign is turned
  // Only rows that hold these values: column, value. For tables of several models or cohorts.
  std::vector<std::pair<std::string, std::string>> only;
  char separator = ',';
};

// Atomic. All rows have the same number of survival probabilities.
void write_predictions(const std::filesystem::path& file, const Predictions& predictions);

// Throws an Error that lists all defects with file:line: a missing column (S_t1 .. S_tK without a
// gap included), a risk that is no finite number, a probability outside [0, 1], a status other than
// 0 and 1, an empty id, a patient twice in a fold. A missing fold column means fold 0; other
// columns are left out. Throws one, too, when `only` leaves no row.
Predictions read_predictions(const std::filesystem::path& file, const ColumnMap& map = {});

}  // namespace tractrix::eval
