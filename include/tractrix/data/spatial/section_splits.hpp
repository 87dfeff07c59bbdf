// Which sections train, choose an epoch and are reported, fold by fold; and who leaks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tractrix/config/fields.hpp"
#include "tractrix/core/seed.hpp"

namespace tractrix::spatial {

// NumPy's legacy generator (RandomState): MT19937 by init_genrand, Fisher-Yates from the end with
// masked rejection.
class NumpyLegacy {
 public:
  explicit NumpyLegacy(uint32_t seed);
  uint32_t next();
  uint32_t below_or_equal(uint32_t most);
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i-- > 1;)
      std::swap(items[i], items[below_or_equal(static_cast<uint32_t>(i))]);
  }

 private:
  uint32_t state_[624];
  size_t at_ = 624;
};

enum class SplitLevel {
  patient,           // whole patients are dealt to the folds
  slide,             // HyperST's five shuffles of the sections; patients may be on both sides
  leave_one_slide,   // every section is reported once
  leave_one_patient  // every patient is
};
constexpr std::pair<const char*, SplitLevel> kSplitLevels[] = {
    {"patient", SplitLevel::patient},
    {"slide", SplitLevel::slide},
    {"leave_one_slide", SplitLevel::leave_one_slide},
    {"leave_one_patient", SplitLevel::leave_one_patient}};
constexpr auto& names(SplitLevel) { return kSplitLevels; }

struct SectionSplitOptions {
  SplitLevel level = SplitLevel::patient;
  int64_t folds = 5;
  int64_t seed = 42;
  bool validation = false;             // patient: the next fold's patients choose the epoch
  bool allow_patient_overlap = false;  // sections of one patient on both sides
};
void fields(config::Fields& f, SectionSplitOptions& o);

struct SectionFold {
  int64_t index = 0;
  std::vector<std::string> train, validation, test;
};

struct Owner {
  std::string section, patient;  // patient: "" = not known
};

// Folds over the sections in the order given. Throws an Error for patients that are needed and not
// known, more folds than patients, an empty side, and for overlap that is not allowed.
std::vector<SectionFold> make_section_folds(const std::vector<Owner>& sections,
                                            const SectionSplitOptions& options);

struct Leak {
  int64_t fold = 0;
  std::string patient;
  std::vector<std::string> train, reported;
};
// Patients with sections that train and sections that are validated or reported.
std::vector<Leak> find_leaks(const std::vector<SectionFold>& folds,
                             const std::vector<Owner>& sections);
// One line per fold and leak, for people.
std::string leakage_report(const std::vector<SectionFold>& folds,
                           const std::vector<Owner>& sections);

}  // namespace tractrix::spatial
