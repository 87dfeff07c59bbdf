// The figures of runs. Each is data, a rule and gnuplot commands; none draws anything itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tractrix/report/figure.hpp"
#include "tractrix/report/risk_groups.hpp"
#include "tractrix/report/run_table.hpp"

namespace tractrix::report {

// Kaplan-Meier curves of the two groups with 95 % log-log bands, censor ticks, numbers at risk and
// the log-rank p value ("undefined" with its reason in the caption). unit: of the times, "months".
Figure survival_figure(const std::string& name, const std::string& label, const RiskGroups& groups,
                       const std::string& unit);

// The first loss term and the C-index over the epochs, a thin line per fold and the mean where all
// folds have a value. none when no fold has a finished epoch.
std::optional<Figure> history_figure(const std::string& name, const LabelledRun& run);

// Cumulative/dynamic AUC of each fold at the deciles of the event times, and the mean where all
// folds have a value. Censoring weights come from all reported patients of the run. Where the AUC
// is undefined the field is empty.
Figure auc_figure(const std::string& name, const LabelledRun& run, Selection selection,
                  const std::string& unit);

// ROC curves of each fold at the median event time of all reported patients, with their mean. A
// fold without a curve there has empty fields.
Figure roc_figure(const std::string& name, const LabelledRun& run, Selection selection,
                  const std::string& unit);

// C-index of every fold, mean and population deviation, one column per run.
Figure comparison_figure(const std::string& name, const std::vector<LabelledRun>& runs,
                         Selection selection);

// A step for the ticks of an axis from 0 to `end`: 1, 2 or 5 times a power of ten, months in
// half-years; at most 8 ticks.
double tick_step(double end, const std::string& unit);

}  // namespace tractrix::report
