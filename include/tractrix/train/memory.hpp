// Memory that runs out is reported with the patients that did not fit and a plan that would. No
// patch is ever dropped to make room.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/data/batch.hpp"
#include "tractrix/train/precision.hpp"

namespace tractrix::train {

// Whether an exception says that an allocation failed, on the CPU or on a device.
bool out_of_memory(const std::exception& error);

// Work on batches that may not fit. Remembers the largest batch that did, in rows: patches of its
// bags, or examples where there is no bag.
class MemoryWatch {
 public:
  // training: a smaller train.batch is an option; otherwise batches can only be told by patients.
  MemoryWatch(Precision precision, bool training) : precision_(precision), training_(training) {}

  // Reads and uses a batch. Where memory runs out, `drop` frees what the attempt left behind, after
  // the exception with its tensors is gone, and an Error at `where()` is thrown.
  void guard(const std::vector<std::string>& ids, const std::function<data::Batch()>& read,
             const std::function<void(const data::Batch&)>& use, const std::function<void()>& drop,
             const std::function<std::string()>& where);

 private:
  struct Size {
    int64_t examples = 0, rows = 0, largest = 0;  // rows of the largest bag
    std::string largest_id;
  };
  static Size size(const data::Batch& batch);
  Error error(const std::string& where, const std::vector<std::string>& ids, const Size& size,
              const std::string& said) const;
  std::string plan(const Size& size) const;

  Precision precision_;
  bool training_;
  int64_t fitted_ = 0;
};

}  // namespace tractrix::train
