// tractrix_bench metric: the concordance index against its definition, pair by pair.
#include <cmath>
#include <random>

#include "bench.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/survival/concordance.hpp"

namespace tractrix::bench {
namespace {

struct Patients {
  std::vector<double> time, risk;
  std::vector<uint8_t> event;
};

// Whole months and risks of two digits: ties of every kind.
Patients draw(int64_t n) {
  std::mt19937_64 bits(1);
  std::uniform_real_distribution<double> uniform;
  Patients all;
  for (int64_t i = 0; i < n; ++i) {
    all.time.push_back(std::floor(240 * uniform(bits)));
    all.risk.push_back(std::floor(100 * uniform(bits)) / 100);
    all.event.push_back(uniform(bits) < 0.4);
  }
  return all;
}

// concordant, discordant, tied risk, by the definition.
std::array<int64_t, 3> by_pairs(const Patients& p) {
  std::array<int64_t, 3> counts{};
  const size_t n = p.time.size();
  for (size_t i = 0; i < n; ++i) {
    if (!p.event[i]) continue;
    for (size_t j = 0; j < n; ++j) {
      const bool comparable = p.time[j] > p.time[i] || (p.time[j] == p.time[i] && !p.event[j]);
      if (!comparable) continue;
      const double difference = p.risk[i] - p.risk[j];
      ++counts[std::abs(difference) <= 1e-8 ? 2 : difference > 0 ? 0 : 1];
    }
  }
  return counts;
}

void run_case(int64_t n, int64_t largest_reference, const Options& options) {
  const auto patients = draw(n);
  survival::Concordance ours;
  std::array<int64_t, 3> pairs{};
  std::function<void()> reference;
  if (n <= largest_reference) reference = [&] { pairs = by_pairs(patients); };
  const auto times =
      alternate([&] { ours = survival::concordance(patients.time, patients.event, patients.risk); },
                reference, options.rounds);
  auto j = line("metric", "concordance n=" + std::to_string(n), times);
  j["dtype"] = "float64";
  if (reference) {
    const std::array counts{ours.concordant, ours.discordant, ours.tied_risk};
    if (counts != pairs) throw Error("concordance", "counts differ from the definition's");
    j["same_counts"] = true;
  }
  print(j);
}

}  // namespace

void add_metric(CLI::App& app, Options& options) {
  auto sizes =
      std::make_shared<std::vector<int64_t>>(std::vector<int64_t>{373, 1000, 10000, 1000000});
  auto largest = std::make_shared<int64_t>(10000);
  auto* verb = app.add_subcommand("metric", "concordance index against counting every pair");
  verb->add_option("--patients", *sizes, "sizes to time");
  verb->add_option("--largest-reference", *largest, "beyond it only ours is timed");
  verb->callback([=, &options] {
    for (const int64_t n : *sizes) run_case(n, *largest, options);
  });
}

}  // namespace tractrix::bench
