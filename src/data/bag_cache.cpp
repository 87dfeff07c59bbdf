#include "tractrix/data/bag_cache.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

namespace tractrix::data {

namespace {
constexpr size_t kMostQueued = 64;
}

BagCache::BagCache(uint64_t budget_bytes) : budget_(budget_bytes) {}

BagCache::~BagCache() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
}

at::Tensor BagCache::get(const BagSource& source, const std::string& slide) {
  const Key key{&source, slide};
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return reading_ != key; });
  if (const auto found = entries_.find(key); found != entries_.end()) {
    ages_.splice(ages_.begin(), ages_, found->second.age);
    return found->second.bag;
  }
  std::erase(queue_, key);
  ++reads_;
  lock.unlock();
  auto bag = source.read(slide);
  lock.lock();
  insert(key, bag);
  return bag;
}

void BagCache::prefetch(const BagSource& source, const std::string& slide) {
  const Key key{&source, slide};
  std::lock_guard lock(mutex_);
  if (entries_.contains(key) || reading_ == key || queue_.size() >= kMostQueued) return;
  if (std::find(queue_.begin(), queue_.end(), key) != queue_.end()) return;
  queue_.push_back(key);
  if (!worker_.joinable()) worker_ = std::thread([this] { work(); });
  changed_.notify_all();
}

uint64_t BagCache::reads() const {
  std::lock_guard lock(mutex_);
  return reads_;
}

void BagCache::insert(const Key& key, at::Tensor bag) {
  const uint64_t size = bag.nbytes();
  if (size > budget_ || entries_.contains(key)) return;
  while (bytes_ + size > budget_) {  // the one unused for longest goes first
    const auto old = entries_.find(ages_.back());
    bytes_ -= old->second.bag.nbytes();
    entries_.erase(old);
    ages_.pop_back();
  }
  ages_.push_front(key);
  entries_[key] = {std::move(bag), ages_.begin()};
  bytes_ += size;
}

void BagCache::work() {
  at::init_num_threads();
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    reading_ = queue_.front();
    queue_.pop_front();
    const Key key = reading_;
    lock.unlock();
    at::Tensor bag;
    try {
      bag = key.first->read(key.second);
    } catch (const std::exception&) {
      // Not lost: the bag is read again, and the error thrown, when somebody asks for it.
    }
    lock.lock();
    if (bag.defined()) {
      ++reads_;
      insert(key, std::move(bag));
    }
    reading_ = {};
    changed_.notify_all();
  }
}

}  // namespace tractrix::data
