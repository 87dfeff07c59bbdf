// What the contract of the feature files says beyond one reader: files that none may lead to, and
// files that only a choice of columns or an option's type can refuse.
#include <gmock/gmock.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "support/paths.hpp"
#include "tractrix/config/fields.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/json.hpp"
#include "tractrix/data/cohort.hpp"
#include "tractrix/data/feature_report.hpp"

namespace tractrix::data {

struct ContractOptions {
  int64_t seed = 1;
  double lr = 1;
};
void fields(config::Fields& f, ContractOptions& o) { f("seed", o.seed, "")("lr", o.lr, ""); }

namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

std::filesystem::path contract_folder() {
  const char* other = std::getenv("TRACTRIX_FEATURE_FILES");
  return other ? other : testing::data_folder() + "/feature_files";
}

// Whether any process opened or read a file since the last question.
class FileWatch {
 public:
  explicit FileWatch(const std::filesystem::path& file)
      : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    watching_ = fd_ >= 0 && ::inotify_add_watch(fd_, file.c_str(), IN_OPEN | IN_ACCESS) >= 0;
  }
  ~FileWatch() { ::close(fd_); }
  bool watching() const { return watching_; }
  bool touched() {
    std::array<char, 4096> events{};
    bool any = false;
    while (::read(fd_, events.data(), events.size()) > 0) any = true;
    return any;
  }

 private:
  int fd_;
  bool watching_ = false;
};

TEST(Contract, NoFileLeadsToTheCanaries) {
  TemporaryFolder folder;  // a copy: another test may read the canaries by their own name
  const auto copy = folder / "invalid" / "h5";
  std::filesystem::create_directories(copy);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(contract_folder() / "invalid/h5")) {
    if (entry.file_size() > 100000) continue;
    const auto name = entry.path().filename();
    std::filesystem::copy_file(entry.path(), copy / name);
    if (name.string().rfind("canary", 0) != 0) files.push_back(copy / name);
  }
  FileWatch target(copy / "canary_target.h5"), raw(copy / "canary_raw.bin");
  if (!target.watching()) GTEST_SKIP() << "no inotify here";
  EXPECT_EQ(message_of([&] { feature_report(copy / "canary_target.h5"); }), "no error");
  EXPECT_THAT(message_of([&] { feature_report(copy / "canary_raw.bin"); }),
              HasSubstr("canary_raw"));
  EXPECT_TRUE(target.touched() && raw.touched()) << "the watch sees nothing";
  EXPECT_GT(files.size(), 60u);
  for (const auto& file : files) {
    message_of([&] { feature_report(file); });
    EXPECT_FALSE(target.touched() || raw.touched()) << file;
  }
}

TEST(Contract, CanariesAreTheFilesTheyAre) {
  const auto all = read_json(contract_folder() / "expected.json").at("files");
  int found = 0;
  for (const auto& [name, expected] : all.items()) {
    if (expected.at("kind") != "canary") continue;
    EXPECT_EQ(sha256_of_file(contract_folder() / name), expected.at("sha256").get<std::string>());
    ++found;
  }
  EXPECT_EQ(found, 2);
}

// The files that the test of readers leaves out.
std::pair<std::filesystem::path, Json> left_out(const std::string& name) {
  const auto all = read_json(contract_folder() / "expected.json").at("files");
  EXPECT_EQ(sha256_of_file(contract_folder() / name), all.at(name).at("sha256").get<std::string>());
  EXPECT_EQ(all.at(name).at("kind"), "reject");
  return {contract_folder() / name, all.at(name)};
}

TEST(Contract, TextInAGeneColumnIsNamedWithItsLine) {
  const auto [path, expected] = left_out("invalid/csv/gene_text.csv");
  DataOptions options;
  options.cohort = "x";
  options.table = path;
  options.inputs["genomics"].select = Select::suffixes;
  const std::string line = std::to_string(expected.at("line").get<int64_t>());
  EXPECT_THAT(message_of([&] { Cohort::load(options); }),
              AllOf(HasSubstr("gene_text.csv:" + line + ": "),
                    HasSubstr(expected.at("column").get<std::string>()), HasSubstr("'high'")));
  options.inputs["genomics"].suffixes = {"_cnv"};  // the text is in a column nobody asked for
  EXPECT_EQ(message_of([&] { Cohort::load(options); }), "no error");
}

std::string option_message(const config::Node& node) {
  config::Visit visit;
  ContractOptions options;
  {
    config::Fields f(visit, &node, "");
    fields(f, options);
  }
  return message_of([&] { visit.errors.raise(); });
}

TEST(Contract, NumbersBeyondAnOptionsTypeAreNamedWithTheirPlace) {
  const auto root = config::load(left_out("invalid/yaml/integer_overflow.yaml").first);
  EXPECT_THAT(option_message(root), AllOf(HasSubstr("integer_overflow.yaml:1:"), HasSubstr("seed"),
                                          HasSubstr("18446744073709551617")));
  const auto real = config::load(left_out("invalid/yaml/number_overflow.yaml").first);
  ASSERT_NE(real.find("train"), nullptr);
  EXPECT_THAT(option_message(*real.find("train")),
              AllOf(HasSubstr("number_overflow.yaml:2:"), HasSubstr("lr"), HasSubstr("1e400")));
}

}  // namespace
}  // namespace tractrix::data
