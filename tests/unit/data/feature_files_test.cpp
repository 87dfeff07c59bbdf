// Every file of a folder with an expected.json behaves as that file says. TRACTRIX_FEATURE_FILES
// names another folder.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "support/paths.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/feature_file.hpp"
#include "tractrix/data/feature_report.hpp"
#include "tractrix/data/labels.hpp"

namespace tractrix::data {
namespace {

std::filesystem::path folder() {
  const char* other = std::getenv("TRACTRIX_FEATURE_FILES");
  return other ? other : testing::data_folder() + "/feature_files";
}

// Sum of absolute terms is bounded from below by |sum|; the files are small, so the terms are added
// again here.
double absolute_sum(const at::Tensor& values, bool weighted) {
  const at::Tensor flat = values.to(at::kDouble).flatten().abs();
  if (!weighted) return flat.sum().item<double>();
  return (flat * (at::arange(flat.numel(), at::kLong).remainder(97) + 1)).sum().item<double>();
}

void expect_digest(const Json& found, const Json& expected, const at::Tensor& values) {
  EXPECT_EQ(found.at("dtype"), expected.at("dtype"));
  EXPECT_NEAR(found.at("sum").get<double>(), expected.at("sum").get<double>(),
              1e-12 * absolute_sum(values, false));
  EXPECT_NEAR(found.at("weighted_sum").get<double>(), expected.at("weighted_sum").get<double>(),
              1e-12 * absolute_sum(values, true));
  EXPECT_EQ(found.at("first").get<std::vector<double>>(),
            expected.at("first").get<std::vector<double>>());
  EXPECT_EQ(found.at("last").get<std::vector<double>>(),
            expected.at("last").get<std::vector<double>>());
}

void expect_attributes(const Json& found, const Json& expected) {
  for (const auto& [object, attributes] : expected.items()) {
    for (const auto& [name, value] : attributes.items()) {
      ASSERT_TRUE(found.contains(object) && found[object].contains(name)) << object << " " << name;
      EXPECT_EQ(found[object][name], value) << object << " " << name;
    }
  }
}

void expect_bag(const std::filesystem::path& path, const Json& report, const Json& expected) {
  const FeatureFile file = open_features(path);
  EXPECT_EQ(file.info().rows, expected.at("rows").get<int64_t>());
  EXPECT_EQ(file.info().columns, expected.at("cols").get<int64_t>());
  EXPECT_EQ(report.at("stored_shape"), expected.at("stored_shape"));
  const at::Tensor values = file.read();
  EXPECT_EQ(values.scalar_type(), at::kFloat);
  EXPECT_EQ(values.sizes().vec(), (std::vector<int64_t>{file.info().rows, file.info().columns}));
  expect_digest(report, expected, file.read(As::stored));
  if (expected.contains("chunk") && !expected["chunk"].is_null()) {
    EXPECT_EQ(report.at("chunk"), expected["chunk"]);
  }
  if (expected.contains("filters") && !expected["filters"].empty()) {
    EXPECT_EQ(report.at("filters"), expected["filters"]);
  }
}

void expect_coords(const std::filesystem::path& path, const Json& report, const Json& expected) {
  if (!expected.contains("coords")) return;
  const auto& coords = expected["coords"];
  EXPECT_EQ(report.at("coords").at("shape"), coords.at("shape"));
  expect_digest(report.at("coords"), coords, open_features(path).coords());
}

void expect_members(const Json& found, const Json& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [name, digest] : expected.items()) {
    ASSERT_TRUE(found.contains(name)) << name;
    SCOPED_TRACE(name);
    EXPECT_EQ(found[name].at("shape"), digest.at("shape"));
    EXPECT_EQ(found[name].at("dtype"), digest.at("dtype"));
    EXPECT_EQ(found[name].at("first").get<std::vector<double>>(),
              digest.at("first").get<std::vector<double>>());
    EXPECT_EQ(found[name].at("last").get<std::vector<double>>(),
              digest.at("last").get<std::vector<double>>());
    for (const char* key : {"sum", "weighted_sum"}) {
      const double value = digest.at(key).get<double>();
      EXPECT_NEAR(found[name].at(key).get<double>(), value, 1e-10 * std::max(1.0, std::fabs(value)))
          << key;
    }
  }
}

void expect_names(const Json& report, const Json& expected) {
  if (!expected.contains("names")) return;
  for (const auto& [name, about] : expected["names"].items()) {
    const auto& found = report.at("names").at(name);
    for (const char* key : {"count", "first", "last"}) {
      EXPECT_EQ(found.at(key), about.at(key)) << name;
    }
  }
}

void expect_table(const Json& report, const Json& expected) {
  EXPECT_EQ(report.at("rows"), expected.at("rows"));
  EXPECT_EQ(report.at("columns"), expected.at("columns"));
  EXPECT_EQ(report.at("sums").at("survival_months"), expected.at("sum_survival_months"));
  if (expected.contains("patients")) {
    EXPECT_EQ(report.at("patients"), expected["patients"]);
  }
}

// Values of a config arrive as text and become numbers when an option asks for them.
void expect_yaml(const Json& report, const Json& expected) {
  for (const auto& [name, value] : expected.at("values").items()) {
    const auto text = report.at("values").at(name).get<std::string>();
    if (value.is_number()) {
      EXPECT_EQ(std::stod(text), value.get<double>()) << name;
    } else {
      EXPECT_EQ(text, value) << name;
    }
  }
}

// What only the choice of columns and the options of a recipe can refuse: feature_contract_test.cpp
// has these and the canaries.
bool needs_more_than_a_reader(const std::string& name) {
  constexpr const char* kElsewhere[] = {"gene_text.csv", "integer_overflow.yaml",
                                        "number_overflow.yaml"};
  for (const char* other : kElsewhere)
    if (name.ends_with(other)) return true;
  return false;
}

// A table is read as a cohort, too: a time that is no number or a patient that contradicts itself
// is found there.
void expect_labels(const std::filesystem::path& path) {
  Errors errors;
  const auto labels = read_labels(CsvTable::read(path), DataOptions{}, errors);
  errors.raise();
  EXPECT_EQ(labels.patients.size(), 6u);
}

// "" when the file is read, otherwise the message.
std::string refusal(const std::filesystem::path& path, const std::string& kind, Json& report) {
  try {
    report = feature_report(path);
    if (report.at("kind") == "table") expect_labels(path);
    if (kind == "reject_as_bag" && report.at("kind") != "bag")
      return path.filename().string() + " is no bag";
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

void expect_content(const std::filesystem::path& path, const Json& report, const Json& expected) {
  const std::string kind = expected.at("kind");
  if (kind == "bag" || kind == "vector" || kind == "omics_bag" || kind == "suspicious")
    expect_bag(path, report, expected);
  if (kind != "suspicious") {
    EXPECT_EQ(report.at("kind"), kind);
  }
  expect_coords(path, report, expected);
  expect_names(report, expected);
  if (expected.contains("attributes"))
    expect_attributes(report.at("attributes"), expected["attributes"]);
  if (kind == "coords") {
    EXPECT_THROW(open_features(path).read(), Error);
  }
  if (kind == "omics_cohort") expect_members(report.at("patients"), expected.at("patients"));
  if (kind == "tensors" || kind == "safetensors")
    expect_members(report.at("tensors"), expected.at("tensors"));
  if (expected.contains("metadata")) {
    EXPECT_EQ(report.at("metadata"), expected["metadata"]);
  }
  if (kind == "table") expect_table(report, expected);
  if (kind == "yaml") expect_yaml(report, expected);
  if (expected.contains("must_report")) {
    EXPECT_NE(report.at("warnings").dump().find(expected["must_report"].get<std::string>()),
              std::string::npos);
  }
}

void expect_refused(const std::string& name, const std::string& message, const Json& expected) {
  EXPECT_NE(message.find(std::filesystem::path(name).filename().string()), std::string::npos)
      << message;
  if (expected.contains("row") && expected.value("category", "") == "content") {
    const std::string place = "row " + std::to_string(expected["row"].get<int64_t>()) +
                              ", column " + std::to_string(expected["column"].get<int64_t>());
    EXPECT_NE(message.find(place), std::string::npos) << message;
  }
}

void check(const std::string& name, const Json& expected) {
  SCOPED_TRACE(name);
  const std::string kind = expected.at("kind");
  const auto path = folder() / name;
  if (kind == "canary" || needs_more_than_a_reader(name)) return;
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(sha256_of_file(path), expected.at("sha256").get<std::string>());
  Json report;
  const auto start = std::chrono::steady_clock::now();
  const std::string message = refusal(path, kind, report);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (std::getenv("TRACTRIX_SHOW"))
    std::cout << name << ": " << (message.empty() ? "read" : message) << " [" << seconds << " s]\n";
  EXPECT_LT(seconds, 20.0);  // a hang; bounds of a second are for an idle machine
  const bool refused = !message.empty(), may = expected.value("support", "must") == "may";
  if (kind == "no_crash") return;
  if (kind == "reject" || kind == "reject_as_bag") {
    EXPECT_TRUE(refused || may) << "was read, but: " << expected.at("reason");
    if (refused && kind == "reject") expect_refused(name, message, expected);
  } else if (refused) {
    EXPECT_TRUE(may) << message;
  } else {
    expect_content(path, report, expected);
  }
}

const Json& contract() {
  static const Json files = read_json(folder() / "expected.json").at("files");
  return files;
}

std::vector<std::string> all_files() {
  std::vector<std::string> names;
  for (const auto& item : contract().items()) names.push_back(item.key());
  return names;
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

class FeatureFiles : public ::testing::TestWithParam<std::string> {};

TEST_P(FeatureFiles, BehaveAsExpected) {
  std::filesystem::remove("PWNED");
  check(GetParam(), contract().at(GetParam()));
  EXPECT_FALSE(std::filesystem::exists("PWNED")) << "something in the file was executed";
}

INSTANTIATE_TEST_SUITE_P(Contract, FeatureFiles, ::testing::ValuesIn(all_files()), test_name);

TEST(FeatureFolder, HoldsEnoughFiles) { EXPECT_GE(contract().size(), 150u); }

}  // namespace
}  // namespace tractrix::data
