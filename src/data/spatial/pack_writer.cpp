#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "tractrix/core/file.hpp"
#include "tractrix/core/version.hpp"
#include "tractrix/data/spatial/spatial_pack.hpp"
#include "tractrix/data/spatial/tissue.hpp"
#include "tractrix/h5/output.hpp"

namespace tractrix::spatial {
namespace packing {

using Progress = std::function<void(double)>;

struct Window {
  std::string group;
  int64_t half = 0;  // the square [x - half, x + half)
};

// Runs work(0) .. work(count - 1) on some threads; the first exception is thrown again here.
void in_parallel(int64_t count, int64_t threads, const std::function<void(int64_t)>& work) {
  std::atomic<int64_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto run = [&] {
    for (int64_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (const std::exception&) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::thread> others;
  for (int64_t t = 1; t < std::min(threads, count); ++t) others.emplace_back(run);
  run();
  for (auto& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

// HyperST's rule: half of the window rounded down, or of a spot that is larger than the window.
std::vector<Window> windows_of(const PreparedSection& prepared, const PatchOptions& options) {
  const auto& s = prepared.section;
  const double side = std::max(options.spot_um / *s.pixel_um, s.spot_pixels.value_or(0));
  std::vector<Window> windows{{"spot", static_cast<int64_t>(std::floor(side / 2))}};
  if (options.niche) {
    int64_t half = prepared.niches.half_window;
    if (options.niche_um > 0)
      half = static_cast<int64_t>(std::floor(options.niche_um / *s.pixel_um / 2));
    if (half == 0)
      throw Error(s.file.string(), "does not say how large a spot is, so a niche has no size",
                  "set spatial.patches.niche_um");
    windows.push_back({"niche_image", half});
  }
  for (const auto& window : windows)
    if (window.half < 1)
      throw Error(s.file.string(), "has pixels of " + std::to_string(*s.pixel_um) +
                                       " um: a patch would have no pixel");
  return windows;
}

int64_t whole(double position) { return static_cast<int64_t>(std::trunc(position)); }

// Why a spot is no centre.
struct Verdict {
  const Section& section;
  const Image& image;
  const std::vector<Window>& windows;
  const Tissue* tissue;
  double least;

  enum class Kind { whole, outside, rim, bare };
  Kind of(size_t spot) const {
    const int64_t x = packing::whole(section.x[spot]), y = packing::whole(section.y[spot]);
    if (x < 0 || y < 0 || x >= image.width() || y >= image.height()) return Kind::outside;
    for (const auto& window : windows) {
      const int64_t half = window.half;
      if (x < half || y < half || x + half >= image.width() || y + half >= image.height())
        return Kind::rim;
    }
    for (const auto& window : windows) {
      const auto half = static_cast<double>(window.half);
      if (tissue && tissue->covered(static_cast<double>(x) - half, static_cast<double>(y) - half,
                                    2 * half) < least)
        return Kind::bare;
    }
    return Kind::whole;
  }
};

void note(Section& s, const std::vector<std::string>& barcodes, const std::string& what) {
  if (!barcodes.empty())
    s.notes.push_back(std::to_string(barcodes.size()) + " spots " + what +
                      ", and are no centres: " + enumerate(barcodes));
}

// Leaves centres out whose windows reach beyond the image or show too little tissue.
void keep_inside(PreparedSection& prepared, const Image& image, const std::vector<Window>& windows,
                 double least_tissue) {
  auto& s = prepared.section;
  std::optional<Tissue> tissue;
  if (!s.contours.empty()) tissue = Tissue::read(s.contours);
  const Verdict verdict{s, image, windows, tissue ? &*tissue : nullptr, least_tissue};
  auto& niches = prepared.niches;
  std::vector<int64_t> centres;
  std::vector<std::vector<int64_t>> members;
  std::vector<std::string> left_out[4];
  for (size_t i = 0; i < niches.centres.size(); ++i) {
    const auto spot = static_cast<size_t>(niches.centres[i]);
    const auto kind = verdict.of(spot);
    if (kind == Verdict::Kind::whole) {
      centres.push_back(niches.centres[i]);
      members.push_back(std::move(niches.members[i]));
      continue;
    }
    left_out[static_cast<size_t>(kind)].push_back(s.barcodes[spot]);
    niches.excluded.push_back(niches.centres[i]);
  }
  const std::string size =
      std::to_string(image.width()) + " x " + std::to_string(image.height()) + " pixels";
  note(s, left_out[1], "lie outside of the image of " + size);
  note(s, left_out[2], "lie so close to the rim of the image that their window reaches beyond it");
  note(s, left_out[3], "have a window with too little tissue");
  if (centres.empty())
    throw Error(s.image.string(), "of " + size + " holds no whole window of section '" + s.id + "'",
                "is it the full resolution that the positions are given in?");
  niches.centres = std::move(centres);
  niches.members = std::move(members);
}

class Writer {
 public:
  Writer(const SpatialConfig& config, const std::filesystem::path& temporary,
         const std::filesystem::path& file, int64_t threads)
      : config_(config), out_(temporary, file), threads_(threads) {}

  void head(const SpatialCohort& cohort) {
    const auto& o = config_.spatial;
    out_.attribute("/", "tractrix_spatial", int64_t{1});
    out_.attribute("/", "name", o.name);
    out_.attribute("/", "config", config_.resolved);
    out_.attribute("/", "program", std::string("tractrix ") + version());
    out_.attribute("/", "patch_format",
                   o.patches.format == PatchFormat::png
                       ? std::string("png")
                       : "jpeg, quality " + std::to_string(o.patches.quality));
    out_.attribute("/", "patch_size", o.patches.size);
    out_.attribute("/", "transform",
                   std::string(kTransforms[static_cast<int>(o.target.transform)].first));
    out_.attribute("/", "total", o.target.total);
    out_.texts("genes", cohort.genes);
    for (const auto& [fold, choice, constant] : cohort.folds) {
      const std::string at = "folds/" + std::to_string(fold.index);
      out_.texts(at + "/train", fold.train);
      out_.texts(at + "/validation", fold.validation);
      out_.texts(at + "/test", fold.test);
      out_.texts(at + "/genes", choice.genes);
      out_.attribute(at, "genes_sha256", choice.sha256);
      out_.attribute(at, "genes_constant", static_cast<int64_t>(constant.size()));
      out_.attribute(at, "genes_scope",
                     std::string(kScopes[static_cast<int>(o.genes.scope)].first));
    }
  }

  // Gives the number of bytes of its patches.
  int64_t section(PreparedSection& prepared, const Progress& progress) {
    auto& s = prepared.section;
    if (s.id.empty() || s.id.find('/') != std::string::npos || s.id == "." || s.id == "..")
      throw Error(s.file.string(), "'" + s.id + "' cannot be the name of a section in a pack");
    const auto image = Image::open(s.image);
    const auto windows = windows_of(prepared, config_.spatial.patches);
    keep_inside(prepared, *image, windows, config_.spatial.patches.tissue);
    const std::string at = "sections/" + s.id + "/";
    int64_t bytes = 0;
    for (size_t w = 0; w < windows.size(); ++w)
      bytes += patches(prepared, *image, windows[w], at, [&](double done) {
        progress((static_cast<double>(w) + done) / static_cast<double>(windows.size()));
      });
    spots(prepared, at);
    attributes(prepared, windows, at.substr(0, at.size() - 1));
    return bytes;
  }

  void close() { out_.close(); }

 private:
  template <class T>
  void list(const std::string& path, Dtype dtype, const std::vector<T>& values) {
    out_.dataset(path, dtype, {static_cast<int64_t>(values.size())}, values.data());
  }
  template <class T>
  void pairs(const std::string& path, Dtype dtype, const std::vector<T>& a,
             const std::vector<T>& b) {
    std::vector<T> both;
    for (size_t i = 0; i < a.size(); ++i) both.insert(both.end(), {a[i], b[i]});
    out_.dataset(path, dtype, {static_cast<int64_t>(a.size()), 2}, both.data());
  }

  int64_t patches(const PreparedSection& prepared, Image& image, const Window& window,
                  const std::string& at, const Progress& progress) {
    const auto& s = prepared.section;
    const auto& centres = prepared.niches.centres;
    const auto& options = config_.spatial.patches;
    std::vector<std::string> encoded(centres.size());
    std::atomic<int64_t> done{0};
    const auto caller = std::this_thread::get_id();
    in_parallel(static_cast<int64_t>(centres.size()), threads_, [&](int64_t i) {
      const auto spot = static_cast<size_t>(centres[static_cast<size_t>(i)]);
      Pixels pixels = image.read(whole(s.x[spot]) - window.half, whole(s.y[spot]) - window.half,
                                 2 * window.half, 2 * window.half);
      if (options.size > 0) pixels = resized(pixels, options.size, options.size);
      encoded[static_cast<size_t>(i)] =
          options.format == PatchFormat::png
              ? encode_png(pixels)
              : encode_jpeg(pixels, static_cast<int>(options.quality));
      const auto count = ++done;
      if (std::this_thread::get_id() == caller)
        progress(static_cast<double>(count) / static_cast<double>(centres.size()));
    });
    std::vector<int64_t> begin{0};
    std::string bytes;
    for (auto& one : encoded) {
      bytes += one;
      one = {};
      begin.push_back(static_cast<int64_t>(bytes.size()));
    }
    list(at + window.group + "/begin", Dtype::i64, begin);
    out_.dataset(at + window.group + "/bytes", Dtype::u8, {begin.back()}, bytes.data());
    return begin.back();
  }

  void counts(const Counts& c, const std::string& at) {
    list(at + "counts/begin", Dtype::i64, c.begin);
    list(at + "counts/column", Dtype::i32, c.column);
    const std::vector<float> small(c.value.begin(), c.value.end());
    if (std::equal(small.begin(), small.end(), c.value.begin(),
                   [](float a, double b) { return static_cast<double>(a) == b; })) {
      list(at + "counts/value", Dtype::f32, small);
    } else {
      list(at + "counts/value", Dtype::f64, c.value);
    }
  }

  void spots(const PreparedSection& prepared, const std::string& at) {
    const auto& s = prepared.section;
    out_.texts(at + "barcodes", s.barcodes);
    counts(s.counts, at);
    list(at + "totals", Dtype::f64, prepared.totals);
    pairs(at + "place", Dtype::f64, s.x, s.y);
    if (!s.array_row.empty()) pairs(at + "array", Dtype::i64, s.array_row, s.array_column);
    std::vector<int64_t> begin{0}, member;
    for (const auto& members : prepared.niches.members) {
      member.insert(member.end(), members.begin(), members.end());
      begin.push_back(static_cast<int64_t>(member.size()));
    }
    list(at + "niche/centre", Dtype::i64, prepared.niches.centres);
    list(at + "niche/begin", Dtype::i64, begin);
    list(at + "niche/member", Dtype::i64, member);
    for (const auto& [name, labels] : s.labels) {
      if (name.find('/') != std::string::npos || labels.names.empty()) continue;
      list(at + "labels/" + name + "/code", Dtype::i32, labels.code);
      out_.texts(at + "labels/" + name + "/names", labels.names);
    }
  }

  void attributes(const PreparedSection& prepared, const std::vector<Window>& windows,
                  const std::string& at) {
    const auto& s = prepared.section;
    out_.attribute(at, "patient", s.patient);
    out_.attribute(at, "format", s.format);
    out_.attribute(at, "source", s.file.filename().string());
    if (std::filesystem::is_regular_file(s.file))
      out_.attribute(at, "source_sha256", sha256_of_file(s.file));
    out_.attribute(at, "image", s.image.filename().string());
    out_.attribute(at, "image_sha256", sha256_of_file(s.image));
    out_.attribute(at, "lattice", std::string(kLattices[static_cast<int>(s.lattice)].first));
    out_.attribute(at, "pixel_um", *s.pixel_um);
    out_.attribute(at, "spot_window", 2 * windows[0].half);
    if (windows.size() > 1) out_.attribute(at, "niche_window", 2 * windows[1].half);
    std::string notes;
    for (const auto& note : s.notes) notes += note + "\n";
    out_.attribute(at, "notes", notes);
  }

  const SpatialConfig& config_;
  h5::Output out_;
  int64_t threads_;
};

PackSummary fill(const SpatialConfig& config, SpatialCohort& cohort,
                 const std::filesystem::path& temporary, const std::filesystem::path& file,
                 int64_t threads, const Progress& progress) {
  Writer writer(config, temporary, file, threads);
  writer.head(cohort);
  PackSummary summary;
  const auto count = static_cast<double>(cohort.sections.size());
  for (auto& prepared : cohort.sections) {
    summary.bytes += writer.section(prepared, [&](double done) {
      if (progress) progress((static_cast<double>(summary.sections) + done) / count);
    });
    const auto& s = prepared.section;
    ++summary.sections;
    summary.spots += s.spots();
    summary.centres += static_cast<int64_t>(prepared.niches.centres.size());
    summary.notes.push_back(s.id + ": " + std::to_string(s.spots()) + " spots, " +
                            std::to_string(prepared.niches.centres.size()) + " centres, " +
                            std::to_string(prepared.niches.excluded.size()) +
                            " spots are no centres (niche not whole, or window beyond the image)");
    for (const auto& note : s.notes) summary.notes.push_back(s.id + ": " + note);
    prepared = {};  // its counts are in the file
  }
  summary.patches = summary.centres * (config.spatial.patches.niche ? 2 : 1);
  writer.close();
  return summary;
}

}  // namespace packing

PackSummary write_spatial_pack(const SpatialConfig& config, SpatialCohort cohort,
                               const std::filesystem::path& file, int64_t threads,
                               const std::function<void(double)>& progress) {
  const auto temporary = temporary_for(file);
  try {
    const auto summary = packing::fill(config, cohort, temporary, file, threads, progress);
    put_in_place(temporary, file);
    return summary;
  } catch (const std::exception&) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace tractrix::spatial
