#include "tractrix/data/spatial/niches.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "neighbours.hpp"

namespace tractrix::spatial {
namespace niches {

using Lists = std::vector<std::vector<int64_t>>;
using Step = std::pair<int64_t, int64_t>;  // of row and column

// Visium counts columns in half steps: neighbours of a row lie two columns apart.
const std::vector<Step>& steps_of(Lattice lattice, int64_t neighbours, const std::string& where) {
  static const std::vector<Step> hex6{{0, -2}, {0, 2}, {-1, -1}, {-1, 1}, {1, -1}, {1, 1}};
  static const std::vector<Step> hex18{{0, -2}, {0, 2},   {-1, -1}, {-1, 1}, {1, -1}, {1, 1},
                                       {0, -4}, {0, 4},   {-1, -3}, {-1, 3}, {1, -3}, {1, 3},
                                       {-2, 0}, {-2, -2}, {-2, 2},  {2, 0},  {2, -2}, {2, 2}};
  static const std::vector<Step> square4{{0, -1}, {0, 1}, {-1, 0}, {1, 0}};
  static const std::vector<Step> square8{{0, -1},  {0, 1},  {-1, 0}, {1, 0},
                                         {-1, -1}, {-1, 1}, {1, -1}, {1, 1}};
  if (lattice == Lattice::hexagonal && neighbours == 6) return hex6;
  if (lattice == Lattice::hexagonal && neighbours == 18) return hex18;
  if (lattice == Lattice::square && neighbours == 4) return square4;
  if (lattice == Lattice::square && neighbours == 8) return square8;
  throw Error(where,
              std::string("a ") + kLattices[static_cast<int>(lattice)].first +
                  " lattice has no niche of " + std::to_string(neighbours) + " neighbours",
              "6 or 18 on a hexagonal lattice, 4 or 8 on a square one");
}

Lists by_lattice(const Section& s, int64_t neighbours) {
  if (s.array_row.empty() || s.array_column.empty() || s.lattice == Lattice::unknown)
    throw Error(s.file.string(), "has no array positions on a known lattice",
                "use niche.rule nearest or radius");
  const auto& steps = steps_of(s.lattice, neighbours, s.file.string());
  std::map<Step, int64_t> at;
  for (size_t i = 0; i < s.barcodes.size(); ++i)
    if (!at.emplace(Step{s.array_row[i], s.array_column[i]}, static_cast<int64_t>(i)).second)
      throw Error(s.file.string(), "has two spots in array row " + std::to_string(s.array_row[i]) +
                                       ", column " + std::to_string(s.array_column[i]));
  Lists lists(s.barcodes.size());
  for (size_t i = 0; i < lists.size(); ++i) {
    for (const auto& [row, column] : steps) {
      const auto found = at.find({s.array_row[i] + row, s.array_column[i] + column});
      if (found != at.end()) lists[i].push_back(found->second);
    }
    std::sort(lists[i].begin(), lists[i].end());
  }
  return lists;
}

// The radius of HyperST's code: the mean over spots of the seventh smallest distance (a spot's own
// is the first), each rounded up.
double pixel_radius(const Section& s, const Neighbours& near) {
  double sum = 0;
  for (size_t i = 0; i < s.x.size(); ++i)
    sum += std::ceil(near.distance(i, near.nearest(i, 6).back()));
  return sum / static_cast<double>(s.x.size());
}

Lists by_distance(const Section& s, const NicheOptions& options, int64_t neighbours) {
  if (!s.placed()) throw Error(s.file.string(), "has no pixel positions");
  if (options.rule != NicheRule::radius && s.spots() <= std::max<int64_t>(neighbours, 6))
    throw Error(s.file.string(), "has only " + std::to_string(s.spots()) + " spots");
  const Neighbours near(s.x, s.y);
  double radius = 0;
  if (options.rule == NicheRule::pixels) radius = pixel_radius(s, near);
  if (options.rule == NicheRule::radius) {
    if (!s.pixel_um) throw Error(s.file.string(), "does not say how large a pixel is");
    radius = options.radius_um / *s.pixel_um;
  }
  Lists lists(s.x.size());
  for (size_t i = 0; i < lists.size(); ++i) {
    lists[i] = options.rule == NicheRule::nearest ? near.nearest(i, static_cast<size_t>(neighbours))
                                                  : near.within(i, radius);
    std::sort(lists[i].begin(), lists[i].end());
  }
  return lists;
}

int64_t half_window(const Section& s, const Niches& niches) {
  if (!s.placed() || !s.spot_pixels || niches.centres.empty()) return 0;
  double sum = 0;
  for (size_t c = 0; c < niches.centres.size(); ++c) {
    const auto centre = static_cast<size_t>(niches.centres[c]);
    double reach = 0;
    for (int64_t member : niches.members[c]) {
      const auto m = static_cast<size_t>(member);
      reach = std::max({reach, s.x[m] - s.x[centre], s.y[m] - s.y[centre]});
    }
    sum += std::trunc(reach) + std::floor(*s.spot_pixels / 2);
  }
  return static_cast<int64_t>(std::nearbyint(sum / static_cast<double>(niches.centres.size())));
}

}  // namespace niches

void fields(config::Fields& f, NicheOptions& o) {
  f("rule", o.rule, "which spots surround a spot");
  f("neighbours", o.neighbours,
    "lattice: 6 or 18 (hexagonal), 4 or 8 (square); nearest: any; 0: 6, or 4 on a square lattice",
    config::at_least(0));
  f("radius_um", o.radius_um, "radius: micrometres around the centre", config::above(0));
  f("least", o.least, "neighbours that a centre needs; ~: all (radius: one)", config::at_least(0));
}

Niches find_niches(const Section& s, const NicheOptions& options) {
  int64_t neighbours = options.neighbours;
  if (neighbours == 0) neighbours = s.lattice == Lattice::square ? 4 : 6;
  if (options.rule == NicheRule::pixels) neighbours = 6;
  auto lists = options.rule == NicheRule::lattice ? niches::by_lattice(s, neighbours)
                                                  : niches::by_distance(s, options, neighbours);
  const int64_t all = options.rule == NicheRule::radius ? 1 : neighbours;
  const int64_t least = options.least.value_or(all);
  // In HyperST's code a centre with more than six is no centre either.
  const int64_t most = options.rule == NicheRule::pixels ? neighbours : s.spots();
  Niches out;
  for (size_t i = 0; i < lists.size(); ++i) {
    const auto degree = static_cast<int64_t>(lists[i].size());
    if (out.degrees.size() <= lists[i].size()) out.degrees.resize(lists[i].size() + 1, 0);
    ++out.degrees[lists[i].size()];
    if (degree < least || degree > most) {
      out.excluded.push_back(static_cast<int64_t>(i));
      continue;
    }
    out.centres.push_back(static_cast<int64_t>(i));
    lists[i].insert(lists[i].begin(), static_cast<int64_t>(i));
    out.members.push_back(std::move(lists[i]));
  }
  if (out.centres.empty())
    throw Error(s.file.string(),
                "has no spot with a whole niche of " + std::to_string(least) +
                    " neighbours among " + std::to_string(s.spots()),
                "set niche.least, or leave the section out");
  out.half_window = niches::half_window(s, out);
  return out;
}

Counts niche_means(const Counts& counts, const Niches& niches) {
  Counts out;
  out.columns = counts.columns;
  std::map<int32_t, double> sums;
  for (const auto& members : niches.members) {
    sums.clear();
    for (int64_t member : members)
      for (auto k = counts.begin[static_cast<size_t>(member)];
           k < counts.begin[static_cast<size_t>(member) + 1]; ++k)
        sums[counts.column[static_cast<size_t>(k)]] += counts.value[static_cast<size_t>(k)];
    for (const auto& [column, sum] : sums) {
      out.column.push_back(column);
      out.value.push_back(sum / static_cast<double>(members.size()));
    }
    out.begin.push_back(out.stored());
  }
  return out;
}

}  // namespace tractrix::spatial
