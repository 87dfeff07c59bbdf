#include <ATen/Parallel.h>

#include <iostream>

#include "bench.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/tensor/process.hpp"

int main(int argc, char** argv) {
  using namespace tractrix;
  CLI::App app("tractrix_bench: ours and a reference in turns, one JSON line per case",
               "tractrix_bench");
  app.require_subcommand(1);
  bench::Options options;
  app.add_option("--threads", options.threads, "computing threads; 0: all cores");
  app.add_option("--rounds", options.rounds, "turns of each side")->check(CLI::Range(1, 1000));
  app.parse_complete_callback([&] { tune_process(options.threads); });
  for (auto* add : {bench::add_step, bench::add_loader, bench::add_metric, bench::add_geometry})
    add(app, options);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << "\n";
    return 2;
  }
}
