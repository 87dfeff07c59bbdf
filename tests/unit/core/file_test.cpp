#include "tractrix/core/file.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>

#include "support/folder.hpp"
#include "support/messages.hpp"

namespace tractrix {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

int files_in(const std::filesystem::path& folder) {
  int n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++n;
  return n;
}

TEST(WriteFile, ReplacesTheWholeContent) {
  TemporaryFolder folder;
  write_file(folder / "a", "a long first content");
  write_file(folder / "a", "short");
  EXPECT_EQ(read_file(folder / "a"), "short");
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(WriteFile, KeepsTheOldContentWhenTheDiskIsFull) {
  TemporaryFolder folder;
  write_file(folder / "a", "old");
  std::signal(SIGXFSZ, SIG_IGN);  // the limit below then shows as an error of write()
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 1000;
  setrlimit(RLIMIT_FSIZE, &small);
  const auto message = message_of([&] { write_file(folder / "a", std::string(100000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(message, HasSubstr("cannot be written"));
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(files_in(folder.path()), 1) << "a temporary file was left";
}

TEST(WriteFile, KeepsTheOldContentWhenTheCallerFails) {
  TemporaryFolder folder;
  write_file(folder / "a", "old");
  EXPECT_THROW(write_file(folder / "a",
                          [](const Sink& sink) {
                            sink("half");
                            throw std::runtime_error("stop");
                          }),
               std::runtime_error);
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(PutInPlace, ReplacesTheFileOrNamesIt) {
  TemporaryFolder folder;
  const auto file = folder / "a", temporary = temporary_for(file);
  write_file(file, "old");
  EXPECT_THAT(message_of([&] { put_in_place(temporary, file); }),
              HasSubstr("a: cannot be flushed to the disk"));
  EXPECT_EQ(read_file(file), "old");
  write_file(temporary, "new");
  put_in_place(temporary, file);
  EXPECT_EQ(read_file(file), "new");
  EXPECT_EQ(files_in(folder.path()), 1);
}

TEST(ReadFile, NamesWhatIsWrong) {
  TemporaryFolder folder;
  EXPECT_THAT(message_of([&] { read_file(folder / "none"); }), HasSubstr("there is no such file"));
  EXPECT_THAT(message_of([&] { read_file(folder.path()); }), HasSubstr("not a regular file"));
  write_file(folder / "big", std::string(100, 'x'));
  EXPECT_THAT(message_of([&] { read_file(folder / "big", 99); }), HasSubstr("at most 99"));
}

TEST(AppendLine, AddsOneLine) {
  TemporaryFolder folder;
  append_line(folder / "log", "one");
  append_line(folder / "log", "two");
  EXPECT_EQ(read_file(folder / "log"), "one\ntwo\n");
}

TEST(Sha256, EqualsThePublishedVectors) {
  // FIPS 180-4 examples.
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  TemporaryFolder folder;
  write_file(folder / "abc", "abc");
  EXPECT_EQ(sha256_of_file(folder / "abc"), sha256("abc"));
}

}  // namespace
}  // namespace tractrix
