// Discrete-time and Cox losses against MCAT, PORPOISE and CMTA.
#include <cstdio>

#include "support/golden_classes.hpp"
#include "tractrix/losses/cox.hpp"
#include "tractrix/losses/discrete_survival.hpp"

namespace tractrix::test {
namespace {

// 0.15 -> "a015", 1.0 -> "a10".
std::string label_of(double alpha) {
  char text[16];
  std::snprintf(text, sizeof text, "%g", alpha);
  std::string label = text;
  if (label.find('.') == std::string::npos) label += ".0";
  label.erase(label.find('.'), 1);
  return "a" + label;
}

losses::Curve curve_of(Golden& golden) {
  if (golden.has("in/logits")) return losses::curve(golden.input("logits"));
  const at::Tensor hazards = golden.input("hazards");
  return {hazards, golden.config().value("S_given", false) ? golden.input("S")
                                                           : losses::survival_of(hazards)};
}

template <class Rows>
Tensors run_discrete(Golden& golden, const Rows& rows) {
  Tensors out;
  const at::Tensor event = 1 - golden.input("c");
  const Json reductions = golden.config().value("reductions", Json::array());
  for (const double alpha : golden.config().at("alphas")) {
    const std::string name = "loss_" + label_of(alpha);
    const at::Tensor loss = rows(curve_of(golden), golden.input("Y"), event, alpha);
    if (reductions.empty()) out[name] = loss.mean().reshape({1});
    for (const std::string reduction : reductions)
      out[name + "_" + reduction] = (reduction == "sum" ? loss.sum() : loss.mean()).reshape({1});
  }
  return out;
}

Tensors run_cox(Golden& golden) {
  const losses::CoxOptions mcat{.ties = losses::Ties::breslow, .over = losses::Over::rows};
  const at::Tensor event = 1 - golden.input("c");
  return {
      {"loss", losses::cox(golden.input("theta"), golden.input("time"), event, mcat).reshape({1})}};
}

const bool kNll = knows_class("NLLSurvLoss",
                              [](Golden& g) { return run_discrete(g, losses::nll_survival_rows); });
const bool kCe = knows_class("CrossEntropySurvLoss",
                             [](Golden& g) { return run_discrete(g, losses::ce_survival_rows); });
const bool kCox = knows_class("CoxSurvLoss", run_cox);

}  // namespace
}  // namespace tractrix::test
