#include "tractrix/data/preparation.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "tractrix/survival/bins.hpp"

namespace tractrix::data {
namespace preparation_detail {

std::vector<int64_t> rows_of(const Cohort& cohort, const std::vector<std::string>& ids) {
  std::vector<int64_t> rows;
  for (const auto& id : ids) rows.push_back(static_cast<int64_t>(cohort.index(id)));
  return rows;
}

std::vector<double> fit_edges(const Cohort& cohort, const std::vector<std::string>& train) {
  const auto& bins = cohort.options().bins;
  std::vector<double> times;
  std::vector<uint8_t> events;
  const auto add = [&](const Patient& patient) {
    times.push_back(patient.time);
    events.push_back(patient.event);
  };
  if (bins.fit == BinFit::cohort) {
    for (const auto& patient : cohort.patients()) add(patient);
    return survival::time_edges(times, events, cohort.row_times(), bins.count);
  }
  for (const auto& id : train) add(cohort.patients()[cohort.index(id)]);
  return survival::time_edges(times, events, times, bins.count);
}

Scaler identity(int64_t width) {
  return {at::zeros({width}, at::kDouble), at::ones({width}, at::kDouble)};
}

[[noreturn]] void refuse_unseen(const Cohort& cohort, const std::string& name) {
  throw Error(cohort.options().table.string(),
              "no training patient has the input '" + name + "': nothing can be learnt from it",
              "remove data.inputs." + name + ", or withhold it from fewer training patients");
}

std::vector<double> numbers(const at::Tensor& t) {
  const auto c = t.contiguous();
  return {c.const_data_ptr<double>(), c.const_data_ptr<double>() + c.numel()};
}

}  // namespace preparation_detail

Preparation Preparation::fit(const Cohort& cohort, const std::vector<std::string>& train,
                             const Withheld& withheld) {
  using namespace preparation_detail;
  Preparation result;
  result.edges = fit_edges(cohort, train);
  for (const auto& [name, vector] : cohort.vectors()) {
    auto& prepared = result.vectors[name];
    prepared.choice = vector.choice;
    prepared.impute = vector.options.missing == Missing::train_mean;
    std::vector<int64_t> rows;
    for (int64_t row : rows_of(cohort, train)) {
      const auto& id = cohort.patients()[static_cast<size_t>(row)].id;
      if (vector.present[row] && !withheld.has(name, id)) rows.push_back(row);
    }
    if (rows.empty()) refuse_unseen(cohort, name);
    const auto fitted = Scaler::fit(vector.values.index_select(0, at::tensor(rows, at::kLong)));
    prepared.scaler = identity(vector.values.size(1));
    if (prepared.impute) prepared.scaler.mean = fitted.mean;
    if (vector.options.standardise) prepared.scaler = fitted;
  }
  for (const auto& [name, bags] : cohort.bags()) {
    const bool seen = std::any_of(train.begin(), train.end(), [&](const auto& id) {
      return !bags.slides[cohort.index(id)].empty() && !withheld.has(name, id);
    });
    if (!seen && !train.empty()) refuse_unseen(cohort, name);
    result.bags[name] = {Kind::bag, bags.source->columns(), bags.groups};
    if (auto rows = bags.source->row_names(); !rows.empty()) result.genes[name] = std::move(rows);
  }
  return result;
}

Schema Preparation::schema() const {
  Schema schema;
  schema.edges = edges;
  for (const auto& [name, vector] : vectors) {
    schema.inputs[name] = {Kind::vector, static_cast<int64_t>(vector.choice.columns.size()),
                           vector.choice.groups};
  }
  for (const auto& [name, width] : bags) schema.inputs[name] = width;
  return schema;
}

int64_t Preparation::bin(double time) const { return survival::label(edges, time); }

Json Preparation::to_json() const {
  using preparation_detail::numbers;
  Json json;
  json["edges"] = edges;
  for (const auto& [name, vector] : vectors) {
    Json groups = Json::object();
    for (const auto& [group, indices] : vector.choice.groups) groups[group] = indices;
    json["vectors"][name] = {{"columns", vector.choice.columns},
                             {"groups", groups},
                             {"impute", vector.impute},
                             {"mean", numbers(vector.scaler.mean)},
                             {"scale", numbers(vector.scaler.scale)}};
  }
  for (const auto& [name, width] : bags) {
    json["bags"][name] = {{"columns", width.columns}};
    for (const auto& [group, rows] : width.groups) json["bags"][name]["groups"][group] = rows;
    if (const auto* rows = genes.find(name)) json["bags"][name]["genes"] = *rows;
  }
  return json;
}

Preparation Preparation::from_json(const Json& json, const std::string& where) {
  try {
    Preparation result;
    result.edges = json.at("edges").get<std::vector<double>>();
    if (json.contains("vectors")) {
      for (const auto& [name, entry] : json.at("vectors").items()) {
        auto& vector = result.vectors[name];
        vector.choice.columns = entry.at("columns").get<std::vector<std::string>>();
        for (const auto& [group, indices] : entry.at("groups").items()) {
          vector.choice.groups[group] = indices.get<std::vector<int64_t>>();
        }
        vector.impute = entry.at("impute").get<bool>();
        vector.scaler.mean = at::tensor(entry.at("mean").get<std::vector<double>>(), at::kDouble);
        vector.scaler.scale = at::tensor(entry.at("scale").get<std::vector<double>>(), at::kDouble);
      }
    }
    if (json.contains("bags")) {
      for (const auto& [name, entry] : json.at("bags").items()) {
        auto& width = result.bags[name];
        width = {Kind::bag, entry.at("columns").get<int64_t>(), {}};
        const Json groups = entry.value("groups", Json::object());
        for (const auto& [group, rows] : groups.items())
          width.groups[group] = rows.get<std::vector<int64_t>>();
        if (entry.contains("genes"))
          result.genes[name] = entry.at("genes").get<std::vector<std::string>>();
      }
    }
    return result;
  } catch (const Json::exception& e) {
    throw Error(where, std::string("its data preparation cannot be read: ") + e.what());
  }
}

}  // namespace tractrix::data
