#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <limits>

#include "bench.hpp"
#include "tractrix/kernels/attention.hpp"

namespace tractrix::bench {
namespace {

// Sees every tensor allocation, those of the backward pass included.
class PeakMemory final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t size, size_t, size_t, c10::Device) override {
    const int64_t now = alive_.fetch_add(size) + size;
    int64_t seen = peak_.load();
    while (now > seen && !peak_.compare_exchange_weak(seen, now)) {
    }
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t peak() const { return peak_; }

 private:
  std::atomic<int64_t> alive_{0}, peak_{0};
};

std::atomic<int64_t> counted_flops{0};

// The names come first: inputs() of many other operators asserts.
int64_t flops_of(const at::RecordFunction& f) {
  const std::string_view name = f.name();
  const size_t first = name == "aten::addmm" || name == "aten::baddbmm" ? 1 : 0;
  if (first == 0 && name != "aten::mm" && name != "aten::bmm") return 0;
  const auto a = f.inputs()[first].toTensor(), b = f.inputs()[first + 1].toTensor();
  return 2 * a.numel() * b.size(-1);
}

double seconds(const std::function<void()>& turn) {
  const auto start = std::chrono::steady_clock::now();
  turn();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double product_rate(const std::function<at::Tensor()>& product, int64_t n) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 12; ++i) best = std::min(best, seconds([&] { product(); }));
  return 2e-9 * static_cast<double>(n * n * n) / best;
}

}  // namespace

Cost observe(const std::function<void()>& turn) {
  const auto memory = std::make_shared<PeakMemory>();
  counted_flops = 0;
  const int64_t before = kernels::operations();
  const auto handle = at::addGlobalCallback(
      at::RecordFunctionCallback(
          [](const at::RecordFunction& f) -> std::unique_ptr<at::ObserverContext> {
            counted_flops += flops_of(f);
            return nullptr;
          })
          .needsInputs(true)
          .scopes({at::RecordScope::FUNCTION}));
  c10::ThreadLocalDebugInfo::_push(c10::DebugInfoKind::PROFILER_STATE, memory);
  turn();
  c10::ThreadLocalDebugInfo::_pop(c10::DebugInfoKind::PROFILER_STATE);
  at::removeCallback(handle);
  return {memory->peak(), counted_flops + kernels::operations() - before};
}

Times alternate(const std::function<void()>& ours, const std::function<void()>& reference,
                int64_t rounds) {
  ours();
  if (reference) reference();
  double fastest = std::numeric_limits<double>::infinity(), slowest = 0, other = fastest;
  for (int64_t i = 0; i < rounds; ++i) {
    const double taken = seconds(ours);
    fastest = std::min(fastest, taken);
    slowest = std::max(slowest, taken);
    if (reference) other = std::min(other, seconds(reference));
  }
  Times times{fastest, slowest / fastest, {}};
  if (reference) times.reference = other;
  return times;
}

double gemm_peak_gflops() {
  constexpr int64_t n = 1024;
  const auto a = at::randn({n, n}), b = at::randn({n, n});
  double best = product_rate([&] { return at::mm(a, b); }, n);
  // oneDNN is reached through the operator of its fused linear layer, where this build has it.
  const auto op = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!op) return best;
  const auto linear = op->typed<at::Tensor(
      const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
      c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>)>();
  const c10::List<std::optional<at::Scalar>> none;
  return std::max(best, product_rate([&] { return linear.call(a, b, {}, "none", none, ""); }, n));
}

Json line(const std::string& bench, const std::string& name, const Times& times) {
  Json j{{"bench", bench},
         {"case", name},
         {"threads", at::get_num_threads()},
         {"ours_s", times.ours},
         {"spread", times.spread},
         {"malloc", "mmap and trim thresholds raised"}};
  if (times.reference) {
    j["reference_s"] = *times.reference;
    j["ratio"] = *times.reference / times.ours;
  }
  return j;
}

void print(const Json& line) { std::cout << line.dump() << std::endl; }

}  // namespace tractrix::bench
