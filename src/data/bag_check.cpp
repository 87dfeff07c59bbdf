#include "tractrix/data/bag_check.hpp"

#include <ATen/ATen.h>

#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "tractrix/data/feature_file.hpp"

namespace tractrix::data {
namespace bag_check {

// Four independent chains of multiplications: as fast as memory is read.
uint64_t fingerprint(const at::Tensor& values) {
  const auto* bytes = static_cast<const char*>(values.const_data_ptr());
  const size_t size = values.nbytes();
  constexpr uint64_t kFactor = 0x9E3779B97F4A7C15;
  uint64_t lanes[4] = {1, 2, 3, 4};
  size_t i = 0;
  for (; i + 32 <= size; i += 32) {
    uint64_t words[4];
    std::memcpy(words, bytes + i, 32);
    for (int k = 0; k < 4; ++k) {
      lanes[k] = (lanes[k] ^ words[k]) * kFactor;
      lanes[k] ^= lanes[k] >> 29;
    }
  }
  for (; i < size; ++i) lanes[0] = (lanes[0] ^ static_cast<unsigned char>(bytes[i])) * kFactor;
  uint64_t all = size;
  for (const uint64_t lane : lanes) all = ((all ^ lane) * kFactor) ^ (all >> 31);
  return all;
}

struct Bag {
  size_t patient;
  std::string slide;
};

class InputCheck {
 public:
  InputCheck(const Cohort& cohort, std::string name, const BagInput& bags, Errors& errors)
      : cohort_(cohort), name_(std::move(name)), bags_(bags), errors_(errors) {}

  // Sets of two and more bags with the same bytes.
  std::vector<std::vector<Bag>> equal_bags() {
    for (size_t p = 0; p < cohort_.size(); ++p)
      for (const auto& slide : bags_.slides[p]) visit({p, slide});
    std::vector<std::vector<Bag>> equal;
    for (const auto& [print, alike] : alike_)
      for (auto& set : confirmed(alike)) equal.push_back(std::move(set));
    return equal;
  }

  std::string shown(const std::vector<Bag>& bags) const {
    std::vector<std::string> names;
    for (const auto& bag : bags) names.push_back(named(bag));
    return "input '" + name_ + "': " + enumerate(names) + " have the same bytes";
  }
  std::string where() const { return bags_.source->path().string(); }

 private:
  // The slide and whose it is.
  std::string named(const Bag& bag) const {
    const auto& id = cohort_.patients()[bag.patient].id;
    return bag.slide == id ? id : bag.slide + " (" + id + ")";
  }

  using Print = std::tuple<int64_t, uint64_t>;

  std::optional<at::Tensor> read(const Bag& bag) {
    try {
      auto values = bags_.source->read(bag.slide).contiguous();
      require_finite(values, where());
      bags_.source->verify(bag.slide);
      return values;
    } catch (const Error& e) {
      errors_.add("slide " + named(bag), e.what());
      return std::nullopt;
    }
  }

  void visit(const Bag& bag) {
    if (const auto values = read(bag))
      alike_[{values->size(0), fingerprint(*values)}].push_back(bag);
  }

  std::vector<std::vector<Bag>> confirmed(const std::vector<Bag>& alike) {
    std::vector<std::vector<Bag>> sets;
    if (alike.size() < 2) return sets;
    std::vector<at::Tensor> first;  // of each set
    for (const auto& bag : alike) {
      const auto values = read(bag);
      if (!values) continue;
      size_t s = 0;
      while (s < first.size() && !at::equal(first[s], *values)) ++s;
      if (s == first.size()) {
        first.push_back(*values);
        sets.emplace_back();
      }
      sets[s].push_back(bag);
    }
    std::erase_if(sets, [](const auto& set) { return set.size() < 2; });
    return sets;
  }

  const Cohort& cohort_;
  std::string name_;
  const BagInput& bags_;
  Errors& errors_;
  std::map<Print, std::vector<Bag>> alike_;
};

// Folds that have one of these patients in training and another one among the reported.
std::vector<std::string> separating(const std::vector<Fold>& folds,
                                    const std::set<std::string>& patients) {
  std::vector<std::string> found;
  for (const auto& fold : folds) {
    std::set<std::string> training, reported;
    for (const auto* side : {&fold.train, &fold.inner})
      for (const auto& id : *side)
        if (patients.contains(id)) training.insert(id);
    for (const auto& id : fold.val)
      if (patients.contains(id) && !training.contains(id)) reported.insert(id);
    if (!training.empty() && !reported.empty())
      found.push_back(std::to_string(fold.index) + " (" + *training.begin() + " trains, " +
                      *reported.begin() + " is reported)");
  }
  return found;
}

}  // namespace bag_check

std::vector<std::string> check_bags(const Cohort& cohort, const std::vector<Fold>& folds,
                                    bool allow_equal_bags, Errors& errors) {
  std::vector<std::string> notes;
  for (const auto& [name, bags] : cohort.bags()) {
    bag_check::InputCheck input(cohort, name, bags, errors);
    for (const auto& set : input.equal_bags()) {
      std::set<std::string> patients;
      for (const auto& bag : set) patients.insert(cohort.patients()[bag.patient].id);
      const auto separated = bag_check::separating(folds, patients);
      if (separated.empty()) {
        notes.push_back(input.shown(set));
        continue;
      }
      const std::string fact =
          input.shown(set) + ", on both sides of fold " + enumerate(separated, 2);
      if (allow_equal_bags) {
        notes.push_back(fact + " -> allowed");
      } else {
        errors.add(input.where(), fact,
                   "leave one of them out, or set split.allow_equal_bags=true");
      }
    }
  }
  return notes;
}

}  // namespace tractrix::data
