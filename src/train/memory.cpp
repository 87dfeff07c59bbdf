#include "tractrix/train/memory.hpp"

#include <c10/util/Exception.h>

#include <algorithm>
#include <new>
#include <optional>

namespace tractrix::train {

bool out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return true;
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  if (!torch) return false;
  const std::string text = torch->what_without_backtrace();
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) ||
         text.find("can't allocate memory") != std::string::npos ||
         text.find("out of memory") != std::string::npos;
}

MemoryWatch::Size MemoryWatch::size(const data::Batch& batch) {
  Size size;
  size.examples = batch.size();
  for (int64_t i = 0; i < batch.size(); ++i) {
    int64_t own = 0;
    for (const auto& [name, lengths] : batch.lengths) own += lengths[static_cast<size_t>(i)];
    size.rows += own;
    if (own <= size.largest) continue;
    size.largest = own;
    size.largest_id = batch.ids[static_cast<size_t>(i)];
  }
  if (batch.lengths.empty()) size.rows = batch.size();
  return size;
}

void MemoryWatch::guard(const std::vector<std::string>& ids,
                        const std::function<data::Batch()>& read,
                        const std::function<void(const data::Batch&)>& use,
                        const std::function<void()>& drop,
                        const std::function<std::string()>& where) {
  Size tried;
  std::optional<std::string> said;
  try {
    const data::Batch batch = read();
    tried = size(batch);
    use(batch);
    fitted_ = std::max(fitted_, tried.rows);
  } catch (const std::exception& error) {
    if (!out_of_memory(error)) throw;
    const auto* torch = dynamic_cast<const c10::Error*>(&error);
    said = torch ? torch->what_without_backtrace() : error.what();
  }
  if (!said) return;
  const std::string place = where();
  drop();
  throw this->error(place, ids, tried, *said);
}

std::string MemoryWatch::plan(const Size& size) const {
  if (training_ && size.examples > 1) {
    const int64_t largest = std::max<int64_t>(size.largest, 1);
    const int64_t batch = std::clamp<int64_t>(fitted_ / largest, 1, size.examples - 1);
    return "train.batch=" + std::to_string(batch) + " (the window and its gradient stay the same)";
  }
  const std::string less = precision_ == Precision::f64   ? "run.precision=f32 needs half of it; "
                           : precision_ == Precision::f32 ? "run.precision=bf16 needs less; "
                                                          : "";
  return less + "a machine with more memory, or features of this slide at a lower magnification";
}

Error MemoryWatch::error(const std::string& where, const std::vector<std::string>& ids,
                         const Size& size, const std::string& said) const {
  std::string what = "memory ran out at " + enumerate(ids, 3);
  if (size.rows > 0) what += ", " + std::to_string(size.rows) + " rows";
  if (size.examples > 1 && size.largest > 0)
    what += " (" + std::to_string(size.largest) + " of " + size.largest_id + ")";
  if (fitted_ > 0) what += "; " + std::to_string(fitted_) + " rows at once went through before";
  return {where, what + ". No patch was dropped. The allocator: " + said.substr(0, 160),
          plan(size)};
}

}  // namespace tractrix::train
