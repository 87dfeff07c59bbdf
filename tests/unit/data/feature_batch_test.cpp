// Many files opened at once: the same verdict for each as when it is opened alone, whatever its
// neighbours do to the child that reads them.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "support/paths.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/data/feature_file.hpp"
#include "tractrix/data/feature_writer.hpp"

namespace tractrix::data {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

const std::filesystem::path kFiles = testing::data_folder() + "/feature_files";

std::vector<std::filesystem::path> below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (extension == ".h5" || extension == ".pt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(FeatureBatch, EveryFileHasTheVerdictItHasAlone) {
  // Hostile and sound ones in turn, so that each hostile one has sound neighbours.
  std::vector<std::filesystem::path> files;
  const auto valid = below(kFiles / "valid"), invalid = below(kFiles / "invalid");
  ASSERT_GT(invalid.size(), 90u);
  for (size_t i = 0; i < invalid.size(); ++i) {
    files.push_back(invalid[i]);
    files.push_back(valid[i % valid.size()]);
  }
  Errors errors;
  const auto opened = open_features(files, errors);
  ASSERT_EQ(opened.size(), files.size());
  size_t failed = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    SCOPED_TRACE(files[i].string());
    std::optional<FeatureFile> file;
    const auto alone = message_of([&] { file = open_features(files[i]); });
    ASSERT_EQ(opened[i].has_value(), file.has_value()) << alone;
    if (!file) {
      EXPECT_EQ(errors.messages().at(failed++), alone);
      continue;
    }
    EXPECT_EQ(opened[i]->info().kind, file->info().kind);
    EXPECT_EQ(opened[i]->info().stored_shape, file->info().stored_shape);
    EXPECT_EQ(opened[i]->info().attributes, file->info().attributes);
  }
  EXPECT_EQ(failed, errors.size());
}

TEST(FeatureBatch, ACrashIsNamedAndTheOthersAreRead) {
  // A node that is its own child ends HDF5 1.10.8 by a full stack.
  TemporaryFolder folder;
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < 9; ++i) {
    files.push_back(folder / (std::to_string(i) + ".h5"));
    const bool hostile = i == 3 || i == 4 || i == 8;
    std::filesystem::copy_file(
        kFiles / (hostile ? "invalid/h5/btree_child_is_itself.h5" : "valid/h5/contiguous.h5"),
        files.back());
  }
  files.push_back(folder / "none.h5");
  Errors errors;
  const auto opened = open_features(files, errors);
  ASSERT_EQ(errors.size(), 4u);
  for (const int i : {0, 1, 2, 5, 6, 7}) {
    ASSERT_TRUE(opened[static_cast<size_t>(i)]);
    EXPECT_EQ(opened[static_cast<size_t>(i)]->read().size(0), 75);
  }
  for (const size_t k : {0, 1, 2}) EXPECT_THAT(errors.messages()[k], HasSubstr("damaged"));
  EXPECT_THAT(errors.messages()[1], HasSubstr("/4.h5: "));
  EXPECT_THAT(errors.messages()[3], HasSubstr("/none.h5: there is no such file"));
}

TEST(FeatureBatch, NothingOutsideTheFileIsOpened) {
  // The library would follow an external link by opening its target.
  Errors errors;
  const auto opened =
      open_features({kFiles / "invalid/h5/external_link.h5",
                     kFiles / "invalid/h5/external_storage.h5", kFiles / "valid/h5/contiguous.h5"},
                    errors);
  EXPECT_FALSE(opened[0] || opened[1]);
  EXPECT_TRUE(opened[2]);
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_THAT(errors.messages()[0], HasSubstr("link to another file"));
}

TEST(FeatureBatch, OneChildLooksAtManyFiles) {
  TemporaryFolder folder;
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < 150; ++i) {  // more than one child takes
    files.push_back(folder / ("s" + std::to_string(i) + ".h5"));
    write_features(files.back(), FeatureLayout::clam, {at::full({2, 3}, i), {}});
  }
  const auto seconds = [](const auto& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  Errors errors;
  std::vector<std::optional<FeatureFile>> opened;
  const double together = seconds([&] { opened = open_features(files, errors); });
  const double alone = seconds([&] {
    for (int i = 0; i < 30; ++i) open_features(files[static_cast<size_t>(i)]);
  });
  EXPECT_TRUE(errors.empty());
  for (int i = 0; i < 150; ++i)
    EXPECT_EQ(opened[static_cast<size_t>(i)]->read()[1][2].item<double>(), i);
  RecordProperty("together_ms", static_cast<int>(together / 150 * 1e3));
  EXPECT_LT(together / 150, alone / 30) << "seconds per file";
}

}  // namespace
}  // namespace tractrix::data
