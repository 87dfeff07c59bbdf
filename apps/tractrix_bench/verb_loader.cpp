// tractrix_bench loader: reading one bag from a warm file, packed and in one-row chunks as CLAM
// writes them, against one pread of the same number of bytes of the same file and (chunks) H5Dread.
// Both sides fill a fresh tensor.
#include <ATen/ATen.h>
#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

#include <filesystem>

#include "bench.hpp"
#include "tractrix/core/error.hpp"
#include "tractrix/data/feature_writer.hpp"
#include "tractrix/data/packed_store.hpp"

namespace tractrix::bench {
namespace {

namespace fs = std::filesystem;

struct LoaderOptions {
  std::vector<int64_t> patches{1000, 15000};
  int64_t columns = 1024;
};

class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "tractrix_bench-XXXXXX").string();
    if (!mkdtemp(name.data())) throw Error(name, "cannot be made");
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

// A fresh tensor filled by plain reads from the start of the file.
void plain_read(const fs::path& file, const at::Tensor& like) {
  const auto to = at::empty_like(like);
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  char* at = static_cast<char*>(to.data_ptr());
  for (size_t done = 0, all = to.nbytes(); done < all;) {
    const auto got = pread(fd, at + done, all - done, static_cast<off_t>(done));
    if (got <= 0) throw Error(file.string(), "is shorter than its bag");
    done += static_cast<size_t>(got);
  }
  close(fd);
}

void library_read(const fs::path& path, const at::Tensor& like) {
  const auto to = at::empty_like(like);
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t set = H5Dopen2(file, "features", H5P_DEFAULT);
  H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, to.data_ptr());
  H5Dclose(set);
  H5Fclose(file);
}

void report(const std::string& name, const char* reference, const at::Tensor& bag, Times times,
            const std::optional<double>& plain) {
  auto j = line(
      "loader",
      name + " [" + std::to_string(bag.size(0)) + ", " + std::to_string(bag.size(1)) + "]", times);
  j["dtype"] = "float32";
  j["reference"] = reference;
  j["gb_per_s"] = 1e-9 * static_cast<double>(bag.nbytes()) / times.ours;
  if (plain) j["pread_s"] = *plain, j["part_of_pread"] = *plain / times.ours;
  print(j);
}

void run_packed(const Scratch& scratch, const at::Tensor& bag, int64_t rounds) {
  const auto path = scratch / "packed.h5";
  data::PackedWriter writer(path, data::Precision::float32);
  writer.add("slide", bag, {}, {"none", "bench", true});
  writer.finish();
  const data::PackedStore store(path);
  if (!at::equal(store.read("slide"), bag)) throw Error(path.string(), "was read wrongly");
  const auto times =
      alternate([&] { store.read("slide"); }, [&] { plain_read(path, bag); }, rounds);
  report("packed", "pread", bag, times, times.reference);
}

void run_row_chunks(const Scratch& scratch, const at::Tensor& bag, int64_t rounds) {
  const auto path = scratch / "rows.h5";
  data::write_features(path, data::FeatureLayout::clam, {bag, {}, "slide", "bench", true});
  const auto file = data::open_features(path);
  if (!at::equal(file.read(data::As::stored), bag)) throw Error(path.string(), "was read wrongly");
  const auto ours = [&] { file.read(data::As::stored); };
  // Each reference has its own turns with ours: what the library leaves of the heap is its own.
  const auto plain = alternate(
      ours, [&] { plain_read(path, bag); }, rounds);
  report("one-row chunks", "pread", bag, plain, plain.reference);
  const auto times = alternate(
      ours, [&] { library_read(path, bag); }, rounds);
  report("one-row chunks", "H5Dread", bag, times, std::nullopt);
}

}  // namespace

void add_loader(CLI::App& app, Options& options) {
  auto o = std::make_shared<LoaderOptions>();
  auto* verb = app.add_subcommand("loader", "reading one bag against pread and H5Dread");
  verb->add_option("--patches", o->patches, "rows of the bags");
  verb->add_option("--columns", o->columns, "features of a patch")->check(CLI::Range(1, 100000));
  verb->callback([o, &options] {
    for (const int64_t patches : o->patches) {
      const Scratch scratch;
      const auto bag = at::randn({patches, o->columns});
      run_packed(scratch, bag, options.rounds);
      run_row_chunks(scratch, bag, options.rounds);
    }
  });
}

}  // namespace tractrix::bench
