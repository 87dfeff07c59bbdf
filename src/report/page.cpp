#include "tractrix/report/page.hpp"

#include "tractrix/core/error.hpp"
#include "tractrix/report/run_facts.hpp"
#include "tractrix/report/run_figures.hpp"

namespace tractrix::report {
namespace {

std::vector<Figure> figures_of(const LabelledRun& run, Selection selection,
                               const std::string& suffix, const std::string& unit) {
  std::vector<Figure> figures;
  const auto label = run.label + ", " + title(selection);
  figures.push_back(survival_figure("survival" + suffix, label,
                                    risk_groups(run.summary.folder, selection), unit));
  if (auto history = history_figure("history" + suffix, run))
    figures.push_back(std::move(*history));
  figures.push_back(auc_figure("auc" + suffix, run, selection, unit));
  figures.push_back(roc_figure("roc" + suffix, run, selection, unit));
  return figures;
}

}  // namespace

Document page(const std::vector<LabelledRun>& runs, Selection selection,
              const std::filesystem::path& folder) {
  auto document = run_document(runs);
  std::vector<Figure> figures;
  std::vector<std::pair<Section, size_t>> sections;  // and the number of its figures
  if (runs.size() > 1) {
    figures.push_back(comparison_figure("comparison", runs, selection));
    sections.push_back({Section{"C-index by fold"}, 1});
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    Section section{runs.size() > 1 ? "Figures: " + runs[i].label : "Figures"};
    const auto suffix = runs.size() > 1 ? "_" + std::to_string(i + 1) : "";
    const auto before = figures.size();
    try {
      for (auto& figure :
           figures_of(runs[i], selection, suffix, facts_of(runs[i].summary).time_unit))
        figures.push_back(std::move(figure));
    } catch (const Error& e) {
      section.notes.emplace_back(e.what());
    }
    sections.emplace_back(std::move(section), figures.size() - before);
  }
  auto pictures = draw(figures, folder / "figures");
  size_t next = 0;
  for (auto& [section, count] : sections) {
    for (size_t i = 0; i < count; ++i) section.pictures.push_back(std::move(pictures[next++]));
    document.sections.push_back(std::move(section));
  }
  for (const auto& run : runs) {
    Section config{"Resolved config: " + run.label};
    config.folded = true;
    config.verbatim = {facts_of(run.summary).config};
    if (!config.verbatim.front().empty()) document.sections.push_back(std::move(config));
  }
  return document;
}

}  // namespace tractrix::report
