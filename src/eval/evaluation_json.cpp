#include "tractrix/eval/evaluation_json.hpp"

#include "tractrix/core/csv.hpp"

namespace tractrix::eval {
namespace json_detail {

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json missing(const std::string& reason) { return {{"value", nullptr}, {"reason", reason}}; }

void add(Json& json, const Estimate& estimate) {
  if (estimate.standard_error) json["standard_error"] = *estimate.standard_error;
  if (estimate.interval) json["interval"] = {estimate.interval->lower, estimate.interval->upper};
  if (estimate.p) json["p"] = *estimate.p;
}

Json of(const Measured<Estimate>& estimate) {
  if (!estimate) return missing(estimate.reason);
  Json json{{"value", estimate->value}};
  add(json, *estimate);
  return json;
}

Json of(const Measured<Spread>& spread) {
  if (!spread) return missing(spread.reason);
  return {{"value", spread->mean},
          {"std_population", spread->population_std},
          {"std_sample", number(spread->sample_std)}};
}

Json of(const Measured<survival::Concordance>& counts) {
  if (!counts) return missing(counts.reason);
  return {{"concordant", counts->concordant},
          {"discordant", counts->discordant},
          {"tied_risk", counts->tied_risk},
          {"tied_time", counts->tied_time},
          {"comparable", counts->comparable}};
}

Json of(const Measured<std::vector<survival::CalibrationGroup>>& calibration) {
  if (!calibration) return missing(calibration.reason);
  Json groups = Json::array();
  for (const auto& group : *calibration)
    groups.push_back({{"patients", group.patients},
                      {"events", group.events},
                      {"predicted", group.predicted},
                      {"observed", group.observed},
                      {"interval", {group.interval.lower, group.interval.upper}}});
  return groups;
}

Json of(const Part& part, const Settings& settings) {
  Json json;
  if (part.fold >= 0) json["fold"] = part.fold;
  json["patients"] = part.patients;
  json["events"] = part.events;
  json["pairs"] = of(part.concordance);
  for (const auto& scalar : scalars(part, settings.times)) json[scalar.name] = of(scalar.estimate);
  if (!part.no_precision.empty()) json["c_index"]["no_standard_error"] = part.no_precision;
  for (size_t g = 0; g < 2; ++g)
    json[g == 0 ? "low_risk" : "high_risk"] = {{"patients", part.groups[g].patients},
                                               {"events", part.groups[g].events}};
  json["calibration"] = of(part.calibration);
  return json;
}

Json of(const FoldComparison& fold) {
  Json json;
  if (fold.fold >= 0) json["fold"] = fold.fold;
  json["patients"] = fold.patients;
  json["events"] = fold.events;
  if (!fold.difference) {
    json["difference"] = missing(fold.difference.reason);
    return json;
  }
  json["difference"] = {{"value", *fold.difference}};
  if (!fold.test) {
    json["difference"]["no_standard_error"] = fold.test.reason;
    return json;
  }
  const auto& test = *fold.test;
  json["first"] = test.first;
  json["second"] = test.second;
  json["difference"]["standard_error"] = test.standard_error;
  json["difference"]["interval"] = {test.interval.lower, test.interval.upper};
  json["difference"]["z"] = test.z;
  json["difference"]["p"] = test.p;
  return json;
}

Json over_folds(const Comparison& c) {
  Json json{{"mean", of(c.mean)}};
  if (c.wilcoxon) {
    json["wilcoxon"] = {{"plus", c.wilcoxon->plus},
                        {"minus", c.wilcoxon->minus},
                        {"pairs", c.wilcoxon->pairs},
                        {"exact", c.wilcoxon->exact},
                        {"p", c.wilcoxon->p}};
  } else {
    json["wilcoxon"] = missing(c.wilcoxon.reason);
  }
  if (c.paired_t) {
    json["paired_t"] = {{"t", c.paired_t->t},
                        {"degrees", c.paired_t->degrees},
                        {"standard_error", c.paired_t->standard_error},
                        {"interval", {c.paired_t->interval.lower, c.paired_t->interval.upper}},
                        {"p", c.paired_t->p}};
  } else {
    json["paired_t"] = missing(c.paired_t.reason);
  }
  return json;
}

Json bootstrap(const Comparison& c) {
  if (!c.bootstrap) return missing(c.bootstrap.reason);
  return {{"of", c.options.bootstrap == BootstrapOf::pooled ? "pooled" : "fold_mean"},
          {"value", c.bootstrap->difference},
          {"standard_error", c.bootstrap->standard_error},
          {"interval", {c.bootstrap->interval.lower, c.bootstrap->interval.upper}},
          {"replicates", c.bootstrap->replicates},
          {"undefined", c.bootstrap->undefined},
          {"seed", c.options.seed}};
}

std::string cell(const std::optional<double>& value) {
  return "," + (value ? shortest(*value) : std::string());
}

// The cells from `value` on.
std::string cells(const Measured<Estimate>& estimate, const std::optional<double>& deviation) {
  if (!estimate) return ",,,,,,," + csv_field(estimate.reason);
  const auto& e = *estimate;
  const auto limit = [&](double survival::Interval::*end) {
    return e.interval ? std::optional((*e.interval).*end) : std::nullopt;
  };
  return cell(e.value) + cell(e.standard_error) + cell(deviation) +
         cell(limit(&survival::Interval::lower)) + cell(limit(&survival::Interval::upper)) +
         cell(e.p) + ",";
}

}  // namespace json_detail

Json to_json(const Evaluation& evaluation) {
  using namespace json_detail;
  const auto& s = evaluation.settings;
  Json json{{"settings",
             {{"times", s.times},
              {"tau", number(s.tau)},
              {"calibration_time", number(s.calibration_time)},
              {"calibration_groups", s.calibration_groups},
              {"level", s.level}}},
            {"notes", evaluation.notes},
            {"folds", Json::array()}};
  for (const auto& part : evaluation.folds) json["folds"].push_back(of(part, s));
  json["mean"] = Json::object();
  for (const auto& mean : evaluation.means) json["mean"][mean.name] = of(mean.spread);
  json["pooled"] = of(evaluation.pooled, s);
  return json;
}

Json to_json(const Comparison& comparison) {
  using namespace json_detail;
  Json json{{"first", comparison.first},
            {"second", comparison.second},
            {"level", comparison.options.level},
            {"only_first", comparison.only_first},
            {"only_second", comparison.only_second},
            {"folds", Json::array()}};
  for (const auto& fold : comparison.folds) json["folds"].push_back(of(fold));
  json["pooled"] = of(comparison.pooled);
  json["over_folds"] = over_folds(comparison);
  json["bootstrap"] = bootstrap(comparison);
  return json;
}

std::string csv_header() {
  return "set,part,patients,events,metric,value,standard_error,sample_std,lower,upper,p,reason\n";
}

std::string csv_rows(const std::string& set, const Evaluation& evaluation) {
  using json_detail::cells;
  std::string text;
  const auto add = [&](const Part& part, const std::string& label) {
    for (const auto& [name, estimate] : scalars(part, evaluation.settings.times))
      text += csv_field(set) + "," + label + "," + std::to_string(part.patients) + "," +
              std::to_string(part.events) + "," + name + cells(estimate, {}) + "\n";
  };
  for (const auto& part : evaluation.folds) add(part, std::to_string(part.fold));
  add(evaluation.pooled, "pooled");
  for (const auto& [name, spread] : evaluation.means) {
    Measured<Estimate> mean = unknown<Estimate>(spread.reason);
    if (spread) mean = {Estimate{spread->mean, {}, {}, {}}, {}};
    text += csv_field(set) + ",mean," + std::to_string(evaluation.pooled.patients) + "," +
            std::to_string(evaluation.pooled.events) + "," + name +
            cells(mean, spread ? spread->sample_std : std::nullopt) + "\n";
  }
  return text;
}

}  // namespace tractrix::eval
