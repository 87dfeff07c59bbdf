#include "eval_print.hpp"

#include <cstdio>
#include <utility>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/report/table.hpp"

namespace tractrix::app {
namespace eval_print {

using eval::Estimate;
using eval::Evaluation;
using eval::Measured;
using eval::Part;

std::string fixed(double value, const char* format = "%.4f") {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// Far tails underflow.
std::string probability(double p) {
  return p < 1e-300 ? "< 1e-300" : fixed(p, p < 1e-3 ? "%.1e" : "%.4f");
}

// The hint of an error stands on a line of its own; here all is one line.
std::string one_line(std::string reason) {
  const std::string hint = "\n  hint: ";
  for (size_t at = reason.find(hint); at != std::string::npos; at = reason.find(hint))
    reason.replace(at, hint.size(), "; ");
  return reason;
}

std::string range(const survival::Interval& interval) {
  return fixed(interval.lower, "%.3f") + ".." + fixed(interval.upper, "%.3f");
}

// Reasons in the order of their first appearance, each with where it holds.
class Reasons {
 public:
  void add(const std::string& metric, const std::string& part, const std::string& reason) {
    for (auto& [text, where] : all_) {
      if (text != reason) continue;
      if (where.back().first == metric) {
        where.back().second.push_back(part);
      } else {
        where.push_back({metric, {part}});
      }
      return;
    }
    all_.push_back({reason, {{metric, {part}}}});
  }

  std::string text() const {
    std::string out;
    for (const auto& [reason, where] : all_) {
      std::vector<std::string> places;
      for (const auto& [metric, parts] : where)
        places.push_back(metric + " (" + enumerate(parts, 8) + ")");
      out += "no " + enumerate(places, 6) + ": " + one_line(reason) + "\n";
    }
    return out;
  }

 private:
  using Where = std::vector<std::pair<std::string, std::vector<std::string>>>;
  std::vector<std::pair<std::string, Where>> all_;
};

std::string label_of(const std::string& name, const eval::Settings& settings) {
  const std::string limit = settings.tau ? " to " + fixed(*settings.tau, "%.6g") : "";
  if (name == "c_index") return "C-index (Harrell)";
  if (name == "uno_c_index") return "C-index (Uno)" + limit;
  if (name == "mean_auc") return "AUC, mean over time";
  if (name == "integrated_brier") return "Brier, integrated";
  if (name == "hazard_ratio") return "hazard ratio per SD";
  if (name == "log_rank") return "log-rank chi-square";
  if (name == "restricted_mean_low") return "restricted mean, low risk" + limit;
  if (name == "restricted_mean_high") return "restricted mean, high risk" + limit;
  if (name == "restricted_mean_difference") return "restricted mean, low - high";
  const size_t at = name.find('@');
  const auto time = parse_number(name.substr(at + 1));
  return (name.starts_with("auc") ? "AUC at " : "Brier at ") + fixed(time.value_or(0), "%.6g");
}

bool summary_name(const std::string& name) { return name.find('@') == std::string::npos; }

class EvaluationTable {
 public:
  EvaluationTable(const Evaluation& evaluation, bool every_time)
      : evaluation_(evaluation), every_time_(every_time) {
    for (const auto& part : evaluation.folds) parts_.push_back({std::to_string(part.fold), &part});
    several_ = parts_.size() > 1;
    if (several_) parts_.push_back({"pooled", &evaluation.pooled});
    for (const auto& [label, part] : parts_)
      scalars_.push_back(eval::scalars(*part, evaluation.settings.times));
  }

  std::string text() {
    table_.header = {""};
    for (const auto& [label, part] : parts_)
      table_.header.push_back(label == "pooled" ? label : "fold " + label);
    if (several_) table_.header.insert(table_.header.end(), {"mean", "std", "std (n-1)"});
    add("patients", [](const Part& part) { return std::to_string(part.patients); });
    add("events", [](const Part& part) { return std::to_string(part.events); });
    for (size_t k = 0; k < scalars_.at(0).size(); ++k) {
      const auto& name = scalars_[0][k].name;
      if (every_time_ || summary_name(name)) add_scalar(k);
      if (name == "c_index") add_pairs();
    }
    std::string out = report::text(table_);
    out += calibration();
    out += reasons_.text();
    for (const auto& note : evaluation_.notes) out += note + "\n";
    return out;
  }

 private:
  template <class F>
  void add(const std::string& label, F&& cell) {
    std::vector<std::string> row{label};
    for (const auto& item : parts_) row.push_back(cell(*item.second));
    row.resize(table_.header.size());
    table_.rows.push_back(std::move(row));
  }

  void add_scalar(size_t k) {
    const auto& name = scalars_[0][k].name;
    const std::string label = label_of(name, evaluation_.settings);
    std::vector<std::string> row{label}, error{"  standard error"}, p{"  p"};
    std::vector<std::string> interval{"  " + fixed(100 * evaluation_.settings.level, "%g") + " %"};
    bool has_error = false, has_interval = false, has_p = false;
    for (size_t i = 0; i < parts_.size(); ++i) {
      const auto& estimate = scalars_[i][k].estimate;
      if (!estimate) reasons_.add(label, parts_[i].first, estimate.reason);
      row.push_back(estimate ? fixed(estimate->value) : "-");
      const Estimate none;
      const auto& e = estimate ? *estimate : none;
      error.push_back(e.standard_error ? fixed(*e.standard_error) : "-");
      interval.push_back(e.interval ? range(*e.interval) : "-");
      p.push_back(e.p ? probability(*e.p) : "-");
      has_error |= e.standard_error.has_value();
      has_interval |= e.interval.has_value();
      has_p |= e.p.has_value();
      if (estimate && name == "c_index" && !parts_[i].second->no_precision.empty())
        reasons_.add("interval of the C-index", parts_[i].first, parts_[i].second->no_precision);
    }
    if (several_) add_mean(row, k);
    table_.rows.push_back(row);
    if (has_error) push(error);
    if (has_interval) push(interval);
    if (has_p) push(p);
  }

  void push(std::vector<std::string> row) {
    row.resize(table_.header.size());
    table_.rows.push_back(std::move(row));
  }

  void add_mean(std::vector<std::string>& row, size_t k) {
    const auto& mean = evaluation_.means.at(k).spread;
    if (!mean) {
      reasons_.add(row[0], "mean", mean.reason);
      row.insert(row.end(), {"-", "-", "-"});
      return;
    }
    row.insert(row.end(), {fixed(mean->mean), fixed(mean->population_std),
                           mean->sample_std ? fixed(*mean->sample_std) : "-"});
  }

  void add_pairs() {
    using Count = int64_t survival::Concordance::*;
    const std::pair<const char*, Count> counts[] = {
        {"  concordant", &survival::Concordance::concordant},
        {"  discordant", &survival::Concordance::discordant},
        {"  tied risk", &survival::Concordance::tied_risk},
        {"  tied time", &survival::Concordance::tied_time},
        {"  comparable", &survival::Concordance::comparable}};
    for (const auto& [label, count] : counts)
      add(label, [count = count](const Part& part) {
        return part.concordance ? std::to_string((*part.concordance).*count) : std::string("-");
      });
  }

  // The groups of the pooled patients, or of the only fold.
  std::string calibration() {
    const auto& [label, part] = parts_.back();
    if (!part->calibration) {
      reasons_.add("calibration", label, part->calibration.reason);
      return {};
    }
    report::Table table{{"calibration", "patients", "predicted", "observed", "interval"}, {}};
    for (const auto& group : *part->calibration)
      table.rows.push_back({"group " + std::to_string(table.rows.size() + 1),
                            std::to_string(group.patients), fixed(group.predicted),
                            fixed(group.observed), range(group.interval)});
    return "\n" + report::text(table) + "share of events by " +
           fixed(*evaluation_.settings.calibration_time, "%.6g") + "\n\n";
  }

  const Evaluation& evaluation_;
  bool every_time_, several_ = false;
  std::vector<std::pair<std::string, const Part*>> parts_;
  std::vector<std::vector<eval::Scalar>> scalars_;
  report::Table table_;
  Reasons reasons_;
};

std::string value(const Measured<Estimate>& e, const std::string& metric, const std::string& part,
                  Reasons& reasons) {
  if (e) return fixed(e->value) + (e->interval ? " " + range(*e->interval) : "");
  reasons.add(metric, part, e.reason);
  return "-";
}

std::string lines(const eval::Comparison& c) {
  std::string out;
  if (c.mean) out += "mean difference of the folds " + fixed(c.mean->mean) + "\n";
  if (!c.mean) out += "no mean difference: " + one_line(c.mean.reason) + "\n";
  if (c.paired_t) {
    out += "paired t " + fixed(c.paired_t->t, "%.3f") + ", " + std::to_string(c.paired_t->degrees) +
           " degrees, p " + probability(c.paired_t->p) + ", interval " +
           range(c.paired_t->interval) + "\n";
  } else {
    out += "no paired t: " + one_line(c.paired_t.reason) + "\n";
  }
  if (c.wilcoxon) {
    out += "Wilcoxon over " + std::to_string(c.wilcoxon->pairs) + " folds, p " +
           probability(c.wilcoxon->p) + (c.wilcoxon->exact ? " (exact)" : " (normal)") + "\n";
  } else {
    out += "no Wilcoxon: " + one_line(c.wilcoxon.reason) + "\n";
  }
  const std::string what = c.options.bootstrap == eval::BootstrapOf::pooled
                               ? "pooled difference"
                               : "mean difference of the folds";
  if (!c.bootstrap) return out + "no bootstrap: " + one_line(c.bootstrap.reason) + "\n";
  return out + "bootstrap over patients, " + what + " " + fixed(c.bootstrap->difference) +
         ", BCa interval " + range(c.bootstrap->interval) + ", standard error " +
         fixed(c.bootstrap->standard_error) + " (" + std::to_string(c.bootstrap->replicates) +
         " resamples, " + std::to_string(c.bootstrap->undefined) + " undefined, seed " +
         std::to_string(c.options.seed) + ")\n";
}

}  // namespace eval_print

using namespace eval_print;

std::string shown(const eval::Evaluation& evaluation, bool every_time) {
  return EvaluationTable(evaluation, every_time).text();
}

std::string shown(const std::vector<eval::Subgroup>& subgroups) {
  if (subgroups.empty()) return {};
  report::Table table{{subgroups[0].column, "patients", "events", "C-index pooled", "mean of folds",
                       "hazard ratio per SD", "log-rank p"},
                      {}};
  Reasons reasons;
  for (const auto& [column, group, evaluation] : subgroups) {
    const auto& pooled = evaluation.pooled;
    const auto& mean = evaluation.means.at(0).spread;
    if (!mean) reasons.add("mean C-index", group, mean.reason);
    if (!pooled.log_rank) reasons.add("log-rank", group, pooled.log_rank.reason);
    table.rows.push_back({group, std::to_string(pooled.patients), std::to_string(pooled.events),
                          value(pooled.c_index, "pooled C-index", group, reasons),
                          mean ? fixed(mean->mean) : "-",
                          value(pooled.hazard_ratio, "hazard ratio", group, reasons),
                          pooled.log_rank ? probability(*pooled.log_rank->p) : "-"});
  }
  return report::text(table) + reasons.text();
}

std::string shown(const eval::Comparison& comparison) {
  report::Table table{{"C-index", "patients", "events", "first", "second", "difference",
                       "standard error", "interval", "p"},
                      {}};
  Reasons reasons;
  const auto add = [&](const std::string& label, const eval::FoldComparison& fold) {
    std::vector<std::string> row{label, std::to_string(fold.patients), std::to_string(fold.events)};
    if (fold.test) {
      const auto& t = *fold.test;
      row.insert(row.end(), {fixed(t.first), fixed(t.second), fixed(t.difference),
                             fixed(t.standard_error), range(t.interval), probability(t.p)});
    } else {
      reasons.add("test", label, fold.test.reason);
      row.insert(row.end(),
                 {"-", "-", fold.difference ? fixed(*fold.difference) : "-", "-", "-", "-"});
    }
    table.rows.push_back(std::move(row));
  };
  for (const auto& fold : comparison.folds) add("fold " + std::to_string(fold.fold), fold);
  add("pooled", comparison.pooled);
  std::string out = "first:  " + comparison.first + "\nsecond: " + comparison.second + "\n" +
                    report::text(table) + reasons.text() + lines(comparison);
  const std::pair<const char*, const std::vector<std::string>*> left_out[] = {
      {"only the first has ", &comparison.only_first},
      {"only the second has ", &comparison.only_second}};
  for (const auto& [text, names] : left_out)
    if (!names->empty()) out += text + enumerate(*names, 20) + ": left out\n";
  return out;
}

}  // namespace tractrix::app
