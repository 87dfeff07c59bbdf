// A small recipe that uses everything a trainer must get right: dropout, a bag, a coupled loss with
// a parameter of its own, a memory bank written after each step, running statistics, and an
// optional cached second stage.
#pragma once

#include <ATen/ATen.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>

#include <cmath>
#include <limits>
#include <map>

#include "tractrix/data/reader.hpp"
#include "tractrix/recipe/recipe.hpp"

namespace tractrix::testing {

constexpr int64_t kToyWidth = 6;

struct ToyNetImpl : torch::nn::Module {
  ToyNetImpl()
      : embed(register_module("embed", torch::nn::Linear(kToyWidth, 8))),
        drop(register_module("drop", torch::nn::Dropout(0.25))),
        head(register_module("head", torch::nn::Linear(8, 1))),
        second(register_module("second", torch::nn::Linear(8, 1))),
        temperature(register_parameter("temperature", at::full({}, 0.5))),
        bank(register_buffer("bank", at::zeros({4, 8}))),
        moved(register_buffer("moved", at::zeros({}))) {}
  // [N, D] -> [1, 8]; the running mean is a side effect that a second pass must not repeat.
  at::Tensor node(const at::Tensor& bag) {
    auto h = drop->forward(at::relu(embed->forward(bag)));
    if (is_training()) {
      const at::NoGradGuard no_grad;
      moved.mul_(0.9).add_(h.mean(), 0.1);
    }
    return h.mean(0, true);
  }
  torch::nn::Linear embed;
  torch::nn::Dropout drop;
  torch::nn::Linear head, second;
  at::Tensor temperature, bank, moved;
};
TORCH_MODULE(ToyNet);

class ToyRecipe : public recipe::Recipe {
 public:
  explicit ToyRecipe(bool coupled, bool cached = false)
      : coupled_(coupled), cached_(cached), second_(net_) {}
  torch::nn::Module& module() override { return *net_; }

  Tensors forward(const data::Batch& b) override {
    std::vector<at::Tensor> nodes;
    for (int64_t i = 0; i < b.size(); ++i) nodes.push_back(net_->node(b.bag("pathology", i)));
    auto node = at::cat(nodes);  // [B, 8]
    return {{"node", node}, {"risk", net_->head->forward(node).squeeze(1)}};
  }
  recipe::Terms loss(const Tensors& out, const data::Batch& b) override {
    return {{"fit", (out.at("risk") - b.targets.at("time")).square().mean()},
            {"norm", out.at("node").norm(), 0}};
  }
  std::vector<std::string> coupled() const override {
    return coupled_ ? std::vector<std::string>{"node", "risk"} : std::vector<std::string>{};
  }
  recipe::Terms window_loss(const Tensors& rows, const data::Batch&) override {
    const auto far = at::cdist(rows.at("node"), net_->bank.clone()) * net_->temperature.exp();
    return {{"rank", at::logsumexp(rows.at("risk"), 0) + far.mean(), 0.3}};
  }
  void after_step(const Tensors& rows, const data::Batch&) override {
    if (rows.has("node")) net_->bank.copy_(net_->bank * 0.5 + rows.at("node").mean(0, true) * 0.5);
  }
  std::vector<recipe::Stage> stages() override {
    std::vector<recipe::Stage> all{{"main", this}};
    if (cached_) all.push_back({"second", &second_, this, {{"", false}, {"second", true}}});
    return all;
  }
  Tensors predict(const data::Batch& b) override { return {{"risk", forward(b).at("risk")}}; }

 private:
  struct Second final : recipe::Objective {
    explicit Second(ToyNet net) : net_(std::move(net)) {}
    void begin(const Tensors& table) override { net_->moved.copy_(table.at("node").mean()); }
    Tensors forward(const data::Batch& b) override {
      return {{"y", net_->second->forward(b.inputs.at("node") +
                                          0.1 * at::randn_like(b.inputs.at("node")))}};
    }
    recipe::Terms loss(const Tensors& out, const data::Batch&) override {
      return {{"second", (out.at("y") - net_->moved).square().mean()}};
    }
    ToyNet net_;
  };
  bool coupled_, cached_;
  ToyNet net_;
  Second second_;
};

// Bags and labels that follow from an id alone.
class ToyReader final : public data::Reader {
 public:
  explicit ToyReader(std::string poisoned = {}) : poisoned_(std::move(poisoned)) {}
  std::vector<std::string> present(const std::string&) const override { return {"pathology"}; }
  data::Batch read(const std::vector<std::string>& ids, const Seed& seed) const override {
    data::Batch batch;
    batch.ids = ids;
    std::vector<at::Tensor> bags, times;
    for (size_t i = 0; i < ids.size(); ++i) {
      const Seed own = Seed(5).at(ids[i]);
      const auto rows = static_cast<int64_t>(3 + own.key() % 5);
      bags.push_back(normal(own.at("bag"), {rows, kToyWidth}));
      if (ids[i] == poisoned_) bags.back().fill_(std::numeric_limits<double>::quiet_NaN());
      times.push_back(normal(own.at("time"), {1}).abs());
      batch.lengths["pathology"].push_back(rows);
      batch.seeds.push_back(seed.at("row", i));
    }
    batch.inputs["pathology"] = at::cat(bags);
    batch.targets["time"] = at::cat(times);
    return batch;
  }

 private:
  std::string poisoned_;
};

}  // namespace tractrix::testing
