#include "results.hpp"

#include <iostream>

#include "sweep.hpp"
#include "tractrix/report/run_summary.hpp"

namespace tractrix::app {

void print_results(const std::filesystem::path& run) {
  if (is_sweep(run)) {
    print_sweep(run);
    return;
  }
  const auto summary = report::summarize(run);
  report::write(summary);
  std::cout << "\n" << report::text(report::table(summary)) << "\n";
  for (const auto& note : report::footnotes(summary)) std::cout << note << "\n";
  std::cout << "run folder: " << run.string() << "\n";
}

}  // namespace tractrix::app
