// Attention by slide: which numbers belong to which slide, and what the file says of the patches.
#include "tractrix/data/attention_file.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <hdf5.h>

#include "support/folder.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::data {
namespace {

using testing::TemporaryFolder;

// Slides of 2 and 3 patches; only the first has a file that says how large they are.
class TwoSlides final : public BagSource {
 public:
  bool has(const std::string& slide) const override { return slide == "a" || slide == "b"; }
  int64_t columns() const override { return 1; }
  int64_t rows(const std::string& slide) const override { return slide == "a" ? 2 : 3; }
  at::Tensor read(const std::string& slide) const override { return at::zeros({rows(slide), 1}); }
  at::Tensor coords(const std::string& slide) const override {
    return slide == "a" ? at::tensor({0L, 512L, 1024L, 512L}).reshape({2, 2})
                        : at::tensor({768L, 0L, 256L, 512L, 256L, 0L}).reshape({3, 2});
  }
  double patch_size(const std::string& slide) const override { return slide == "a" ? 448 : 0; }
  bool synthetic() const override { return false; }
  std::vector<std::string> slides() const override { return {"a", "b"}; }
  std::filesystem::path path() const override { return "two"; }
};

BagInput two_slides() {
  BagInput input;
  input.source = std::make_shared<TwoSlides>();
  input.slides = {{"a", "b"}};
  return input;
}

TEST(AttentionBySlide, SplitsThePatientsWeights) {
  const auto weights = at::arange(10, at::kFloat).reshape({2, 5});
  const auto all = by_slide(two_slides(), 0, weights, "P");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].slide, "a");
  EXPECT_TRUE(at::equal(all[0].weights, weights.narrow(1, 0, 2)));
  EXPECT_TRUE(at::equal(all[1].weights, weights.narrow(1, 2, 3)));
  EXPECT_TRUE(at::equal(all[1].coords, TwoSlides().coords("b")));
  EXPECT_EQ(all[0].patch_size, 448);
  EXPECT_TRUE(all[0].patch_size_from_file);
  EXPECT_EQ(all[1].patch_size, 512) << "x: 256, 768; y: 0, 512";
  EXPECT_FALSE(all[1].patch_size_from_file);
  EXPECT_THROW(by_slide(two_slides(), 0, at::zeros({2, 4}), "P"), Error);
}

TEST(AttentionBySlide, OnePlaceHasNoStep) {
  EXPECT_EQ(coordinate_step(at::zeros({1, 2}, at::kLong)), 0);
  EXPECT_EQ(coordinate_step(at::ones({4, 2}, at::kLong)), 0);
  EXPECT_EQ(coordinate_step(at::tensor({0.0, 5.0, 0.0, 7.5}).reshape({2, 2})), 2.5);
}

at::Tensor read_back(hid_t file, const std::string& name, at::ScalarType type) {
  const hid_t set = H5Dopen2(file, name.c_str(), H5P_DEFAULT);
  EXPECT_GE(set, 0) << name;
  const hid_t space = H5Dget_space(set);
  hsize_t dims[2] = {0, 0};
  H5Sget_simple_extent_dims(space, dims, nullptr);
  at::Tensor out = at::empty({static_cast<int64_t>(dims[0]), static_cast<int64_t>(dims[1])}, type);
  H5Dread(set, type == at::kLong ? H5T_NATIVE_INT64 : H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL,
          H5P_DEFAULT, out.data_ptr());
  H5Sclose(space);
  H5Dclose(set);
  return out;
}

double number_beside(hid_t file, const std::string& name, const char* attribute) {
  const hid_t found = H5Aopen_by_name(file, name.c_str(), attribute, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT_GE(found, 0) << attribute;
  double value = 0;
  H5Aread(found, H5T_NATIVE_DOUBLE, &value);
  H5Aclose(found);
  return value;
}

TEST(AttentionWriter, WritesWeightsPlacesAndTheSizeOfAPatch) {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  const auto weights = at::arange(10, at::kFloat).reshape({2, 5}) / 7;
  {
    AttentionWriter writer(path);
    for (const auto& slide : by_slide(two_slides(), 0, weights, "P"))
      writer.add(3, "pathology", slide);
    EXPECT_FALSE(std::filesystem::exists(path)) << "not before it is whole";
    writer.finish();
  }
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  for (const auto& slide : by_slide(two_slides(), 0, weights, "P")) {
    const std::string group = "/fold_3/pathology/" + slide.slide;
    EXPECT_TRUE(at::equal(read_back(file, group + "/attention", at::kFloat), slide.weights));
    EXPECT_TRUE(at::equal(read_back(file, group + "/coords", at::kLong), slide.coords));
    EXPECT_EQ(number_beside(file, group + "/coords", "patch_size_level0"), slide.patch_size);
  }
  H5Fclose(file);
}

}  // namespace
}  // namespace tractrix::data
