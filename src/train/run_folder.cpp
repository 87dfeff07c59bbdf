#include "tractrix/train/run_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"
#include "tractrix/core/log.hpp"

namespace tractrix::train {

RunFolder::RunFolder(std::filesystem::path path, Existing existing, bool share,
                     const std::string& config_yaml, Json run)
    : path_(std::move(path)) {
  const bool there = std::filesystem::exists(path_ / "run.json");
  if (there && existing == Existing::refuse && !share) {
    throw Error(path_.string(), "this run is already there",
                "go on with --resume, start again with --overwrite, or choose another run.name");
  }
  if (there && existing == Existing::overwrite) std::filesystem::remove_all(path_);
  if (there && existing != Existing::overwrite) {
    check_same_run(run);
    remove_leftovers(path_);
    return;
  }
  std::error_code code;
  std::filesystem::create_directories(path_, code);
  if (code)
    throw Error(path_.string(), "cannot be created: " + code.message(),
                "choose another folder with run.out");
  write_file(path_ / "config.yaml", config_yaml);
  write_file(path_ / "run.json", run.dump(2) + "\n");
}

void RunFolder::check_same_run(const Json& run) const {
  const Json before = read_json(path_ / "run.json");
  const auto same = [&](const char* key) {
    return before.contains(key) && run.contains(key) && before[key] == run[key];
  };
  // Origins are comments: the same values from another file are the same run.
  if (!same("config_sha256"))
    throw Error(path_.string(), "was started with another config",
                "compare " + (path_ / "config.yaml").string() +
                    " with `tractrix config show`, or use --overwrite");
  if (!same("threads"))
    log::warn((path_ / "run.json").string() + ": the run was started with another number of " +
              "threads, expected for the same bits: run.threads=" +
              (before.contains("threads") ? before["threads"].dump() : "as then"));
}

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const auto file = folder / "lock";
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) throw Error(file.string(), std::string("cannot be opened: ") + std::strerror(errno));
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  const int code = errno;
  ::close(std::exchange(fd_, -1));
  if (code != EWOULDBLOCK) return;  // a file system without locks: nothing to hold
  throw Error(folder.string(), "another process is training this fold",
              "wait for it, or stop it first");
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace tractrix::train
