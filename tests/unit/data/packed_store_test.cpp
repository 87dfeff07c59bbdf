// Packs, their readers and the fast path for chunks of one row.
#include "tractrix/data/packed_store.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <limits>

#include "tractrix/core/file.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::data {
namespace {

class PackedFiles : public ::testing::Test {
 protected:
  PackedFiles()
      : folder_(std::filesystem::temp_directory_path() /
                ("tractrix_pack_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~PackedFiles() override { std::filesystem::remove_all(folder_); }

  static at::Tensor bag(int64_t rows, int64_t columns, uint64_t seed) {
    return normal(Seed(seed), {rows, columns}).to(at::kFloat);
  }
  static std::string message(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& e) {
      return e.what();
    }
    return {};
  }
  size_t files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

  std::filesystem::path folder_;
};

TEST_F(PackedFiles, GiveBackEveryBitAndChooseTheSmallestLosslessType) {
  const auto plain = bag(7, 5, 1), rounded = bag(300, 5, 2).to(at::kHalf).to(at::kFloat);
  const auto coords = at::arange(14, at::kLong).reshape({7, 2});
  PackedWriter writer(folder_ / "pack.h5", Precision::lossless);
  writer.add("S-1", plain, coords, {"uni", "S-1.h5", false});
  writer.add("S-2", rounded, {}, {"uni", "S-2.pt", true});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "pack.h5"));
  writer.finish();
  EXPECT_EQ(files(), 1u);

  ASSERT_TRUE(PackedStore::recognises(folder_ / "pack.h5"));
  const PackedStore store(folder_ / "pack.h5");
  ASSERT_EQ(store.slides().size(), 2u);
  EXPECT_EQ(store.columns(), 5);
  EXPECT_EQ(store.encoder(), "uni");
  EXPECT_TRUE(store.synthetic());
  EXPECT_EQ(store.slide("S-2").source, "S-2.pt");
  EXPECT_TRUE(at::equal(store.read("S-1"), plain));
  EXPECT_EQ(store.read("S-1").scalar_type(), at::kFloat);
  EXPECT_EQ(store.read("S-2").scalar_type(), at::kHalf);
  EXPECT_TRUE(at::equal(store.read("S-2").to(at::kFloat), rounded));
  EXPECT_TRUE(at::equal(store.coords("S-1"), coords));
  EXPECT_THROW(store.coords("S-2"), Error);
  EXPECT_THROW(store.read("S-3"), Error);
  store.verify("S-1");
  store.verify("S-2");
}

TEST_F(PackedFiles, RefuseWhatDoesNotBelongIn) {
  PackedWriter writer(folder_ / "pack.h5", Precision::float16);
  writer.add("A", bag(3, 4, 1), {}, {"uni", "A.h5", false});
  EXPECT_NE(message([&] { writer.add("A", bag(3, 4, 1), {}, {}); }).find("already"),
            std::string::npos);
  EXPECT_NE(message([&] { writer.add("B", bag(3, 5, 1), {}, {}); }).find("5 columns"),
            std::string::npos);
  EXPECT_NE(message([&] {
              writer.add("B", bag(3, 4, 1), {}, {"conch", "", false});
            }).find("conch"),
            std::string::npos);
  EXPECT_NE(message([&] {
              writer.add("B", at::full({2, 4}, 1e6), {}, {});
            }).find("float16"),
            std::string::npos);
  auto broken = bag(3, 4, 1);
  broken[1][2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(message([&] { writer.add("B", broken, {}, {}); }).find("row 1, column 2"),
            std::string::npos);
  EXPECT_NE(message([&] { writer.add("a/b", bag(3, 4, 1), {}, {}); }).find("name"),
            std::string::npos);
  EXPECT_NE(message([&] {
              writer.add("B", at::empty({0, 4}), {}, {});
            }).find("no bag"),
            std::string::npos);
  writer.add("B", bag(2, 4, 9), {}, {"uni", "B.h5", false});
  writer.finish();
  const PackedStore store(folder_ / "pack.h5");
  EXPECT_TRUE(at::equal(store.read("B"), bag(2, 4, 9).to(at::kHalf)));
}

TEST_F(PackedFiles, LeaveNothingBehindWhenTheyAreNotFinished) {
  write_file(folder_ / "pack.h5", std::string("the old one"));
  {
    PackedWriter writer(folder_ / "pack.h5", Precision::lossless);
    writer.add("A", bag(3, 4, 1), {}, {});
  }
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(read_file(folder_ / "pack.h5"), "the old one");
}

TEST_F(PackedFiles, AreFoundDamagedByTheirChecksumAndByTheirLength) {
  const auto path = folder_ / "pack.h5";
  {
    PackedWriter writer(path, Precision::float32);
    writer.add("A", bag(300, 8, 1), {}, {});
    writer.finish();
  }
  const std::string whole = read_file(path);
  const uint64_t address = PackedStore(path).slide("A").address;
  EXPECT_EQ(address % 4096, 0u);
  std::string flipped = whole;
  flipped[address + 100] = static_cast<char>(flipped[address + 100] ^ 1);
  write_file(path, flipped);
  EXPECT_NE(message([&] { PackedStore(path).verify("A"); }).find("checksum"), std::string::npos);
  write_file(path, whole.substr(0, address + 1000));
  EXPECT_FALSE(message([&] { PackedStore store(path); }).empty());
}

TEST_F(PackedFiles, ServeACohort) {
  {
    PackedWriter writer(folder_ / "pack.h5", Precision::lossless);
    writer.add("A", bag(3, 4, 1), {}, {});
    writer.add("B", bag(9, 4, 2), {}, {});
    writer.finish();
  }
  const auto source = BagSource::open(folder_ / "pack.h5");
  EXPECT_EQ(source->slides(), (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(source->rows("B"), 9);
  EXPECT_EQ(source->columns(), 4);
  EXPECT_TRUE(at::equal(source->read("B"), bag(9, 4, 2)));
  EXPECT_THROW(open_features(folder_ / "pack.h5"), Error);
}

// As TRIDENT writes: chunks of one row, grown batch by batch, coordinates in between.
void write_one_row_chunks(const std::filesystem::path& path, const at::Tensor& values,
                          int64_t batch) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const auto columns = static_cast<hsize_t>(values.size(1));
  const hsize_t none[2] = {0, columns}, most[2] = {H5S_UNLIMITED, columns}, chunk[2] = {1, columns};
  const hid_t space = H5Screate_simple(2, none, most), plist = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(plist, 2, chunk);
  const hid_t sets[2] = {
      H5Dcreate2(file, "features", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT),
      H5Dcreate2(file, "other", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT)};
  for (int64_t row = 0; row < values.size(0); row += batch) {
    const int64_t n = std::min(batch, values.size(0) - row);
    const hsize_t start[2] = {static_cast<hsize_t>(row), 0},
                  count[2] = {static_cast<hsize_t>(n), columns};
    const hsize_t size[2] = {static_cast<hsize_t>(row + n), columns};
    for (const hid_t set : sets) {
      ASSERT_GE(H5Dset_extent(set, size), 0);
      const hid_t target = H5Dget_space(set), memory = H5Screate_simple(2, count, nullptr);
      H5Sselect_hyperslab(target, H5S_SELECT_SET, start, nullptr, count, nullptr);
      const at::Tensor part = values.narrow(0, row, n).contiguous();
      ASSERT_GE(H5Dwrite(set, H5T_NATIVE_FLOAT, memory, target, H5P_DEFAULT, part.const_data_ptr()),
                0);
      H5Sclose(memory);
      H5Sclose(target);
    }
  }
  for (const hid_t set : sets) H5Dclose(set);
  H5Pclose(plist);
  H5Sclose(space);
  ASSERT_GE(H5Fclose(file), 0);
}

TEST_F(PackedFiles, OneRowChunksOfSeveralTreeLevelsAreReadInOrder) {
  const auto values = bag(5000, 3, 4);
  write_one_row_chunks(folder_ / "slide.h5", values, 64);
  const auto file = open_features(folder_ / "slide.h5");
  EXPECT_EQ(file.info().chunk, (std::vector<int64_t>{1, 3}));
  EXPECT_TRUE(at::equal(file.read(), values));
}

TEST_F(PackedFiles, ALoopInTheChunkIndexIsRefused) {
  const auto path = folder_ / "slide.h5";
  write_one_row_chunks(path, bag(5000, 3, 4), 5000);
  std::string bytes = read_file(path);
  int64_t changed = 0;
  // every inner node's children point to the node itself
  for (size_t at = bytes.find("TREE"); at != std::string::npos; at = bytes.find("TREE", at + 4)) {
    if (bytes[at + 4] != 1 || bytes[at + 5] == 0) continue;
    for (size_t entry = 0; entry < static_cast<unsigned char>(bytes[at + 6]); ++entry) {
      const uint64_t self = at;
      std::memcpy(bytes.data() + at + 24 + entry * 40 + 32, &self, 8);
    }
    ++changed;
  }
  ASSERT_GT(changed, 0);
  write_file(path, bytes);
  EXPECT_FALSE(message([&] { open_features(path).read(); }).empty());
}

}  // namespace
}  // namespace tractrix::data
