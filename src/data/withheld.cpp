#include "tractrix/data/withheld.hpp"

#include "tractrix/core/seed.hpp"

namespace tractrix::data {

std::vector<std::string> inputs_of(const Cohort& cohort, const std::string& id) {
  const size_t row = cohort.index(id);
  std::vector<std::string> names;
  for (const auto& [name, vector] : cohort.vectors())
    if (vector.present[row]) names.push_back(name);
  for (const auto& [name, bags] : cohort.bags())
    if (!bags.slides[row].empty()) names.push_back(name);
  return names;
}

void Withheld::draw(const WithholdOptions& options, const Cohort& cohort,
                    const std::vector<std::string>& ids) {
  if (options.input.empty()) return;
  const Seed lots = Seed(static_cast<uint64_t>(options.seed)).at("withhold");
  for (const auto& id : ids) {
    if (lots.at("rate").at(id).uniform(0) >= options.rate) continue;
    const auto has = inputs_of(cohort, id);
    if (has.size() < 2) continue;
    for (size_t i = 0; i < has.size(); ++i) {
      const bool chosen = options.input == "any" ? i == lots.at("which").at(id).key() % has.size()
                                                 : has[i] == options.input;
      if (chosen) pairs_.emplace(has[i], id);
    }
  }
}

}  // namespace tractrix::data
