#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "tractrix/core/csv.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/report/escape.hpp"
#include "tractrix/report/run_figures.hpp"
#include "tractrix/survival/kaplan_meier.hpp"
#include "tractrix/survival/logrank.hpp"

namespace tractrix::report {
namespace {

constexpr const char* kGroupNames[] = {"low risk", "high risk"};

struct Curve {
  int64_t group = 0;
  std::vector<double> time;  // of its patients
  survival::KaplanMeier steps;
  survival::Limits limits;
};

std::vector<Curve> curves_of(const RiskGroups& groups) {
  std::vector<Curve> curves;
  for (int64_t g = 0; g < 2; ++g) {
    Curve curve;
    curve.group = g;
    std::vector<uint8_t> event;
    for (size_t i = 0; i < groups.time.size(); ++i) {
      if (groups.group[i] != g) continue;
      curve.time.push_back(groups.time[i]);
      event.push_back(groups.event[i]);
    }
    if (curve.time.empty()) continue;
    curve.steps = survival::kaplan_meier(curve.time, event);
    curve.limits = survival::confidence_band(curve.steps);
    curves.push_back(std::move(curve));
  }
  return curves;
}

Table curve_table(const std::vector<Curve>& curves) {
  Table table{
      {"group", "name", "time", "at_risk", "events", "censored", "survival", "lower95", "upper95"},
      {}};
  for (const auto& curve : curves) {
    const auto group = std::to_string(curve.group);
    const std::string name = kGroupNames[curve.group];
    table.rows.push_back(
        {group, name, "0", std::to_string(curve.time.size()), "0", "0", "1", "1", "1"});
    const auto& s = curve.steps;
    for (size_t k = 0; k < s.time.size(); ++k) {
      table.rows.push_back({group, name, shortest(s.time[k]), std::to_string(s.at_risk[k]),
                            std::to_string(s.events[k]), std::to_string(s.censored[k]),
                            shortest(s.survival[k]), shortest(curve.limits.lower[k]),
                            shortest(curve.limits.upper[k])});
    }
  }
  return table;
}

// Corners of the steps: gnuplot fills between lines only.
Table band_table(const std::vector<Curve>& curves) {
  Table table{{"group", "time", "lower95", "upper95"}, {}};
  for (const auto& curve : curves) {
    std::string lower = "1", upper = "1";
    const auto group = std::to_string(curve.group);
    table.rows.push_back({group, "0", lower, upper});
    for (size_t k = 0; k < curve.steps.time.size(); ++k) {
      const auto time = shortest(curve.steps.time[k]);
      table.rows.push_back({group, time, lower, upper});
      lower = shortest(curve.limits.lower[k]);
      upper = shortest(curve.limits.upper[k]);
      table.rows.push_back({group, time, lower, upper});
    }
  }
  return table;
}

Table risk_table(const std::vector<Curve>& curves, double end, double step) {
  Table table{{"group", "time", "at_risk"}, {}};
  for (const auto& curve : curves) {
    for (int i = 0; i * step <= end; ++i) {
      const double t = i * step;
      const auto n = std::count_if(curve.time.begin(), curve.time.end(),
                                   [t](double time) { return time >= t; });
      table.rows.push_back({std::to_string(curve.group), shortest(t), std::to_string(n)});
    }
  }
  return table;
}

struct Test {
  std::string shown, reason;
};

Test log_rank_text(const RiskGroups& groups) {
  try {
    const auto test = survival::log_rank(groups.time, groups.event, groups.group);
    char text[64];
    if (test.p < 1e-4) {
      std::snprintf(text, sizeof text, "log-rank p = %.1e", test.p);
    } else {
      std::snprintf(text, sizeof text, "log-rank p = %.4f", test.p);
    }
    return {text, {}};
  } catch (const Error& e) {
    return {"log-rank p: undefined", e.what()};
  }
}

std::string plots(const Figure& figure, const std::vector<Curve>& curves) {
  std::string bands, lines, ticks;
  for (const auto& curve : curves) {
    const auto pick = "($1==" + std::to_string(curve.group) + " ? ";
    const std::string colour = std::string(" lc rgb '") + kPalette[curve.group] + "'";
    bands += (bands.empty() ? "" : ", ") + data_file(figure, "_band") + " skip 1 using " + pick +
             "$2 : NaN):3:4 with filledcurves" + colour +
             " fillstyle transparent solid 0.18 notitle";
    lines += ", " + data_file(figure) + " skip 1 using " + pick + "$3 : NaN):7 with steps lw 2.5" +
             colour + " title " +
             gnuplot_quoted(std::string(kGroupNames[curve.group]) +
                            " (n = " + std::to_string(curve.time.size()) + ")");
    ticks += ", " + data_file(figure) + " skip 1 using " + pick +
             "($6>0 ? $3 : NaN) : NaN):7 with points pt 1 ps 0.7 lw 1.2" + colour + " notitle";
  }
  return "plot " + bands + lines + ticks + "\n";
}

std::string risk_labels(const Table& risks) {
  std::string out = "set label 'number at risk' at graph -0.06, graph -0.235 right noenhanced\n";
  std::map<std::string, bool> named;
  for (const auto& row : risks.rows) {
    const bool high = row[0] == "1";
    const std::string at = high ? "graph -0.40" : "graph -0.32";
    const std::string colour = std::string(" tc rgb '") + kPalette[high ? 1 : 0] + "' noenhanced\n";
    if (!std::exchange(named[row[0]], true))
      out += "set label '" + std::string(kGroupNames[high ? 1 : 0]) + "' at graph -0.06, " + at +
             " right" + colour;
    out += "set label '" + row[2] + "' at first " + row[1] + ", " + at + " center" + colour;
  }
  return out;
}

}  // namespace

Figure survival_figure(const std::string& name, const std::string& label, const RiskGroups& groups,
                       const std::string& unit) {
  const auto curves = curves_of(groups);
  const double end = *std::max_element(groups.time.begin(), groups.time.end());
  const double step = tick_step(end, unit);
  const auto risks = risk_table(curves, end, step);
  const auto test = log_rank_text(groups);
  Figure figure{name, "Kaplan-Meier curves by risk group, " + label};
  figure.caption =
      "Kaplan-Meier curves with 95 % log-log bands; + marks censored patients. " + groups.rule +
      ". " + test.shown +
      (test.reason.empty() ? ", two groups, not stratified by fold." : " (" + test.reason + ").");
  figure.height = 600;
  figure.data = {{"", curve_table(curves)}, {"_band", band_table(curves)}, {"_at_risk", risks}};
  figure.commands =
      "set title " + gnuplot_quoted(label) + ".\"\\n\"." + gnuplot_quoted(groups.rule) +
      " noenhanced\nset lmargin 19\nset rmargin 4\nset bmargin 9\nset border 3\n" +
      "set xrange [0:" + shortest(end * 1.02) + "]\nset yrange [0:1.02]\nset xtics nomirror 0," +
      shortest(step) + "\nset ytics nomirror 0,0.2\nset xlabel " +
      gnuplot_quoted("time (" + unit + ")") +
      " noenhanced\nset ylabel 'probability of survival'\nset key outside top center "
      "horizontal noenhanced\nset label " +
      gnuplot_quoted(test.shown) + " at graph 0.03, graph 0.10 left noenhanced\n" +
      risk_labels(risks) + plots(figure, curves);
  return figure;
}

double tick_step(double end, const std::string& unit) {
  if (unit == "months") {
    for (double step : {6.0, 12.0, 24.0, 36.0, 48.0, 60.0, 120.0})
      if (end / step <= 8) return step;
  }
  double power = std::pow(10.0, std::floor(std::log10(std::max(end, 1e-12))) - 1);
  for (;; power *= 10)
    for (double digit : {1.0, 2.0, 5.0})
      if (end / (digit * power) <= 8) return digit * power;
}

}  // namespace tractrix::report
