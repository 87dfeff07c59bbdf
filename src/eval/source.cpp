#include "tractrix/eval/source.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/json.hpp"

namespace tractrix::eval {
namespace source_detail {

namespace fs = std::filesystem;

// Bin edges in the header of a model file; the weights behind it are not read. None for a model
// without edges.
std::vector<double> edges_of(const fs::path& file) {
  constexpr uint64_t kMostHeader = 100'000'000;
  std::ifstream in(file, std::ios::binary);
  uint64_t length = 0;
  char bytes[sizeof length];
  if (!in.read(bytes, sizeof bytes)) throw Error(file.string(), "is no safetensors file");
  std::memcpy(&length, bytes, sizeof length);
  if (length > kMostHeader) throw Error(file.string(), "is no safetensors file");
  std::string text(length, ' ');
  if (!in.read(text.data(), static_cast<std::streamsize>(length)))
    throw Error(file.string(), "is cut off within its header");
  try {
    const auto metadata = Json::parse(text).at("__metadata__");
    const auto preparation = Json::parse(metadata.at("preparation").get<std::string>());
    return preparation.at("edges").get<std::vector<double>>();
  } catch (const Json::exception& e) {
    throw Error(file.string(), std::string("its bin edges cannot be read: ") + e.what());
  }
}

std::map<int64_t, fs::path> fold_folders(const fs::path& run) {
  if (!fs::exists(run / "run.json"))
    throw Error(run.string(), "is no run: it has no run.json",
                "a run's folder or a prediction table was expected");
  std::map<int64_t, fs::path> folders;
  for (const auto& entry : fs::directory_iterator(run)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || !name.starts_with("fold_")) continue;
    if (const auto fold = parse_integer(name.substr(5))) folders[*fold] = entry.path();
  }
  return folders;
}

void add_row(LabelColumns& labels, const PredictionRow& row, const std::string& where) {
  if (!row.time || !row.event) throw Error(where, "patient '" + row.id + "' has no label");
  labels.time.push_back(*row.time);
  labels.event.push_back(*row.event ? 1 : 0);
}

FoldContext context_of(const fs::path& folder, const std::string& selection) {
  FoldContext context;
  const auto model = folder / (selection + ".safetensors");
  if (fs::exists(model)) context.edges = edges_of(model);
  const auto own = folder / ("predictions_" + selection + "_train.csv");
  const auto last = folder / "predictions_last_train.csv";
  const auto& file = fs::exists(own) ? own : last;
  if (!fs::exists(file)) return context;
  for (const auto& row : read_predictions(file).rows) {
    add_row(context.training, row, file.string());
    if (&file == &own) context.training_risk.push_back(row.risk);
  }
  return context;
}

// The labels of a cohort's patients, each once.
class Cohort {
 public:
  Cohort(const fs::path& file, const ColumnMap& map)
      : table_(CsvTable::read(file, {map.separator})), map_(map) {}

  std::map<std::string, std::pair<double, bool>> read() {
    const int64_t id = table_.column(map_.id), time = table_.column(map_.time);
    const int64_t event = table_.column(map_.censorship.empty() ? map_.event : map_.censorship);
    for (int64_t row = 0; row < table_.rows(); ++row) {
      const auto t = parse_number(table_.at(row, time)), e = parse_number(table_.at(row, event));
      if (!t || !e || (*e != 0 && *e != 1)) {
        errors_.add(table_.where(row), "a time and a status of 0 or 1 were expected, not '" +
                                           std::string(table_.at(row, time)) + "' and '" +
                                           std::string(table_.at(row, event)) + "'");
        continue;
      }
      add(row, std::string(table_.at(row, id)), {*t, (*e == 1) == map_.censorship.empty()});
    }
    errors_.raise();
    return std::move(labels_);
  }

 private:
  void add(int64_t row, const std::string& id, const std::pair<double, bool>& label) {
    const auto [known, fresh] = labels_.emplace(id, label);
    if (!fresh && known->second != label)
      errors_.add(table_.where(row), "contradicts an earlier row of patient '" + id + "'");
  }

  CsvTable table_;
  const ColumnMap& map_;
  std::map<std::string, std::pair<double, bool>> labels_;
  Errors errors_;
};

}  // namespace source_detail

Source table_source(const std::filesystem::path& file, const ColumnMap& map) {
  return {file.string(), read_predictions(file, map), {}, {}};
}

Source run_source(const std::filesystem::path& run, const std::string& selection) {
  Source source;
  source.where = run.string() + ", " + selection;
  for (const auto& [fold, folder] : source_detail::fold_folders(run)) {
    const auto file = folder / ("predictions_" + selection + ".csv");
    if (!std::filesystem::exists(file)) {
      source.unfinished.push_back(fold);
      continue;
    }
    auto rows = read_predictions(file).rows;
    for (auto& row : rows) row.fold = fold;
    source.predictions.rows.insert(source.predictions.rows.end(), rows.begin(), rows.end());
    source.folds[fold] = source_detail::context_of(folder, selection);
  }
  if (source.predictions.rows.empty())
    throw Error(run.string(), "no fold has predictions of the selection '" + selection + "'",
                "is a fold finished? --select last, best or inner chooses");
  return source;
}

std::vector<std::string> selections_of(const std::filesystem::path& run) {
  std::vector<std::string> found;
  const auto folders = source_detail::fold_folders(run);
  for (const char* selection : {"last", "inner", "best"}) {
    const bool any = std::any_of(folders.begin(), folders.end(), [&](const auto& item) {
      return std::filesystem::exists(item.second /
                                     (std::string("predictions_") + selection + ".csv"));
    });
    if (any) found.push_back(selection);
  }
  if (found.empty())
    throw Error(run.string(), "no fold of this run is finished", "go on with --resume");
  return found;
}

void add_training(Source& source, const std::filesystem::path& file, const ColumnMap& map) {
  const auto labels = source_detail::Cohort(file, map).read();
  std::map<int64_t, std::set<std::string>> evaluated;
  for (const auto& row : source.predictions.rows) evaluated[row.fold].insert(row.id);
  for (const auto& [fold, ids] : evaluated) {
    LabelColumns training;
    for (const auto& [id, label] : labels) {
      if (ids.contains(id)) continue;
      training.time.push_back(label.first);
      training.event.push_back(label.second ? 1 : 0);
    }
    if (training.time.empty())
      throw Error(file.string(), "fold " + std::to_string(fold) +
                                     " evaluates every patient of it: none is left for training");
    source.folds[fold].training = std::move(training);
  }
}

}  // namespace tractrix::eval
