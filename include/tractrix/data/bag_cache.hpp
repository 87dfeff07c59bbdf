// Bags in memory under a byte budget, filled by one background reader. Shared by the folds of a
// process, so that folds in lockstep read each bag once.
#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "tractrix/data/bag_source.hpp"

namespace tractrix::data {

class BagCache {
 public:
  explicit BagCache(uint64_t budget_bytes);
  ~BagCache();
  BagCache(const BagCache&) = delete;
  BagCache& operator=(const BagCache&) = delete;

  // From memory, or read now. Errors of the background reader are thrown here, by the one who needs
  // the bag.
  at::Tensor get(const BagSource& source, const std::string& slide);
  // Queues a read unless the bag is there or the budget is taken by bags not used yet.
  void prefetch(const BagSource& source, const std::string& slide);

  uint64_t reads() const;  // bags read from the source so far

 private:
  using Key = std::pair<const BagSource*, std::string>;
  struct Entry {
    at::Tensor bag;
    std::list<Key>::iterator age;
  };
  void insert(const Key& key, at::Tensor bag);  // with the lock held
  void work();

  const uint64_t budget_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, Entry> entries_;
  std::list<Key> ages_;  // front: used last
  std::deque<Key> queue_;
  Key reading_{};  // being read in the background
  uint64_t bytes_ = 0, reads_ = 0;
  bool stop_ = false;
  std::thread worker_;
};

}  // namespace tractrix::data
