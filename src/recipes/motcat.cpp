// MOTCAT (Xu & Chen, ICCV 2023; Innse/MOTCat, commit fe70abc): MCAT with an optimal transport plan
// between patches and gene groups in place of the co-attention. nn/coattention_net.hpp holds the
// network, nn/transport.hpp the plan. The paper splits each bag into micro-batches of 256 patches;
// the published commands leave that off, and so does the default. Where it is on, the parts are
// drawn from the patient's own stream, so validation is not random as it is in the repository.
#include <algorithm>
#include <numeric>

#include "transport_options.hpp"

namespace tractrix::recipes::motcat {

struct Config : coattention::Options {
  nn::TransportOptions transport;
  int64_t micro_batch = 0;
};
void fields(config::Fields& f, Config& c) {
  coattention::fields(f, c);
  f.group("transport", c.transport, "plan between patches and gene groups; it has no gradient");
  f("micro_batch", c.micro_batch,
    "patches per part of a bag (paper: 256): N / micro_batch + 1 parts, loss and curves averaged; "
    "0: whole bags (published commands)",
    config::at_least(0));
}

nn::CoattentionOptions options_of(const Config& c, const data::Schema& schema) {
  nn::CoattentionOptions options = coattention::options_of(c, schema);
  options.transport = c.transport;
  return options;
}

// Rows 0 .. n-1 in an order that follows from the seed.
std::vector<int64_t> shuffled(int64_t n, const Seed& seed) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[static_cast<size_t>(seed.uniform(i) * static_cast<double>(i))]);
  return order;
}

class MotcatRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) { return paired::contract_of(c.omics.input); }
  MotcatRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(options_of(config, schema)) {}
  torch::nn::Module& module() override { return *net_; }

  // logits [P, classes], path and omic [P, groups]: of P parts. coattention [groups, N]: the plan
  // of every patch's part. iterations [P]: scaling steps that the plans took.
  Tensors forward(const data::Batch& batch) override {
    const at::Tensor bag = batch.bag("pathology"), genes = batch.inputs.at(config_.omics.input);
    std::vector<at::Tensor> logits, plans, path, omic;
    std::vector<int64_t> iterations;
    const auto parts = parts_of(batch, bag);
    for (const at::Tensor& rows : parts) {
      const auto out = net_->forward(rows.defined() ? bag.index_select(0, rows) : bag, genes);
      logits.push_back(out.logits);
      plans.push_back(out.coattention);
      path.push_back(out.path);
      omic.push_back(out.omic);
      iterations.push_back(out.iterations);
    }
    at::Tensor plan = at::cat(plans, 1);  // [groups, N]
    if (parts.front().defined()) plan = at::empty_like(plan).index_copy(1, at::cat(parts), plan);
    return {{"logits", at::cat(logits)},
            {"coattention", plan},
            {"path", at::cat(path)},
            {"omic", at::cat(omic)},
            {"iterations", at::tensor(iterations, at::kLong)}};
  }

  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    const at::Tensor& logits = out.at("logits");
    const auto repeated = [&](const char* target) {
      return batch.targets.at(target).expand({logits.size(0)});
    };
    return coattention::terms_of(config_, *net_, logits, repeated("bin"), repeated("event"));
  }

  Tensors predict(const data::Batch& batch) override {
    const Tensors out = forward(batch);
    const at::Tensor survival =
        losses::curve(out.at("logits").to(at::kDouble)).survival.mean(0, true);  // [1, classes]
    return {{"survival", survival},
            {"risk", losses::risk_of(survival)},
            {"attention.pathology", out.at("coattention")}};
  }

 private:
  // Shuffled patches in N / micro_batch + 1 parts whose sizes differ by at most 1; one undefined
  // part for the whole bag.
  std::vector<at::Tensor> parts_of(const data::Batch& batch, const at::Tensor& bag) const {
    if (config_.micro_batch == 0) return {at::Tensor()};
    const int64_t n = bag.size(0), parts = std::min(n / config_.micro_batch + 1, n);
    const auto order = shuffled(n, batch.seeds.at(0).at("micro batches"));
    return at::tensor(order, at::kLong).to(bag.device()).tensor_split(parts);
  }

  Config config_;
  nn::CoattentionNet net_;
};

}  // namespace tractrix::recipes::motcat

TRACTRIX_RECIPE(motcat, "MOTCAT: optimal transport between patches and gene groups",
                tractrix::recipes::motcat::MotcatRecipe, tractrix::recipes::motcat::Config)
