// A run on disk: runs/<name>/config.yaml, run.json, log.txt, fold_<k>/..., summary.json,
// summary.md.
#pragma once

#include <filesystem>
#include <string>

#include "tractrix/core/json.hpp"

namespace tractrix::train {

// What to do with a folder that is already there.
enum class Existing { refuse, resume, overwrite };

class RunFolder {
 public:
  // Creates the folder and writes config.yaml and run.json, or finds them: a run goes on only with
  // the config it was started with (config_sha256 in run.json); another number of threads is a
  // warning. share: other processes write other folds of the same run.
  RunFolder(std::filesystem::path path, Existing existing, bool share,
            const std::string& config_yaml, Json run);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path fold(int64_t k) const { return path_ / ("fold_" + std::to_string(k)); }

 private:
  void check_same_run(const Json& run) const;
  std::filesystem::path path_;
};

// Held while a fold is trained; a second process that asks for the same fold gets an Error.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace tractrix::train
