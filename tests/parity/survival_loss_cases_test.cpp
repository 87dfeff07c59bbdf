// Cox and discrete-time losses against formulas in 60 digits and the libraries' values
// (tests/goldens/survival).
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <set>

#include "support/golden.hpp"
#include "support/paths.hpp"
#include "tractrix/losses/cox.hpp"
#include "tractrix/losses/discrete_survival.hpp"

namespace tractrix::test {
namespace {

class Cases {
 public:
  explicit Cases(const std::string& file)
      : tensors_(read_tensors(std::filesystem::path(testing::goldens_folder()) / "survival" /
                              (file + ".safetensors"))) {
    for (const auto& item : tensors_) names_.insert(item.first.substr(0, item.first.find('/')));
  }
  const std::set<std::string>& names() const { return names_; }
  at::Tensor in(const std::string& name, const std::string& key) const {
    return tensors_.at(name + "/in/" + key);
  }
  // Null when the case has none.
  const at::Tensor* out(const std::string& name, const std::string& key) const {
    return tensors_.find(name + "/out/" + key);
  }
  bool takes(const std::string& name, const std::string& key) const {
    return tensors_.has(name + "/in/" + key);
  }

 private:
  Tensors tensors_;
  std::set<std::string> names_;
};

void expect_close(const at::Tensor& actual, const at::Tensor* expected, const std::string& what) {
  if (!expected) return;
  const at::Tensor have = actual.detach().flatten(), want = expected->flatten();
  ASSERT_EQ(have.numel(), want.numel()) << what;
  for (int64_t i = 0; i < want.numel(); ++i) {
    const double a = have[i].item<double>(), b = want[i].item<double>();
    if (std::isnan(b) || std::isinf(b)) {
      EXPECT_TRUE(std::isnan(b) ? std::isnan(a) : a == b) << what << " [" << i << "]";
    } else {
      EXPECT_NEAR(a, b, 1e-12 + 1e-10 * std::abs(b)) << what << " [" << i << "]";
    }
  }
}

void check_cox(const Cases& cases, const std::string& name, losses::Ties ties,
               const std::string& label) {
  const at::Tensor time = cases.in(name, "time"), event = cases.in(name, "event");
  const auto loss = [&](const at::Tensor& risk, losses::Over over) {
    return losses::cox(risk, time, event, {.ties = ties, .over = over});
  };
  const at::Tensor risk = cases.in(name, "log_risk").clone().requires_grad_(true);
  const at::Tensor sum = loss(risk, losses::Over::sum);
  const std::string at_case = name + " " + label;
  expect_close(sum, cases.out(name, label + "/sum"), at_case);
  expect_close(loss(risk, losses::Over::events), cases.out(name, label + "/mean_over_events"),
               at_case);
  expect_close(loss(risk, losses::Over::rows), cases.out(name, label + "/sum_over_n"), at_case);
  const at::Tensor gradient = torch::autograd::grad({sum}, {risk})[0];
  expect_close(gradient, cases.out(name, label + "/grad_of_sum/log_risk"), at_case + " gradient");
}

TEST(CoxLoss, AgreesWithTheFormulaInSixtyDigits) {
  const Cases cases("cox_loss");
  ASSERT_EQ(cases.names().size(), 20u);
  for (const auto& name : cases.names()) {
    check_cox(cases, name, losses::Ties::breslow, "breslow");
    check_cox(cases, name, losses::Ties::efron, "efron");
  }
}

TEST(CoxLoss, DoesNotDependOnTheOrderOfRows) {
  const Cases cases("cox_loss");
  const std::string name = "n64_scale1_ties";
  const at::Tensor risk = cases.in(name, "log_risk"), time = cases.in(name, "time"),
                   event = cases.in(name, "event");
  for (const auto ties : {losses::Ties::breslow, losses::Ties::efron}) {
    const double expected = losses::cox(risk, time, event, {.ties = ties}).item<double>();
    const double flipped =
        losses::cox(risk.flip(0), time.flip(0), event.flip(0), {.ties = ties}).item<double>();
    EXPECT_NEAR(flipped, expected, 1e-13);
  }
}

using Rows = at::Tensor (*)(const losses::Curve&, const at::Tensor&, const at::Tensor&, double);

void check_discrete(const Cases& cases, const std::string& name, Rows rows,
                    const std::string& label) {
  const bool from_logits = cases.takes(name, "logits");
  const std::string input = from_logits ? "logits" : "hazards";
  const at::Tensor bin = cases.in(name, "label"), event = 1 - cases.in(name, "censored");
  for (const std::string alpha : {"0", "0.15", "0.4", "0.5", "1"}) {
    const at::Tensor leaf = cases.in(name, input).clone().requires_grad_(true);
    const losses::Curve curve =
        from_logits ? losses::curve(leaf) : losses::Curve{leaf, losses::survival_of(leaf)};
    const at::Tensor each = rows(curve, bin, event, std::stod(alpha));
    const std::string key = label + "/alpha" + alpha, what = name + " " + key;
    expect_close(each.mean(), cases.out(name, key), what);
    expect_close(each, cases.out(name, key + "/per_patient"), what);
    expect_close(torch::autograd::grad({each.mean()}, {leaf})[0],
                 cases.out(name, key + "/grad_" + input), what + " gradient");
    expect_close(curve.survival, cases.out(name, "S"), name + " S");
    expect_close(losses::risk_of(curve.survival), cases.out(name, "risk_minus_sum_S"),
                 name + " risk");
  }
}

TEST(DiscreteLosses, AgreeWithThePublishedFunctions) {
  const Cases cases("nll_loss");
  ASSERT_EQ(cases.names().size(), 10u);
  for (const auto& name : cases.names()) {
    check_discrete(cases, name, losses::nll_survival_rows, "nll_loss");
    check_discrete(cases, name, losses::ce_survival_rows, "ce_loss");
  }
}

}  // namespace
}  // namespace tractrix::test
