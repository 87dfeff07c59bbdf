#include "tractrix/data/spatial/section_splits.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tractrix/core/error.hpp"

namespace tractrix::spatial {
namespace section_splits {

using Groups = std::map<std::string, std::vector<std::string>>;

Groups by_patient(const std::vector<Owner>& sections) {
  Groups groups;
  std::vector<std::string> unknown;
  for (const auto& owner : sections) {
    if (owner.patient.empty()) unknown.push_back(owner.section);
    groups[owner.patient].push_back(owner.section);
  }
  if (!unknown.empty())
    throw Error(
        "split",
        std::to_string(unknown.size()) + " sections have no known patient: " + enumerate(unknown),
        "name a table of patients (spatial.patients), or set split.level=slide");
  return groups;
}

// In the order of all sections.
std::vector<std::string> those(const std::vector<Owner>& sections,
                               const std::set<std::string>& patients) {
  std::vector<std::string> names;
  for (const auto& owner : sections)
    if (patients.contains(owner.patient)) names.push_back(owner.section);
  return names;
}

std::vector<SectionFold> by_slide(const std::vector<Owner>& sections,
                                  const SectionSplitOptions& options) {
  NumpyLegacy random(static_cast<uint32_t>(options.seed));
  const auto n = static_cast<int64_t>(sections.size());
  const auto part =
      std::max<int64_t>(1, static_cast<int64_t>(std::nearbyint(0.1 * static_cast<double>(n))));
  if (n < 2 * part + 1)
    throw Error("split", "needs at least three sections, there are " + std::to_string(n));
  std::vector<SectionFold> folds;
  for (int64_t k = 0; k < options.folds; ++k) {
    std::vector<std::string> names;
    for (const auto& owner : sections) names.push_back(owner.section);
    random.shuffle(names);
    const auto first = names.begin() + (n - 2 * part), second = names.begin() + (n - part);
    folds.push_back({k, {names.begin(), first}, {first, second}, {second, names.end()}});
  }
  return folds;
}

// Patients of more sections first, ties by an own key: each goes to the fold with the fewest
// sections so far.
std::vector<SectionFold> by_patient_folds(const std::vector<Owner>& sections,
                                          const SectionSplitOptions& options, int64_t count) {
  const auto groups = by_patient(sections);
  if (static_cast<int64_t>(groups.size()) < count || count < 2)
    throw Error("split",
                std::to_string(count) + " folds of whole patients need as many patients, " +
                    "at least two; there are " + std::to_string(groups.size()),
                "set split.folds");
  const Seed seed = Seed(static_cast<uint64_t>(options.seed)).at("sections");
  std::vector<std::string> patients;
  for (const auto& [patient, names] : groups) patients.push_back(patient);
  std::sort(patients.begin(), patients.end(), [&](const auto& a, const auto& b) {
    const auto key = [&](const auto& p) {
      return std::pair(-static_cast<int64_t>(groups.at(p).size()), seed.at(p).key());
    };
    return key(a) < key(b);
  });
  std::vector<std::set<std::string>> home(static_cast<size_t>(count));
  std::vector<size_t> load(static_cast<size_t>(count), 0);
  for (const auto& patient : patients) {
    const auto least =
        static_cast<size_t>(std::min_element(load.begin(), load.end()) - load.begin());
    home[least].insert(patient);
    load[least] += groups.at(patient).size();
  }
  std::vector<SectionFold> folds;
  for (size_t k = 0; k < home.size(); ++k) {
    SectionFold fold{static_cast<int64_t>(k), {}, {}, those(sections, home[k])};
    const size_t next = (k + 1) % home.size();
    if (options.validation && home.size() > 2) fold.validation = those(sections, home[next]);
    std::set<std::string> rest;
    for (size_t other = 0; other < home.size(); ++other)
      if (other != k && (fold.validation.empty() || other != next))
        rest.insert(home[other].begin(), home[other].end());
    fold.train = those(sections, rest);
    folds.push_back(std::move(fold));
  }
  return folds;
}

std::vector<SectionFold> leave_one_slide(const std::vector<Owner>& sections) {
  std::vector<SectionFold> folds;
  for (size_t k = 0; k < sections.size(); ++k) {
    SectionFold fold{static_cast<int64_t>(k), {}, {}, {sections[k].section}};
    for (size_t i = 0; i < sections.size(); ++i)
      if (i != k) fold.train.push_back(sections[i].section);
    folds.push_back(std::move(fold));
  }
  return folds;
}

std::string list(const std::vector<std::string>& names) { return enumerate(names, 8); }

}  // namespace section_splits

NumpyLegacy::NumpyLegacy(uint32_t seed) {
  state_[0] = seed;
  for (uint32_t i = 1; i < 624; ++i)
    state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
}

uint32_t NumpyLegacy::next() {
  if (at_ == 624) {
    for (size_t i = 0; i < 624; ++i) {
      const uint32_t y = (state_[i] & 0x80000000u) | (state_[(i + 1) % 624] & 0x7fffffffu);
      state_[i] = state_[(i + 397) % 624] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
    }
    at_ = 0;
  }
  uint32_t y = state_[at_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

uint32_t NumpyLegacy::below_or_equal(uint32_t most) {
  uint32_t mask = most;
  for (int shift : {1, 2, 4, 8, 16}) mask |= mask >> shift;
  uint32_t value;
  do {
    value = next() & mask;
  } while (value > most);
  return value;
}

void fields(config::Fields& f, SectionSplitOptions& o) {
  f("level", o.level, "what is kept whole: patients, or sections");
  f("folds", o.folds, "patient, slide: number of folds", config::between(1, 1000));
  f("seed", o.seed, "of the shuffles", config::between(0, 4294967295.0));
  f("validation", o.validation,
    "patient: the next fold's patients choose the epoch (three folds or more)");
  f("allow_patient_overlap", o.allow_patient_overlap,
    "accept sections of one patient on both sides of a fold");
}

std::vector<SectionFold> make_section_folds(const std::vector<Owner>& sections,
                                            const SectionSplitOptions& options) {
  using namespace section_splits;
  std::set<std::string> seen;
  for (const auto& owner : sections)
    if (!seen.insert(owner.section).second)
      throw Error("split", "section '" + owner.section + "' is listed twice");
  if (sections.size() < 2) throw Error("split", "needs at least two sections");
  std::vector<SectionFold> folds;
  switch (options.level) {
    case SplitLevel::slide:
      folds = by_slide(sections, options);
      break;
    case SplitLevel::leave_one_slide:
      folds = leave_one_slide(sections);
      break;
    case SplitLevel::leave_one_patient:
      folds =
          by_patient_folds(sections, options, static_cast<int64_t>(by_patient(sections).size()));
      break;
    default:
      folds = by_patient_folds(sections, options, options.folds);
  }
  const auto leaks = find_leaks(folds, sections);
  if (!leaks.empty() && !options.allow_patient_overlap) {
    const auto& leak = leaks.front();
    throw Error(
        "split",
        std::to_string(leaks.size()) + " times a patient is on both sides of a fold, first " +
            "in fold " + std::to_string(leak.fold) + " '" + leak.patient +
            "': " + list(leak.train) + " train, " + list(leak.reported) + " do not",
        "split.level=patient keeps patients whole; split.allow_patient_overlap=true goes on");
  }
  return folds;
}

std::vector<Leak> find_leaks(const std::vector<SectionFold>& folds,
                             const std::vector<Owner>& sections) {
  std::map<std::string, std::string> patient;
  for (const auto& owner : sections) patient[owner.section] = owner.patient;
  std::vector<Leak> leaks;
  for (const auto& fold : folds) {
    std::map<std::string, Leak> found;
    for (const auto& name : fold.train) found[patient.at(name)].train.push_back(name);
    for (const auto* side : {&fold.validation, &fold.test})
      for (const auto& name : *side) found[patient.at(name)].reported.push_back(name);
    for (auto& [name, leak] : found) {
      if (name.empty() || leak.train.empty() || leak.reported.empty()) continue;
      leak.fold = fold.index;
      leak.patient = name;
      leaks.push_back(std::move(leak));
    }
  }
  return leaks;
}

std::string leakage_report(const std::vector<SectionFold>& folds,
                           const std::vector<Owner>& sections) {
  using section_splits::list;
  std::map<std::string, std::vector<std::string>> replicates;
  std::vector<std::string> unknown;
  for (const auto& owner : sections) {
    if (owner.patient.empty()) {
      unknown.push_back(owner.section);
    } else {
      replicates[owner.patient].push_back(owner.section);
    }
  }
  std::string text = std::to_string(sections.size()) + " sections of " +
                     std::to_string(replicates.size()) + " known patients\n";
  for (const auto& [patient, names] : replicates)
    if (names.size() > 1)
      text += "  patient " + patient + ": " + std::to_string(names.size()) + " sections (" +
              list(names) + ")\n";
  if (!unknown.empty())
    text += "  no known patient: " + std::to_string(unknown.size()) + " sections (" +
            list(unknown) + "); leaks among them cannot be seen\n";
  const auto leaks = find_leaks(folds, sections);
  for (const auto& fold : folds) {
    text += "  fold " + std::to_string(fold.index) + ": " + std::to_string(fold.train.size()) +
            " train, " + std::to_string(fold.validation.size()) + " validation, " +
            std::to_string(fold.test.size()) + " test (" + list(fold.test) + ")\n";
    for (const auto& leak : leaks)
      if (leak.fold == fold.index)
        text += "    LEAK patient " + leak.patient + ": " + list(leak.train) + " train, " +
                list(leak.reported) + " reported\n";
  }
  text += leaks.empty() ? "no patient is on both sides of a fold\n"
                        : std::to_string(leaks.size()) + " leaks\n";
  return text;
}

}  // namespace tractrix::spatial
