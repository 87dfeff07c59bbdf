// Gene bags as an input: rows by pathway, one order of genes for all patients, policies.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <hdf5.h>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/feature_writer.hpp"
#include "tractrix/data/fold_view.hpp"
#include "tractrix/data/synth.hpp"

namespace tractrix::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

const std::vector<std::string> kGenes = {"TP53", "EGFR", "BRCA1", "ACTB"};

class GeneBags : public ::testing::Test {
 protected:
  GeneBags() {
    std::filesystem::create_directory(folder_ / "g");
    write_file(
        folder_ / "t.csv",
        "case_id,slide_id,survival_months,censorship\nA,a.svs,1,0\nB,b.svs,2,1\nC,c.svs,3,0\n");
    write_file(folder_ / "signatures.csv", "Repair,Growth\nTP53,EGFR\nBRCA1,TP53\n");
    for (const char* id : {"A", "B", "C"}) write(id, kGenes);
    options_.cohort = "own";
    options_.table = folder_ / "t.csv";
    auto& input = options_.inputs["genes"];
    input.kind = InputKind::genes;
    input.features = folder_ / "g";
    input.signatures = folder_ / "signatures.csv";
  }

  // Row i of patient id is 10 * id + i.
  void write(const std::string& id, const std::vector<std::string>& genes) {
    const auto rows = static_cast<int64_t>(genes.size());
    const auto values =
        at::arange(rows, at::kFloat).unsqueeze(1).expand({rows, 2}) + 10 * (id[0] - 'A');
    write_gene_bag(folder_ / "g" / (id + ".h5"), {values, {}, id, "geneformer", false}, genes);
  }
  InputOptions& input() { return options_.inputs["genes"]; }

  TemporaryFolder folder_;
  DataOptions options_;
};

TEST_F(GeneBags, PathwaysAreRowsOfEveryPatientsBag) {
  const auto cohort = std::make_shared<Cohort>(Cohort::load(options_));
  const auto& groups = cohort->bags().at("genes").groups;
  EXPECT_THAT(groups.names(), ElementsAre("Repair", "Growth"));
  EXPECT_THAT(groups.at("Repair"), ElementsAre(2, 0));  // sorted by name: BRCA1, TP53
  EXPECT_THAT(groups.at("Growth"), ElementsAre(1, 0));
  const auto preparation = Preparation::fit(*cohort, {"A", "C"});
  FoldView view(cohort, Preparation::from_json(Json::parse(preparation.to_json().dump()), "x"),
                std::make_shared<BagCache>(1 << 20));
  const auto& width = view.schema().inputs.at("genes");
  EXPECT_EQ(width.kind, Kind::bag);
  EXPECT_EQ(width.columns, 2);
  EXPECT_THAT(width.groups.at("Repair"), ElementsAre(2, 0));
  const auto batch = view.read({"B", "C"}, Seed(1));
  EXPECT_THAT(batch.lengths.at("genes"), ElementsAre(4, 4));
  EXPECT_EQ(batch.bag("genes", 1)[2][0].item<double>(), 22);
}

TEST_F(GeneBags, AnotherOrderOrNumberOfGenesIsNamed) {
  write("B", {"EGFR", "TP53", "BRCA1", "ACTB"});
  write("C", {"TP53", "EGFR", "BRCA1"});
  const auto message = message_of([&] { Cohort::load(options_); });
  EXPECT_THAT(message, HasSubstr("B.h5: gene 0 is 'EGFR', in A.h5 'TP53'"));
  EXPECT_THAT(message, HasSubstr("C.h5: has 3 genes, A.h5 4"));
}

TEST_F(GeneBags, AbsentGenesAreAnErrorUnlessAPolicySaysOtherwise) {
  write_file(folder_ / "signatures.csv", "Repair,Growth,Other\nTP53,EGFR,MYC\nBRCA2,TP53,\n");
  const auto message = message_of([&] { Cohort::load(options_); });
  EXPECT_THAT(message,
              HasSubstr("pathway 'Repair' has 1 of 2 genes that are not in the bags: BRCA2"));
  EXPECT_THAT(message, HasSubstr("pathway 'Other' has 1 of 1"));
  EXPECT_THAT(message, HasSubstr("data.inputs.genes.absent_genes=leave_out"));
  input().absent_genes = AbsentGenes::leave_out;
  const auto cohort = Cohort::load(options_);
  EXPECT_THAT(cohort.bags().at("genes").groups.names(), ElementsAre("Repair", "Growth"));
  EXPECT_THAT(cohort.bags().at("genes").groups.at("Repair"), ElementsAre(0));
  EXPECT_THAT(cohort.notes(),
              ElementsAre(HasSubstr("-> left out"), HasSubstr("-> pathway left out")));
}

TEST_F(GeneBags, AModelRefusesBagsOfOtherGenes) {
  const auto trained = Preparation::fit(Cohort::load(options_), {"A", "B", "C"});
  for (const char* id : {"A", "B", "C"}) write(id, {"TP53", "EGFR", "BRCA1", "GAPDH"});
  const auto other = std::make_shared<Cohort>(Cohort::load(options_));
  EXPECT_THAT(message_of([&] { FoldView(other, trained, std::make_shared<BagCache>(1)); }),
              HasSubstr("gene 3 is 'GAPDH', in the model's training 'ACTB'"));
}

TEST_F(GeneBags, WhatIsNoGeneBagIsRefused) {
  write_features(folder_ / "g" / "B.h5", FeatureLayout::clam, {at::ones({4, 2}), {}, "B"});
  EXPECT_THAT(message_of([&] { Cohort::load(options_); }),
              HasSubstr("B.h5: holds patches, A.h5 does not"));
  write("B", {"TP53", "EGFR", "TP53", "ACTB"});
  write("A", {"TP53", "EGFR", "TP53", "ACTB"});
  write("C", {"TP53", "EGFR", "TP53", "ACTB"});
  EXPECT_THAT(message_of([&] { Cohort::load(options_); }), HasSubstr("names genes twice: TP53"));
  std::filesystem::remove(folder_ / "g" / "C.h5");
  for (const char* id : {"A", "B"}) write(id, kGenes);
  EXPECT_THAT(message_of([&] { Cohort::load(options_); }),
              HasSubstr("no features for 1 patients: C"));
}

TEST_F(GeneBags, OneFileMayHoldAllPatients) {
  const std::filesystem::path path = folder_ / "all.h5";
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t dims[] = {3, 2, 2}, two = 2, three = 3;
  const hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, 4);
  const auto put = [&](const char* name, hid_t type, int rank, const hsize_t* shape,
                       const void* data) {
    const hid_t space = H5Screate_simple(rank, shape, nullptr);
    const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0);
    H5Dclose(set);
    H5Sclose(space);
  };
  const auto values = at::arange(12, at::kFloat);
  put("features", H5T_NATIVE_FLOAT, 3, dims, values.const_data_ptr());
  put("gene_names", text, 1, &two, "TP53EGFR");
  put("case_ids", text, 1, &three, "B\0\0\0A\0\0\0C\0\0");
  H5Tclose(text);
  H5Fclose(file);
  write_file(folder_ / "signatures.csv", "Growth\nEGFR\nTP53\n");
  input().features = path;
  const auto cohort = std::make_shared<Cohort>(Cohort::load(options_));
  EXPECT_THAT(cohort->bags().at("genes").groups.at("Growth"), ElementsAre(1, 0));
  FoldView view(cohort, Preparation::fit(*cohort, {"A", "C"}), std::make_shared<BagCache>(1 << 20));
  const auto bag = view.read({"A"}, Seed(1)).bag("genes");
  EXPECT_TRUE(at::equal(bag, at::tensor({4.f, 5.f, 6.f, 7.f}).reshape({2, 2})));
}

TEST_F(GeneBags, SyntheticOnesCarryTheSignalInTheFirstPathway) {
  SynthOptions options;
  options.columns = 5;
  options.shift = 4;
  const auto plain = Cohort::load([&] {
    auto without = options_;
    without.inputs = {};
    return without;
  }());
  write_synthetic_genes(plain, folder_ / "made", folder_ / "signatures.csv", options, Seed(1));
  input().features = folder_ / "made";
  const auto cohort = Cohort::load(options_);
  EXPECT_TRUE(cohort.synthetic());
  EXPECT_THAT(cohort.bags().at("genes").source->row_names(), ElementsAre("BRCA1", "EGFR", "TP53"));
  options.shift = 0;
  write_synthetic_genes(plain, folder_ / "without", folder_ / "signatures.csv", options, Seed(1));
  const auto moved =
      cohort.bags().at("genes").source->read("A") - BagSource::open(folder_ / "without")->read("A");
  const auto distance = moved.norm(2, 1);
  EXPECT_GT(distance[0].item<double>(), 1);  // BRCA1 and TP53 are Repair
  EXPECT_EQ(distance[1].item<double>(), 0);
  EXPECT_NEAR(distance[2].item<double>(), distance[0].item<double>(), 1e-5);
}

}  // namespace
}  // namespace tractrix::data
