// tractrix doctor: what this machine and this build can do, one line each, with a fix where
// something is wrong.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <hdf5.h>
#include <torch/version.h>

#include <filesystem>
#include <iostream>
#include <thread>

#include "app.hpp"
#include "tractrix/core/version.hpp"

namespace tractrix::app {
namespace {

class Report {
 public:
  void pass(const std::string& what) { line("PASS", what, {}); }
  void warn(const std::string& what, const std::string& fix) { line("WARN", what, fix); }
  void fail(const std::string& what, const std::string& fix) {
    line("FAIL", what, fix);
    failed_ = true;
  }
  bool failed() const { return failed_; }

 private:
  static void line(const char* state, const std::string& what, const std::string& fix) {
    std::cout << state << "  " << what << "\n";
    if (!fix.empty()) std::cout << "      fix: " << fix << "\n";
  }
  bool failed_ = false;
};

void check_torch(Report& report) {
  report.pass("tractrix " + std::string(version()) + ", LibTorch " TORCH_VERSION);
  // hasCUDA() asks for devices, not for the build: the library itself says whether this is a CUDA
  // build.
  void* cuda = dlopen("libtorch_cuda.so", RTLD_NOLOAD | RTLD_LAZY);
  if (!cuda) {
    report.warn("this is a CPU build",
                "scripts/setup.sh --cuda && cmake --preset cuda && cmake --build --preset cuda");
  } else if (!at::globalContext().hasCUDA()) {
    report.warn("CUDA build, but no device was found",
                "is the NVIDIA driver loaded? nvidia-smi must list a GPU");
  } else {
    report.pass("CUDA device found");
  }
  if (cuda) dlclose(cuda);
}

void check_hdf5(Report& report) {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  const std::string name =
      "HDF5 " + std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
  hbool_t safe = 0;
  H5is_library_threadsafe(&safe);
  if (safe) {
    report.pass(name + ", thread-safe");
  } else {
    report.warn(name + " is not thread-safe; tractrix reads it from one thread at a time",
                "install a thread-safe build");
  }
}

void check_threads(Report& report) {
  const unsigned cores = std::thread::hardware_concurrency();
  const int threads = at::get_num_threads();
  const std::string text =
      std::to_string(threads) + " threads on " + std::to_string(cores) + " cores";
  if (threads < static_cast<int>(cores) / 2) {
    report.warn(text, "unset OMP_NUM_THREADS and MKL_NUM_THREADS, or set run.threads");
  } else {
    report.pass(text);
  }
}

void check_disk(Report& report) {
  std::error_code code;
  const auto space = std::filesystem::space(".", code);
  if (code) {
    report.fail("the working folder cannot be looked at: " + code.message(),
                "change to a folder you may read");
    return;
  }
  const std::string text = std::to_string(space.available >> 30) + " GiB free here";
  if (space.available < (uint64_t{1} << 30)) {
    report.warn(text, "write runs elsewhere: run.out=/path");
  } else {
    report.pass(text);
  }
}

}  // namespace

void add_doctor(CLI::App& app, Outcome& outcome) {
  app.add_subcommand("doctor", "check this machine and this build")->callback([&outcome] {
    Report report;
    check_torch(report);
    check_hdf5(report);
    check_threads(report);
    check_disk(report);
    if (report.failed()) outcome.code = 2;
  });
}

}  // namespace tractrix::app
