// Small sound files with a few bytes changed, or cut short: each is read or refused with an Error.
// A crash or a hang ends this program; its file is left in the temporary folder. Cases are fixed;
// TRACTRIX_MUTATIONS multiplies their number and TRACTRIX_MUTATION_SEED picks others.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <typeinfo>

#include "support/folder.hpp"
#include "support/paths.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/seed.hpp"
#include "tractrix/data/feature_file.hpp"
#include "tractrix/data/feature_report.hpp"
#include "tractrix/data/labels.hpp"

namespace tractrix::data {
namespace {

const std::filesystem::path kValid = testing::data_folder() + "/feature_files/valid";
constexpr unsigned kStuckSeconds = 60;

int64_t setting(const char* name, int64_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::atoll(value) : otherwise;
}

// Draws in a row.
class Dice {
 public:
  explicit Dice(const Seed& seed) : seed_(seed) {}
  uint64_t below(uint64_t n) { return seed_.at("draw", count_++).key() % std::max<uint64_t>(n, 1); }

 private:
  Seed seed_;
  uint64_t count_ = 0;
};

struct Mutant {
  std::string bytes, what;
  bool cut = false;
};

// Sizes, counts and addresses that a parser may trust.
void put_number(std::string& bytes, size_t at, Dice& dice) {
  constexpr uint64_t kNumbers[] = {0,          1,          0xFF,        0x7FFF,    0xFFFF,
                                   0x7FFFFFFF, 0xFFFFFFFF, 0x100000000, INT64_MAX, UINT64_MAX};
  const uint64_t number = kNumbers[dice.below(std::size(kNumbers))];
  const size_t width = size_t{1} << dice.below(4);
  for (size_t i = 0; i < width && at + i < bytes.size(); ++i)
    bytes[at + i] = static_cast<char>(number >> (8 * i));
}

Mutant mutate(const std::string& sound, const Seed& seed) {
  Dice dice(seed);
  Mutant mutant{sound, {}, false};
  auto& bytes = mutant.bytes;
  const size_t at = dice.below(bytes.size());
  switch (dice.below(6)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << dice.below(8)));
      mutant.what = "bit of byte " + std::to_string(at);
      break;
    case 1:
      for (uint64_t n = 1 + dice.below(8); n > 0; --n)
        bytes[dice.below(bytes.size())] = static_cast<char>(dice.below(256));
      mutant.what = "up to eight bytes";
      break;
    case 2:
      bytes.resize(at);
      mutant.cut = true;
      mutant.what = "cut to " + std::to_string(at);
      break;
    case 3:
      bytes.erase(at, 1 + dice.below(64));
      mutant.what = "some bytes removed at " + std::to_string(at);
      break;
    case 4:
      bytes.insert(at, sound.substr(dice.below(sound.size()), 1 + dice.below(64)));
      mutant.what = "some bytes repeated at " + std::to_string(at);
      break;
    default:
      put_number(bytes, at, dice);
      mutant.what = "a number at " + std::to_string(at);
  }
  return mutant;
}

// Only an Error may come out. True when the file was read.
bool reads(const std::function<void()>& read) {
  ::alarm(kStuckSeconds);
  bool done = false;
  try {
    read();
    done = true;
  } catch (const Error&) {
  } catch (const std::exception& e) {
    ADD_FAILURE() << typeid(e).name() << ": " << e.what();
  }
  ::alarm(0);
  return done;
}

class Mutations : public ::testing::Test {
 protected:
  // check(path, mutant, sound file) for every case of every file.
  using Check = std::function<void(const std::filesystem::path&, const Mutant&,
                                   const std::filesystem::path&)>;
  void each(const std::vector<std::string>& names, int64_t cases, const Check& check) {
    cases *= setting("TRACTRIX_MUTATIONS", 1);
    for (const auto& name : names) {
      const auto sound = kValid / name;
      const auto bytes = read_file(sound);
      for (int64_t i = 0; i < cases; ++i) {
        const auto mutant = mutate(bytes, seed_.at(name).at("case", static_cast<uint64_t>(i)));
        if (mutant.bytes == bytes) continue;
        SCOPED_TRACE(name + ", case " + std::to_string(i) + ": " + mutant.what);
        const auto path = folder_ / ("case" + std::filesystem::path(name).filename().string());
        overwrite(path, mutant.bytes);
        check(path, mutant, sound);
        if (HasFailure()) return;
      }
    }
  }

  // Not write_file: thousands of flushes to the disk take minutes.
  static void overwrite(const std::filesystem::path& path, const std::string& bytes) {
    FILE* file = std::fopen(path.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    ASSERT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    std::fclose(file);
  }

  testing::TemporaryFolder folder_;
  Seed seed_{static_cast<uint64_t>(setting("TRACTRIX_MUTATION_SEED", 1))};
};

// The values of an archive are guarded by checksums: what is read is what was written.
TEST_F(Mutations, TorchArchivesReadEqualOrAreRefused) {
  int64_t read = 0, refused = 0;
  each({"pt/zip_fp32.pt", "pt/zip_bf16.pt", "pt/deflated_members.pt", "pt/strided_transpose.pt"},
       300, [&](const auto& path, const Mutant&, const auto& sound) {
         at::Tensor values;
         const bool done = reads([&] { values = open_features(path).read(As::stored); });
         ++(done ? read : refused);
         if (done) {
           EXPECT_TRUE(at::equal(values, open_features(sound).read(As::stored)));
         }
       });
  EXPECT_GT(read, 0);
  EXPECT_GT(refused, 500);
}

TEST_F(Mutations, OtherTorchFilesAreReadOrRefused) {
  int64_t refused = 0;
  each({"pt/legacy_fp32.pt", "pt/control_legacy.pt", "pt/dict_features.pt", "pt/state_dict.pt",
        "pt/quantised_qint8.pt", "pt/list_of_tensors.pt"},
       200, [&](const auto& path, const Mutant&, const auto&) {
         refused += !reads([&] { feature_report(path); });
       });
  EXPECT_GT(refused, 500);
}

TEST_F(Mutations, SafetensorsAreReadOrRefused) {
  int64_t refused = 0;
  each({"safetensors/fp32.safetensors", "safetensors/many_dtypes.safetensors",
        "safetensors/metadata.safetensors"},
       300, [&](const auto& path, const Mutant& mutant, const auto&) {
         const bool done = reads([&] { feature_report(path); });
         EXPECT_FALSE(done && mutant.cut) << "a part was read as a whole";
         refused += !done;
       });
  EXPECT_GT(refused, 200);
}

TEST_F(Mutations, TablesAreReadOrRefused) {
  int64_t refused = 0;
  each({"csv/plain.csv", "csv/quoted_newline.csv", "csv/crlf.csv", "csv/gzipped.csv.gz",
        "csv/two_slides_one_patient.csv"},
       200, [&](const auto& path, const Mutant& mutant, const auto&) {
         const bool done = reads([&] {
           Errors errors;
           feature_report(path);
           read_labels(CsvTable::read(path), DataOptions{}, errors);
           errors.raise();
         });
         EXPECT_FALSE(done && mutant.cut && path.extension() == ".gz");
         refused += !done;
       });
  EXPECT_GT(refused, 200);
}

TEST_F(Mutations, ConfigsAreReadOrRefused) {
  int64_t refused = 0;
  each({"yaml/plain.yaml", "yaml/quoted_and_plain_text.yaml", "yaml/utf8_text.yaml"}, 300,
       [&](const auto& path, const Mutant&, const auto&) {
         refused += !reads([&] { feature_report(path); });
       });
  EXPECT_GT(refused, 50);
}

// HDF5 has no checksums over values: what is read must be whole and finite. Dozens of files are
// opened by one child, and each that is refused by one of its own.
TEST_F(Mutations, Hdf5FilesAreReadOrRefused) {
  std::vector<std::filesystem::path> paths;
  const std::vector<std::string> names = {"h5/n1.h5", "h5/no_coords.h5", "h5/filter_mask.h5",
                                          "h5/libver_latest.h5", "h5/index_fixed_array.h5"};
  each(names, 40, [&](const auto& path, const Mutant&, const auto&) {
    paths.push_back(folder_ / (std::to_string(paths.size()) + ".h5"));
    std::filesystem::rename(path, paths.back());
  });
  ASSERT_GT(paths.size(), 150u);
  Errors errors;
  std::vector<std::optional<FeatureFile>> opened;
  reads([&] { opened = open_features(paths, errors); });
  ASSERT_EQ(opened.size(), paths.size());
  int64_t read = 0;
  for (size_t i = 0; i < opened.size(); ++i) {
    if (!opened[i]) continue;
    SCOPED_TRACE("HDF5 case " + std::to_string(i));
    const auto& info = opened[i]->info();
    at::Tensor values;
    if (!reads([&] { values = opened[i]->read(); })) continue;
    EXPECT_EQ(values.sizes().vec(), (std::vector<int64_t>{info.rows, info.columns}));
    EXPECT_TRUE(values.isfinite().all().item<bool>());
    ++read;
  }
  EXPECT_GT(read, 20);
  EXPECT_GT(errors.size(), 20u);
}

}  // namespace
}  // namespace tractrix::data
