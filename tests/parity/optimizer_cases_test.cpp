// Trajectories of the published optimizers: torch.optim 2.11 and TransMIL's MyOptimizer.
//
// A case's config is a line such as "AdamW lr .05 weight_decay .1 on W only": it is read word by
// word, so that a new case needs no code here. Objective of the optim_* cases: f(z) = (z - c)^T Q
// (z - c) / 2 + 0.3 sum cos z with z = [W | b].
#include <gtest/gtest.h>

#include <regex>

#include "support/golden_classes.hpp"
#include "support/paths.hpp"
#include "tractrix/train/gradients.hpp"
#include "tractrix/train/optimizer.hpp"

namespace tractrix::test {
namespace optimizer_cases {

using train::Optimizer;
using train::OptimizerKind;
using train::OptimizerOptions;

struct Setting {
  OptimizerOptions options;
  double lr = 0, clip = 0;
  bool decay_b = true;
  int64_t skip_b_until = 0;
};

bool says(const std::string& text, const std::string& pattern) {
  return std::regex_search(text, std::regex(pattern));
}

double number(const std::string& text, const std::string& name, double otherwise, int nth = 1) {
  std::smatch match;
  const std::regex pattern("\\b" + name + " ([0-9.e-]*[0-9])(?: ([0-9.e-]*[0-9]))?");
  if (!std::regex_search(text, match, pattern)) return otherwise;
  return std::stod(match[static_cast<size_t>(nth)]);
}

Setting read_setting(const Golden& golden) {
  const auto text = golden.config().at("optimiser").get<std::string>();
  Setting s;
  auto& o = s.options;
  o.kind = says(text, "RAdam")   ? OptimizerKind::radam
           : says(text, "AdamW") ? OptimizerKind::adamw
           : says(text, "Adam")  ? OptimizerKind::adam
                                 : OptimizerKind::sgd;
  s.lr = number(text, "lr", 0);
  o.momentum = number(text, "momentum", 0);
  o.nesterov = says(text, "nesterov");
  o.betas = {number(text, "betas", 0.9), number(text, "betas", 0.999, 2)};
  o.eps = number(text, "eps", 1e-8);
  o.amsgrad = says(text, "amsgrad");
  o.weight_decay = number(text, "weight_decay", 0);
  o.decoupled =
      says(text, "decoupled") || (o.kind == OptimizerKind::radam && !golden.repository().empty());
  if (says(text, "Lookahead"))
    o.lookahead = {static_cast<int64_t>(number(text, "k", 0)), number(text, "alpha", 0.5), false};
  s.clip = golden.config().value("clip", 0.0);
  s.skip_b_until = golden.config().value("skip_b_until", int64_t{0});
  // The case of the late parameter was made with the groups of "weight_decay .1 on W".
  s.decay_b = !says(text, "on W") && s.skip_b_until == 0;
  return s;
}

at::Tensor leaf(const at::Tensor& value, at::ScalarType type) {
  return value.to(type).clone().requires_grad_();
}

// 20 steps on the quadratic with cosines.
Tensors run_quadratic(Golden& golden, at::ScalarType type) {
  const Setting s = read_setting(golden);
  const at::Tensor m = golden.value("in/M"), c = golden.value("in/c").to(type);
  const at::Tensor q = (m.mm(m.t()) / 16 + 0.1 * at::eye(16, at::kDouble)).to(type);
  at::Tensor w = leaf(golden.value("in/W0"), type), b = leaf(golden.value("in/b0"), type);
  Optimizer optimizer(s.options, {{"W", w}, {"b", b, s.decay_b}});
  std::vector<at::Tensor> path, losses, norms;
  const int64_t steps = golden.stored().at("out/path").size(0);
  for (int64_t k = 0; k < steps; ++k) {
    const at::Tensor z = at::cat({w.flatten(), b});
    const at::Tensor loss = 0.5 * (z - c).dot(q.mv(z - c)) + 0.3 * z.cos().sum();
    optimizer.zero_grad();
    loss.backward();
    if (k < s.skip_b_until) b.mutable_grad().reset();
    if (s.clip > 0) norms.push_back(train::clip_grad_norm(optimizer.gradients(), s.clip));
    optimizer.step(s.lr);
    losses.push_back(loss.detach());
    path.push_back(at::cat({w.detach().flatten(), b.detach()}));
  }
  Tensors out{{"path", at::stack(path)},
              {"losses", at::stack(losses)},
              {"lr", at::full({steps}, s.lr, at::kDouble)}};
  if (!norms.empty()) out["norm_before_clipping"] = at::stack(norms);
  for (const auto& [key, value] : optimizer.state()) {
    if (key.find("/step") != key.npos || key.find("/syncs") != key.npos) continue;
    const std::string kind = key.substr(key.find('/') + 1);
    out["state_" + std::regex_replace(kind, std::regex("/"), "_")] = value;
  }
  return out;
}

// Given gradients, every weight after every step (cmta/train_lookahead_radam).
Tensors run_given_gradients(Golden& golden) {
  const auto& config = golden.config();
  OptimizerOptions o;
  o.kind = OptimizerKind::radam;
  o.decoupled = true;
  o.decay_vectors = false;
  o.betas = config.at("betas").get<std::vector<double>>();
  o.eps = config.at("eps");
  o.weight_decay = config.at("weight_decay");
  o.lookahead = {config.at("k"), config.at("alpha"), false};
  std::vector<train::Parameter> parameters;
  for (size_t i = 0; i < config.at("shapes").size(); ++i) {
    const std::string name = "w" + std::to_string(i);
    parameters.push_back({name, leaf(golden.value("param/" + name), at::kDouble)});
  }
  Optimizer optimizer(o, parameters);
  Tensors out;
  for (int64_t n = 0; n < config.at("steps").get<int64_t>(); ++n) {
    for (size_t i = 0; i < parameters.size(); ++i)
      parameters[i].value.mutable_grad() =
          golden.value("in/grad" + std::to_string(i) + "_" + std::to_string(n));
    optimizer.step(config.at("lr"));
    for (const auto& p : parameters)
      out[p.name + "_" + std::to_string(n)] = p.value.detach().clone();
  }
  for (const auto& p : parameters) out["after/" + p.name] = p.value.detach();
  return out;
}

at::Tensor flat(const std::vector<train::Parameter>& parameters, bool gradients) {
  std::vector<at::Tensor> parts;
  for (const auto& p : parameters)
    parts.push_back((gradients ? p.value.grad() : p.value.detach()).flatten());
  return at::cat(parts);
}

// Windows of a two-layer network (GELU): a window's mean loss at once, sample by sample divided by
// the window's size, and MCAT's rule (divided by the full size always; the rest of an epoch is
// neither stepped nor cleared).
struct Windows {
  Golden& golden;
  std::vector<train::Parameter> parameters;
  std::vector<at::Tensor> path;
  at::Tensor first_grad;

  explicit Windows(Golden& g) : golden(g) {
    for (const char* name : {"0.weight", "0.bias", "2.weight", "2.bias"})
      parameters.push_back({name, leaf(g.value(std::string("param/") + name), at::kDouble)});
  }

  at::Tensor loss(int64_t from, int64_t to) {
    const at::Tensor x = golden.value("in/x").slice(0, from, to),
                     y = golden.value("in/y").slice(0, from, to);
    const auto value = [&](size_t i) { return parameters[i].value; };
    const at::Tensor hidden = at::gelu(at::linear(x, value(0), value(1)));
    return at::mse_loss(at::linear(hidden, value(2), value(3)), y);
  }

  void run(bool sample_by_sample, bool mcat) {
    const Setting s = read_setting(golden);
    const int64_t n = golden.config().at("samples"), window = golden.config().at("window");
    Optimizer optimizer(s.options, parameters);
    for (int64_t epoch = 0; epoch < golden.config().at("epochs").get<int64_t>(); ++epoch) {
      for (int64_t start = 0; start < n; start += window) {
        const int64_t end = std::min(n, start + window), share = mcat ? window : end - start;
        if (!sample_by_sample) loss(start, end).backward();
        for (int64_t i = start; sample_by_sample && i < end; ++i)
          (loss(i, i + 1) / static_cast<double>(share)).backward();
        if (!first_grad.defined()) first_grad = flat(parameters, true).clone();
        if (mcat && end - start < window) continue;
        optimizer.step(s.lr);
        optimizer.zero_grad();
        path.push_back(flat(parameters, false));
      }
    }
  }
};

Tensors run_windows(Golden& golden) {
  Windows accumulated(golden), mean(golden), mcat(golden);
  accumulated.run(true, false);
  mean.run(false, false);
  mcat.run(true, true);
  return {{"path_accumulated", at::stack(accumulated.path)},
          {"first_grad_accumulated", accumulated.first_grad},
          {"path_mean", at::stack(mean.path)},
          {"first_grad_mean", mean.first_grad},
          {"path_mcat_rule", at::stack(mcat.path)}};
}

Tensors run(Golden& golden) {
  if (golden.config().contains("window")) return run_windows(golden);
  if (golden.config().contains("steps")) return run_given_gradients(golden);
  return run_quadratic(golden, at::kDouble);
}

const bool kKnown[] = {knows_class("SGD", run),
                       knows_class("SGD, clip_grad_norm_", run),
                       knows_class("Adam", run),
                       knows_class("AdamW", run),
                       knows_class("RAdam", run),
                       knows_class("PlainRAdam", run),
                       knows_class("Lookahead(Adam)", run),
                       knows_class("Lookahead(RAdam)", run)};

// The same steps in float32, where the fused kernels run their vector code: 2e-4 of each tensor's
// largest value.
TEST(Optimizers, TheirFloat32PathsFollowTheSameTrajectories) {
  const auto folder = std::filesystem::path(testing::goldens_folder()) / "st_diffusion";
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("optim_") || entry.path().extension() != ".json") continue;
    Golden golden = Golden::read(entry.path());
    const Tensors out = run_quadratic(golden, at::kFloat);
    for (const char* key : {"path", "losses"}) {
      const at::Tensor want = golden.stored().at("out/" + std::string(key));
      const double worst = (out.at(key).to(at::kDouble) - want).abs().max().item<double>();
      EXPECT_LE(worst, 2e-4 * want.abs().max().item<double>()) << name << " " << key;
    }
    ++cases;
  }
  EXPECT_GE(cases, 15);
}

}  // namespace optimizer_cases
}  // namespace tractrix::test
