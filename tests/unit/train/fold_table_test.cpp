// A stage that learns from cached rows keeps them in a file of its own, which a killed run finds
// again.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/nn/modules/linear.h>

#include <memory>

#include "support/folder.hpp"
#include "support/paths.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/train/fold_run.hpp"

namespace tractrix::train {
namespace fold_table_cases {

using ::testing::HasSubstr;

struct TwoHeadsImpl : torch::nn::Module {
  explicit TwoHeadsImpl(int64_t columns)
      : body(register_module("body", torch::nn::Linear(columns, 4))),
        head(register_module("head", torch::nn::Linear(4, 1))) {}
  torch::nn::Linear body, head;
};
TORCH_MODULE(TwoHeads);

// Learns the body first, then the head from the body's frozen rows.
class Cached final : public recipe::Recipe {
 public:
  explicit Cached(int64_t columns) : net_(columns), second_(net_) {}
  torch::nn::Module& module() override { return *net_; }
  std::vector<recipe::Stage> stages() override {
    return {{"body", this}, {"head", &second_, this, {{"body", false}}}};
  }
  Tensors forward(const data::Batch& b) override {
    return {{"h", net_->body->forward(b.inputs.at("genomics"))}};
  }
  recipe::Terms loss(const Tensors& out, const data::Batch&) override {
    return {{"size", out.at("h").square().mean()}};
  }
  Tensors predict(const data::Batch& b) override {
    return {{"risk", net_->head->forward(forward(b).at("h")).squeeze(1)}};
  }

 private:
  struct Head final : recipe::Objective {
    explicit Head(TwoHeads net) : net_(std::move(net)) {}
    Tensors forward(const data::Batch& b) override {
      return {{"y", net_->head->forward(b.inputs.at("h"))}};
    }
    recipe::Terms loss(const Tensors& out, const data::Batch&) override {
      return {{"fit", (out.at("y") - 1).square().mean()}};
    }
    TwoHeads net_;
  };
  TwoHeads net_;
  Head second_;
};

class CachedMaker final : public recipe::Maker {
 public:
  void visit(config::Fields&) override {}
  recipe::Contract contract() const override {
    recipe::Contract contract;
    contract.inputs = {{"genomics", data::Kind::vector}};
    contract.stages = {"body", "head"};
    contract.max_batch = 8;
    return contract;
  }
  std::unique_ptr<recipe::Recipe> make(const data::Schema& schema) const override {
    return std::make_unique<Cached>(schema.inputs.at("genomics").columns);
  }
};

class FoldTable : public ::testing::Test {
 protected:
  void SetUp() override {
    config_ = RunConfig::load(testing::source_folder() + "/configs/snn/ucec.yaml",
                              {"train.epochs=2", "run.save_every=0.001"});
    config_.maker = std::make_unique<CachedMaker>();
    config_.contract = config_.maker->contract();
    config_.plans.assign(2, config_.plans.front());
    context_.config = &config_;
    context_.cohort = std::make_shared<data::Cohort>(data::Cohort::load(config_.data));
    fold_ = data::read_splits(config_.split, *context_.cohort, Seed(1)).folds.front();
    fold_.train.resize(40);
  }
  std::filesystem::path table() const { return folder_ / "0" / "table_head.safetensors"; }
  FoldRun run(const char* name, bool resume = false) {
    return {context_, fold_, folder_ / name, resume};
  }
  // Stops in the middle of the second stage.
  void stop_in_second_stage() {
    FoldRun first = run("0");
    while (!std::filesystem::exists(table())) ASSERT_TRUE(first.step());
    first.interrupt();
  }

  testing::TemporaryFolder folder_;
  RunConfig config_;
  RunContext context_;
  data::Fold fold_;
};

TEST_F(FoldTable, AStoppedRunEndsAtTheSameBitsAndLeavesNoTable) {
  FoldRun whole = run("whole");
  while (whole.step()) {
  }
  stop_in_second_stage();
  FoldRun rest = run("0", true);
  while (rest.step()) {
  }
  EXPECT_EQ(sha256(read_file(folder_ / "0" / "last.safetensors")),
            sha256(read_file(folder_ / "whole" / "last.safetensors")));
  EXPECT_FALSE(std::filesystem::exists(table())) << "no state speaks of it";
}

TEST_F(FoldTable, AMissingADamagedAndAForeignTableAreNamed) {
  stop_in_second_stage();
  const std::string bytes = read_file(table());
  const auto message = [&] {
    try {
      run("0", true);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  std::string flipped = bytes;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  write_file(table(), flipped);
  EXPECT_THAT(message(), HasSubstr("table_head.safetensors: is damaged"));
  write_state(table(), {{"h", at::zeros({40, 4})}}, {{"stage", "head"}});
  EXPECT_THAT(message(), HasSubstr("is not the table that state.safetensors speaks of"));
  std::filesystem::remove(table());
  EXPECT_THAT(message(), HasSubstr("table_head.safetensors"));
  write_file(table(), bytes);
  EXPECT_EQ(message(), "nothing was thrown");
}

}  // namespace fold_table_cases
}  // namespace tractrix::train
