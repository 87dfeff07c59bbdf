// MUST as a recipe: what it does with complete patients, with one modality, with none, and how its
// stages learn. There is no published code to compare with.
#include <gmock/gmock.h>

#include "support/made_up.hpp"
#include "support/messages.hpp"
#include "support/recipe_cases.hpp"
#include "support/recipe_properties.hpp"

namespace tractrix::test {
namespace must_cases {

using ::testing::HasSubstr;
using testing::message_of;

const std::string kSmall =
    "dim: 16\nsubspace: {rank: 4}\nhead: {hidden: 8}\n"
    "trunk: {attention: {heads: 2, feedforward: 16}}\n";
const std::string kFill =
    "missing: {layers: 1, heads: 2, feedforward: 16, time_hidden: 16, steps: 5, draws: 2";

std::string with(const std::string& fill) { return kSmall + kFill + fill + "}\n"; }

std::shared_ptr<recipe::Maker> maker_of(const std::string& yaml) {
  const config::Node node = config::parse(yaml, "must.yaml");
  config::Visit visit;
  std::shared_ptr<recipe::Maker> maker = recipe::find_maker("must", "test");
  {
    config::Fields fields(visit, &node, "recipe");
    maker->visit(fields);
  }
  visit.errors.raise();
  return maker;
}

testing::Subject subject_of(const std::string& yaml) {
  const auto maker = maker_of(yaml);
  return {"must", maker->contract(),
          [maker](const data::Schema& schema) { return maker->make(schema); }};
}

train::Plan short_plan() {
  train::Plan plan;
  plan.epochs = 2;
  plan.window = 4;
  plan.lr = 1e-3;
  plan.optimizer.kind = train::OptimizerKind::adamw;
  return plan;
}

// Trains all stages on 6 made-up patients; those of `lacking` lack that input.
class Lacking final : public data::Reader {
 public:
  Lacking(const recipe::Contract& contract, std::string input, size_t every)
      : all_(contract, at::kFloat), some_(contract, at::kFloat), every_(every) {
    some_.leave_out(input);
  }
  std::vector<std::string> present(const std::string& id) const override {
    return of(id).present(id);
  }
  data::Batch read(const std::vector<std::string>& ids, const Seed& seed) const override {
    return of(ids.front()).read(ids, seed);
  }

 private:
  const data::Reader& of(const std::string& id) const {
    return every_ > 0 && static_cast<size_t>(id.back() - '0') % every_ == 0 ? some_ : all_;
  }
  testing::MadeUpReader all_, some_;
  size_t every_;
};

std::unique_ptr<recipe::Recipe> trained(const testing::Subject& subject,
                                        const data::Reader& reader) {
  auto model = testing::fresh(subject, at::kFloat);
  train::FoldTrainer trainer(*model, reader,
                             testing::made_up_setup(subject, 6, short_plan(), at::kFloat));
  while (!trainer.finished()) trainer.step();
  model->module().eval();
  return model;
}

at::Tensor predicted(recipe::Recipe& model, const testing::Subject& subject,
                     const std::string& without) {
  testing::MadeUpReader reader(subject.contract, at::kFloat);
  if (!without.empty()) reader.leave_out(without);
  const at::NoGradGuard no_grad;
  return model.predict(reader.read({"P7"}, Seed(4))).at("logits");
}

TEST(MustRecipe, PredictsWithEitherModalityMissing) {
  for (const std::string fill : {"diffusion", "regression", "mean", "zero"}) {
    const auto subject = subject_of(with(", fill: " + fill));
    const Lacking everyone(subject.contract, "genomics", 0);
    const auto model = trained(subject, everyone);
    const auto complete = predicted(*model, subject, ""),
               no_g = predicted(*model, subject, "genomics"),
               no_p = predicted(*model, subject, "pathology");
    for (const auto& logits : {complete, no_g, no_p})
      EXPECT_TRUE(logits.isfinite().all().item<bool>()) << fill;
    EXPECT_FALSE(at::equal(complete, no_g)) << fill;
    EXPECT_FALSE(at::equal(no_g, no_p)) << fill;
    EXPECT_TRUE(at::equal(no_g, predicted(*model, subject, "genomics"))) << fill;
  }
}

TEST(MustRecipe, DrawsFollowFromTheRowsSeed) {
  const auto subject = subject_of(with(""));
  const Lacking everyone(subject.contract, "genomics", 0);
  const auto model = trained(subject, everyone);
  testing::MadeUpReader reader(subject.contract, at::kFloat);
  reader.leave_out("genomics");
  const at::NoGradGuard no_grad;
  const auto with_seed = [&](uint64_t seed) {
    return model->predict(reader.read({"P7"}, Seed(seed))).at("logits");
  };
  EXPECT_TRUE(at::equal(with_seed(1), with_seed(1)));
  EXPECT_FALSE(at::equal(with_seed(1), with_seed(2)));
}

// Unpaired patients: survival loss alone, and what they have still teaches the third stage.
TEST(MustRecipe, LearnsFromUnpairedPatients) {
  for (const std::string input : {"genomics", "pathology"}) {
    const auto subject = subject_of(with(""));
    const Lacking some(subject.contract, input, 2);
    const auto model = trained(subject, some);
    EXPECT_TRUE(predicted(*model, subject, "").isfinite().all().item<bool>());
    EXPECT_TRUE(predicted(*model, subject, input).isfinite().all().item<bool>());
    const auto batch = some.read({"P2"}, Seed(1));
    ASSERT_FALSE(batch.has(input));
    const auto out = model->forward(batch);
    const auto terms = model->loss(out, batch);
    ASSERT_EQ(terms.size(), 1u);
    EXPECT_EQ(terms.front().name, "nll");
  }
}

TEST(MustRecipe, EachStageTrainsItsOwnPart) {
  const auto subject = subject_of(with(""));
  auto model = testing::fresh(subject, at::kFloat);
  const testing::MadeUpReader reader(subject.contract, at::kFloat);
  train::FoldTrainer trainer(*model, reader,
                             testing::made_up_setup(subject, 6, short_plan(), at::kFloat));
  Tensors before = testing::copied(trainer.state());
  for (const std::string stage : {"warmup", "main", "fill"}) {
    while (!trainer.finished() && trainer.stage().name == stage) trainer.step();
    bool net = false, subspace = false, fill = false, own = false;
    for (const auto& item : model->module().named_parameters()) {
      if (at::equal(item.value(), before.at(item.key()))) continue;
      const auto& name = item.key();
      net = net || name.starts_with("net.");
      subspace = subspace || name.starts_with("net.subspace");
      own = own || name.starts_with("net.p.u.");
      fill = fill || name.starts_with("fill_");
    }
    EXPECT_EQ(net, stage != "fill") << stage;
    EXPECT_EQ(own, stage == "main") << stage;
    EXPECT_EQ(subspace, stage == "main") << stage;
    EXPECT_EQ(fill, stage == "fill") << stage;
    before = {};
    for (const auto& item : model->module().named_parameters())
      before[item.key()] = item.value().detach().clone();
  }
}

TEST(MustRecipe, EveryOptionLearns) {
  for (const std::string more :
       {"cross: {query: class}\n", "cross: {heads: 2, residual: true}\n", "shared: zero\n",
        "loss: {warmup_head: literal, nll: eq6, reduction: paper}\n",
        "loss: {warmup_head: separate, intra: true, smooth: true}\n"}) {
    const auto subject = subject_of(with(", token: none, trained_on: available") + more);
    const Lacking everyone(subject.contract, "genomics", 0);
    const auto model = trained(subject, everyone);
    EXPECT_TRUE(predicted(*model, subject, "genomics").isfinite().all().item<bool>()) << more;
  }
  for (const std::string kind : {"qr", "stiefel", "free, penalty: 1"}) {
    std::string yaml = with("");
    yaml.replace(yaml.find("rank: 4"), 7, "rank: 4, kind: " + kind);
    const auto subject = subject_of(yaml);
    const Lacking everyone(subject.contract, "genomics", 0);
    const auto model = trained(subject, everyone);
    EXPECT_TRUE(predicted(*model, subject, "genomics").isfinite().all().item<bool>()) << kind;
  }
}

TEST(MustRecipe, TwoVectorsAreModalitiesToo) {
  const auto subject =
      subject_of(with("") + "pathology: {input: cnv, kind: vector}\ngenomics: {input: rna}\n");
  EXPECT_GT(subject.contract.max_batch, 1);
  const Lacking everyone(subject.contract, "rna", 0);
  const auto model = trained(subject, everyone);
  testing::MadeUpReader reader(subject.contract, at::kFloat);
  reader.leave_out("cnv");
  const at::NoGradGuard no_grad;
  const auto all = model->predict(reader.read({"P1", "P2", "P3"}, Seed(4))).at("logits");
  const auto one = model->predict(reader.read({"P1"}, Seed(4))).at("logits");
  EXPECT_TRUE(at::allclose(all[0], one[0], 1e-5, 1e-6));
}

TEST(MustRecipe, RefusesWhatItCannotDo) {
  EXPECT_THAT(message_of([] { maker_of("dim: 16\nsubspace: {rank: 17}\n"); }),
              HasSubstr("rank 17, dim 16"));
  EXPECT_THAT(message_of([] { maker_of("genomics: {input: pathology}\n"); }),
              HasSubstr("same input"));
  const auto subject = subject_of(with(""));
  auto schema = testing::made_up_schema(subject.contract);
  schema.inputs["cnv"] = {data::Kind::vector, 5};
  EXPECT_THAT(message_of([&] { subject.make(schema); }), HasSubstr("also has 'cnv'"));

  const auto model = testing::fresh(subject, at::kFloat);  // never trained
  model->module().eval();
  EXPECT_THAT(message_of([&] { predicted(*model, subject, "genomics"); }),
              HasSubstr("saved before its stage 'fill'"));
  testing::MadeUpReader reader(subject.contract, at::kFloat);
  reader.leave_out("genomics");
  reader.leave_out("pathology");
  EXPECT_THAT(message_of([&] { model->predict(reader.read({"P1"}, Seed(1))); }),
              HasSubstr("has neither 'pathology' nor 'genomics'"));

  const Lacking nobody(subject.contract, "genomics", 1);
  EXPECT_THAT(message_of([&] { trained(subject, nobody); }),
              HasSubstr("own part of 'genomics': no training patient has any"));
}

}  // namespace must_cases
}  // namespace tractrix::test
