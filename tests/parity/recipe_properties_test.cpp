// What must hold for every recipe in the registry, none of them listed here: on made-up batches,
// with its default options, or where these are none that work (`fusion` wants encoders chosen),
// with every set of options that a YAML file below configs/ gives it.
#include "support/recipe_properties.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>

#include <filesystem>
#include <iostream>
#include <limits>
#include <set>

#include "support/paths.hpp"
#include "tractrix/config/document.hpp"
#include "tractrix/config/fields.hpp"
#include "tractrix/recipe/registry.hpp"

namespace tractrix::testing {
namespace recipe_properties_cases {

// Above this many parameters a set of shipped options is left to other tests: it would take
// minutes.
constexpr int64_t kMostParameters = 1'500'000;

// Null options: the defaults. Returns false where they contradict each other.
bool configure(recipe::Maker& maker, const config::Node* options, config::Visit& visit) {
  {
    config::Fields fields(visit, options, "recipe");
    maker.visit(fields);
  }
  return visit.errors.empty();
}

Subject subject_of(const std::string& name, std::shared_ptr<recipe::Maker> maker) {
  return {name, maker->contract(),
          [maker](const data::Schema& schema) { return maker->make(schema); }};
}

bool small_enough(const Subject& subject) {
  int64_t sum = 0;
  for (const auto& p : fresh(subject, at::kFloat)->module().parameters()) sum += p.numel();
  return sum <= kMostParameters;
}

// The recipe section of every config of this recipe, each set of options once.
std::vector<Subject> shipped_subjects(const recipe::Entry& entry) {
  std::vector<std::filesystem::path> files;
  const auto folder = std::filesystem::path(source_folder()) / "configs";
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder))
    if (file.path().extension() == ".yaml") files.push_back(file.path());
  std::sort(files.begin(), files.end());
  std::set<std::string> seen;
  std::vector<Subject> all;
  for (const auto& file : files) {
    config::Node root = config::load(file);
    config::Node* options = root.find("recipe");
    const config::Node* name = options ? options->find("name") : nullptr;
    if (!name || name->scalar != entry.name) continue;
    std::erase_if(options->children, [](const auto& child) { return child.first == "name"; });
    config::Visit visit;
    std::shared_ptr<recipe::Maker> maker = entry.maker();
    if (!configure(*maker, options, visit)) visit.errors.raise();
    std::string values;
    for (const auto& row : visit.rows) values += row.path + "=" + row.value + "\n";
    if (!seen.insert(values).second) continue;
    Subject subject = subject_of(entry.name + (" as " + file.lexically_relative(folder).string()),
                                 std::move(maker));
    if (small_enough(subject))
      all.push_back(std::move(subject));
    else
      std::cout << "left out for its size: " << subject.name << "\n";
  }
  return all;
}

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = [] {
    at::set_num_threads(1);
    std::vector<Subject> made;
    for (const auto& entry : recipe::registry()) {
      config::Visit visit;
      std::shared_ptr<recipe::Maker> maker = entry.maker();
      if (configure(*maker, nullptr, visit)) {
        made.push_back(subject_of(entry.name, std::move(maker)));
        continue;
      }
      for (auto& subject : shipped_subjects(entry)) made.push_back(std::move(subject));
    }
    return made;
  }();
  return all;
}

void expect_none(const Violations& violations, const Subject& subject) {
  for (const auto& violation : violations) ADD_FAILURE() << subject.name << ": " << violation;
}

TEST(EveryRecipe, IsTested) {
  std::set<std::string> tested;
  for (const auto& subject : subjects())
    tested.insert(subject.name.substr(0, subject.name.find(' ')));
  for (const auto& entry : recipe::registry()) EXPECT_TRUE(tested.count(entry.name)) << entry.name;
}

TEST(EveryRecipe, HasTheStagesOfItsContract) {
  for (const auto& subject : subjects()) expect_none(check_stages(subject), subject);
}

TEST(EveryRecipe, LearnsFromAWindowAsFromOneGraph) {
  for (const auto& subject : subjects()) {
    expect_none(check_window_gradients(subject, 1), subject);
    if (subject.contract.max_batch > 1) expect_none(check_window_gradients(subject, 2), subject);
  }
}

TEST(EveryRecipe, ResumesAtEveryWindowEndToTheSameBits) {
  for (const auto& subject : subjects()) expect_none(check_resume(subject), subject);
}

TEST(EveryRecipe, PredictsWithoutTargetsAndWithoutChance) {
  for (const auto& subject : subjects()) expect_none(check_prediction(subject), subject);
}

TEST(EveryRecipe, RunsWithoutEachOptionalInput) {
  for (const auto& subject : subjects()) expect_none(check_optional_inputs(subject), subject);
}

// The checks find what they look for.
class Broken final : public recipe::Recipe {
 public:
  explicit Broken(const data::Schema& schema)
      : layer_(schema.inputs.at("genomics").columns, 1), steps_(0) {}
  torch::nn::Module& module() override { return *layer_; }
  std::vector<recipe::Stage> stages() override { return {{"other", this}}; }
  Tensors forward(const data::Batch& batch) override {
    const at::Tensor y = layer_->forward(batch.inputs.at("genomics")).squeeze(1);
    return {{"risk", y + at::rand_like(y)}};
  }
  recipe::Terms loss(const Tensors& out, const data::Batch&) override {
    // State outside the module: neither replayed nor saved.
    return {{"fit", out.at("risk").square().mean() * static_cast<double>(++steps_)}};
  }
  Tensors predict(const data::Batch& batch) override {
    Tensors out = forward(batch);
    if (batch.has("clinical")) return out;
    return {{"risk", at::full({1}, std::numeric_limits<double>::quiet_NaN())}};
  }

 private:
  torch::nn::Linear layer_;
  int64_t steps_;
};

TEST(EveryRecipe, ABrokenOneIsFound) {
  recipe::Contract contract;
  contract.inputs = {{"genomics", data::Kind::vector}, {"clinical", data::Kind::vector, true}};
  contract.targets = {"time"};
  const Subject broken{"broken", contract,
                       [](const data::Schema& schema) { return std::make_unique<Broken>(schema); }};
  EXPECT_FALSE(check_stages(broken).empty());
  EXPECT_FALSE(check_resume(broken).empty());
  EXPECT_FALSE(check_prediction(broken).empty());
  EXPECT_FALSE(check_optional_inputs(broken).empty());
}

}  // namespace recipe_properties_cases
}  // namespace tractrix::testing
