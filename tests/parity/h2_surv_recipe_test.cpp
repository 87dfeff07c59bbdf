// The recipe `h2_surv`: with everything off it is `motcat` to the bit; window gradients, resuming
// and predictions of its options; curvature, hierarchies, gene bags.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "support/folder.hpp"
#include "support/h2_surv_cases.hpp"

namespace tractrix::test {
namespace h2_surv_cases {

using ::testing::HasSubstr;
using testing::Subject;

const std::string kOff =
    "objective: bins\nhymap: {enabled: false}\nh2m: {weight: 0}\n"
    "tocl: {weight: 0}\n";

void expect_none(const testing::Violations& violations) {
  for (const auto& violation : violations) ADD_FAILURE() << violation;
}

// ---- everything off

TEST(H2Surv, EverythingOffIsMotcatBitForBit) {
  const Subject off = h2_subject(kOff), motcat = h2_subject(kSmallH2, "motcat");
  for (const auto type : {at::kFloat, at::kDouble}) {
    const auto a = testing::fresh(off, type), b = testing::fresh(motcat, type);
    const testing::MadeUpReader reader(off.contract, type);
    const auto plan = h2_plan(4, 1e-2);
    train::FoldTrainer left(*a, reader, testing::made_up_setup(off, 9, plan, type)),
        right(*b, reader, testing::made_up_setup(motcat, 9, plan, type));
    while (!left.finished()) {
      left.step();
      right.step();
    }
    EXPECT_TRUE(right.finished());
    EXPECT_EQ(left.ended_terms().at("nll"), right.ended_terms().at("nll"));
    auto ours = a->module().named_parameters(), theirs = b->module().named_parameters();
    ASSERT_EQ(ours.size(), theirs.size());
    for (const auto& item : theirs)
      EXPECT_TRUE(at::equal(item.value(), ours["skeleton." + item.key()])) << item.key();
    a->module().eval();
    b->module().eval();
    const at::NoGradGuard no_grad;
    const auto batch = reader.read({"X"}, Seed(3));
    const Tensors x = a->predict(batch), y = b->predict(batch);
    for (const char* name : {"risk", "survival", "attention.pathology"})
      EXPECT_TRUE(at::equal(x.at(name), y.at(name))) << name;
  }
}

// ---- properties with the options that made-up windows of six patients can use

const std::string kRanks = "ranks: 2, least: 2, bank: 5";
const std::string kAll = "h2m: {weight: 0.5, margin: 1, patient_cone: true, leaf_cone: true}\n";

const std::vector<std::string>& variants() {
  static const std::vector<std::string> all{
      kAll + "tocl: {weight: 1, " + kRanks + "}",
      kAll +
          "hymap: {skeleton: gyromid, scale: layer_norm}\nrisk_head: ideal_point\n"
          "tocl: {weight: 1, form: rnc, " +
          kRanks + "}",
      kAll +
          "hymap: {skeleton: einstein, scale: clip}\nrisk_head: regression\n"
          "tocl: {weight: 1, form: survrnc, live: false, " +
          kRanks + "}\nrisk_set: bank",
      "h2m: {patches: random, sample: 2, direction: wsi_to_pathway}\ngenes: {pooling: snn}\n"
      "hymap: {cost: hyperbolic, projection: relu}\nobjective: bins\n"
      "tocl: {weight: 1, form: rince_out, censoring: ignore, " +
          kRanks + "}",
      "h2m: {patches: attended, sample: 2, direction: align, soft: true}\ngenes: {pooling: mean}\n"
      "hymap: {precision: model, learn: false}\nfusion: bilinear\nmissing: zero_token\n"
      "families: ['a > group 1', 'a > group 4', 'b > group 2']\ntocl: {weight: 0}",
      "hymap: {enabled: false}\ntocl: {weight: 1, " + kRanks + "}\nmissing: zero_token"};
  return all;
}

TEST(H2Surv, LearnsFromAWindowAsFromOneGraph) {
  for (const auto& yaml : variants()) {
    SCOPED_TRACE(yaml);
    expect_none(testing::check_window_gradients(h2_subject(yaml), 1));
  }
}

TEST(H2Surv, ResumesToTheSameBits) {
  for (const auto& yaml : variants()) {
    SCOPED_TRACE(yaml);
    expect_none(testing::check_resume(h2_subject(yaml)));
  }
}

TEST(H2Surv, PredictsAndDoesWithoutAnInput) {
  for (const auto& yaml : variants()) {
    SCOPED_TRACE(yaml);
    expect_none(testing::check_prediction(h2_subject(yaml)));
    expect_none(testing::check_optional_inputs(h2_subject(yaml)));
  }
}

TEST(H2Surv, NamesThePatientWithoutAModality) {
  const Subject subject = h2_subject("");
  const auto model = testing::fresh(subject, at::kFloat);
  testing::MadeUpReader reader(subject.contract, at::kFloat);
  reader.leave_out("pathology");
  try {
    model->forward(reader.read({"TCGA-1"}, Seed(1)));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("TCGA-1"));
    EXPECT_THAT(error.what(), HasSubstr("pathology"));
    EXPECT_THAT(error.what(), HasSubstr("zero_token"));
  }
}

// ---- what is learnt

double curvature_of(recipe::Recipe& model) {
  return at::softplus(model.module().named_parameters()["hymap.curvature"]).item<double>();
}

TEST(H2Surv, CurvatureMovesWithinItsBoundsOrStays) {
  const std::string losses = "h2m: {weight: 1}\ntocl: {weight: 1, " + kRanks + "}\n";
  const auto after = [&](const std::string& map) {
    const Subject subject = h2_subject(losses + map);
    const auto model = testing::fresh(subject, at::kDouble);
    const double before = curvature_of(*model);
    const auto terms = train_h2(subject, *model, h2_plan(6, 3e-2), 12, at::kDouble);
    EXPECT_TRUE(std::isfinite(terms.at("curvature")));
    return std::pair{before, curvature_of(*model)};
  };
  const auto [start, moved] = after("");
  EXPECT_NEAR(start, 1, 1e-6);
  EXPECT_GT(std::abs(moved - start), 1e-3);
  const auto [fixed, same] = after("hymap: {learn: false, curvature: 2}");
  EXPECT_NEAR(fixed, 2, 1e-6);
  EXPECT_EQ(fixed, same);
  const auto [first, bounded] = after("hymap: {lowest: 0.9999, highest: 1.0001}");
  EXPECT_NEAR(std::abs(bounded - first), 1e-4, 1e-9);
}

TEST(H2Surv, DiagnosticsAreLoggedPerEpoch) {
  const Subject subject = h2_subject("tocl: {" + kRanks + "}");
  const auto model = testing::fresh(subject, at::kFloat);
  const auto terms = train_h2(subject, *model, h2_plan(6, 1e-3), 12, at::kFloat);
  for (const char* name :
       {"cox", "h2m_intra", "h2m_inter", "tocl", "curvature", "clipped", "clamped", "r_patient",
        "r_wsi", "r_pathway_q50", "r_gene_q05", "r_patch_q95"})
    EXPECT_TRUE(terms.has(name) && std::isfinite(terms.at(name))) << name;
  EXPECT_GT(terms.at("r_patch_q95"), terms.at("r_patch_q05"));
  EXPECT_EQ(terms.at("clipped"), 0);
}

// With WSI and pathways as far out as their LayerNorms put them the tree starts upside down; its
// losses turn it: patient, then WSI, then patches.
TEST(H2Surv, TrainingOrdersTheNodes) {
  const Subject subject = h2_subject(
      "h2m: {weight: 1, patient_cone: true, leaf_cone: true}\ntocl: {weight: 0}\n"
      "hymap: {node_scale: 1}");
  const auto model = testing::fresh(subject, at::kFloat);
  auto plan = h2_plan(12, 1e-30);
  plan.epochs = 1;
  const auto ordered = [](const Named<double>& terms) {
    constexpr double kMargin = 0.05;
    return terms.at("r_patient") + kMargin < terms.at("r_wsi") &&
           terms.at("r_wsi") + kMargin < terms.at("r_patch_q50");
  };
  EXPECT_FALSE(ordered(train_h2(subject, *model, plan, 12, at::kFloat)));
  plan.epochs = 60;
  plan.lr = 1e-2;
  const auto terms = train_h2(subject, *model, plan, 12, at::kFloat);
  EXPECT_TRUE(ordered(terms)) << terms.at("r_patient") << " " << terms.at("r_wsi") << " "
                              << terms.at("r_patch_q50");
}

// Both forms name one point; what they share is everything but the arithmetic of midpoints.
TEST(H2Surv, GyromidAndEinsteinAreOneModel) {
  const auto risk = [&](const std::string& skeleton) {
    const Subject subject = h2_subject("hymap: {skeleton: " + skeleton + "}");
    const auto model = testing::fresh(subject, at::kDouble);
    model->module().eval();
    const testing::MadeUpReader reader(subject.contract, at::kDouble);
    return model->predict(reader.read({"A"}, Seed(1)));
  };
  const Tensors a = risk("gyromid"), b = risk("einstein");
  EXPECT_TRUE(at::allclose(a.at("risk"), b.at("risk"), 1e-9, 1e-12));
  EXPECT_TRUE(at::allclose(a.at("embedding.patient"), b.at("embedding.patient"), 1e-9, 1e-12));
}

// ---- hierarchies

data::Schema grouped(int64_t pathways, int64_t genes) {
  data::Schema schema = schema_of(10, genes, 4);
  for (int64_t k = 0; k < pathways; ++k)
    for (int64_t g = 0; g < 3; ++g)
      schema.inputs["genomics"].groups["pathway " + std::to_string(k)].push_back((7 * k + g) %
                                                                                 genes);
  return schema;
}

data::Batch patient(int64_t genes) {
  data::Batch batch = batch_of(normal(Seed(1), {8, 10}), normal(Seed(2), {1, genes}), 1, 1);
  batch.targets["time"] = at::full({1}, 3.0, at::kDouble);
  return batch;
}

double sum_of_terms(recipe::Recipe& model, const data::Batch& batch) {
  const Tensors out = model.forward(batch);
  double sum = 0;
  for (const auto& term : model.loss(out, batch)) sum += term.weight * term.value.item<double>();
  for (const auto& term : model.window_loss(out, batch))
    sum += term.weight * term.value.item<double>();
  return sum;
}

std::unique_ptr<recipe::Recipe> wide_h2(const std::string& yaml, const data::Schema& schema) {
  auto model = make_recipe("h2_surv", kSmallH2 + yaml, schema);
  cast(model->module(), at::kCPU, at::kDouble);
  return model;
}

TEST(H2Surv, AnyNumberOfPathways) {
  for (const int64_t pathways : {1, 2, 6, 50}) {
    const auto model = wide_h2("", grouped(pathways, 200));
    const data::Batch batch = patient(200);
    EXPECT_EQ(model->predict(batch).at("embedding.pathways").sizes(),
              at::IntArrayRef({pathways, 16}));
    EXPECT_TRUE(std::isfinite(sum_of_terms(*model, batch)));
  }
}

TEST(H2Surv, FamiliesOfPathwaysComeFromACsv) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder / "tree.csv") << "upper,lower\npathway 0,pathway 2\npathway 1,\n";
  const std::string yaml = "hierarchy: " + (folder / "tree.csv").string() + "\n";
  const auto model = wide_h2(yaml, grouped(3, 20));
  const auto flat = wide_h2("", grouped(3, 20));
  const Tensors out = model->predict(patient(20));
  EXPECT_EQ(out.at("embedding.families").sizes(), at::IntArrayRef({2, 16}));
  // A family of one pathway is that pathway.
  EXPECT_TRUE(
      at::allclose(out.at("embedding.families")[1], out.at("embedding.pathways")[2], 1e-12, 1e-14));
  EXPECT_FALSE(flat->predict(patient(20)).has("embedding.families"));
  EXPECT_TRUE(std::isfinite(sum_of_terms(*model, patient(20))));
}

TEST(H2Surv, AnUnknownPathwayOfAFamilyIsNamed) {
  try {
    wide_h2("families: ['a > pathwy 1', 'pathway 0']\n", grouped(3, 20));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'pathway 1'?"));
    EXPECT_THAT(error.what(), HasSubstr("'pathway 0' is not of the form"));
  }
}

// ---- gene bags

TEST(H2Surv, GeneBagsBecomeNodes) {
  data::Schema schema = schema_of(10, 0, 4);
  schema.inputs["genes"] = {data::Kind::bag, 6, {}};
  schema.inputs["genes"].groups["one"] = {0, 2, 4};
  schema.inputs["genes"].groups["two"] = {1, 2};
  const std::string yaml = "omics: {input: genes, widths: [16]}\ngenes: {kind: bag}\n";
  const std::string small =
      kSmallH2.substr(0, kSmallH2.find("omics")) + kSmallH2.substr(kSmallH2.find("transformer"));
  for (const char* skeleton : {"motcat_tangent", "gyromid"}) {
    auto model = make_recipe(
        "h2_surv", small + yaml + "hymap: {skeleton: " + std::string(skeleton) + "}\n", schema);
    cast(model->module(), at::kCPU, at::kDouble);
    data::Batch batch = batch_of(normal(Seed(1), {8, 10}), {}, 1, 1);
    batch.targets["time"] = at::full({1}, 3.0, at::kDouble);
    batch.inputs["genes"] = normal(Seed(2), {5, 6});
    batch.lengths["genes"] = {5};
    const Tensors out = model->predict(batch);
    EXPECT_EQ(out.at("embedding.genes").sizes(), at::IntArrayRef({5, 16}));
    EXPECT_EQ(out.at("embedding.pathways").sizes(), at::IntArrayRef({2, 16}));
    EXPECT_TRUE(std::isfinite(sum_of_terms(*model, batch)));
  }
  schema.inputs["genes"].groups["none"];
  EXPECT_THROW(make_recipe("h2_surv", small + yaml, schema), Error);
}

// ---- bad input

TEST(H2Surv, ExtremePatchesStayFinite) {
  for (const char* skeleton : {"motcat_tangent", "gyromid", "einstein"}) {
    for (const double scale : {0.0, 1e-30, 1e6}) {
      SCOPED_TRACE(std::string(skeleton) + " " + std::to_string(scale));
      const auto model = make_recipe(
          "h2_surv", kSmallH2 + kAll + "hymap: {skeleton: " + skeleton + "}\n", grouped(3, 20));
      data::Batch batch = patient(20);
      for (const char* name : {"pathology", "genomics"})
        batch.inputs[name] = (scale * batch.inputs[name]).to(at::kFloat);
      const Tensors out = model->forward(batch);
      at::Tensor sum = at::zeros({}, at::kDouble);
      for (const auto& term : model->loss(out, batch)) sum = sum + term.weight * term.value;
      for (const auto& term : model->window_loss(out, batch)) sum = sum + term.weight * term.value;
      EXPECT_TRUE(sum.isfinite().item<bool>());
      EXPECT_TRUE(std::isfinite(gradient_norm(*model, sum)));
    }
  }
}

// No event in the window, all times tied, one patient: the window's losses are finite.
TEST(H2Surv, WindowsWithoutInformationAreFinite) {
  const auto model = wide_h2("tocl: {" + kRanks + "}\nrisk_set: bank\n", grouped(3, 20));
  for (const int64_t n : {1, 4}) {
    for (const double event : {0.0, 1.0}) {
      data::Batch window;
      for (int64_t i = 0; i < n; ++i) window.ids.push_back("P" + std::to_string(i));
      window.targets["time"] = at::full({n}, 2.0, at::kDouble);
      window.targets["event"] = at::full({n}, event, at::kDouble);
      const Tensors rows{{"risk", normal(Seed(1), {n})}, {"patient", normal(Seed(2), {n, 16})}};
      for (const auto& term : model->window_loss(rows, window)) {
        EXPECT_TRUE(term.value.isfinite().item<bool>()) << term.name;
        EXPECT_TRUE(event != 0 || term.value.item<double>() == 0) << term.name;
      }
      model->after_step(rows, window);
    }
  }
}

// ---- options

TEST(H2Surv, OptionsThatContradictAreRefused) {
  for (const char* yaml :
       {"hymap: {enabled: false}\ngenes: {kind: bag}", "genes: {kind: bag, pooling: snn}",
        "hymap: {skeleton: gyromid}\ngenes: {pooling: snn}",
        "hymap: {enabled: false}\nrisk_head: regression", "tocl: {form: rince}",
        "hymap: {curvature: 0}"})
    EXPECT_THROW(h2_subject(yaml), Error) << yaml;
}

}  // namespace h2_surv_cases
}  // namespace tractrix::test
