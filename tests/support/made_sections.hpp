// A small folder in the her2st layout: sections of 5 x 5 spots on a square lattice, 40 pixels (200
// micrometres) apart, 8 genes, images whose pixels tell where they are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tractrix/core/file.hpp"
#include "tractrix/data/spatial/image.hpp"

namespace tractrix::testing {

// Red is x, green is y, blue the first letter of the section.
inline void write_chart(const std::filesystem::path& folder, const std::string& id, int64_t side) {
  spatial::Pixels p{side, side, std::vector<uint8_t>(static_cast<size_t>(3 * side * side))};
  for (int64_t y = 0; y < side; ++y)
    for (int64_t x = 0; x < side; ++x) {
      p.at(x, y)[0] = static_cast<uint8_t>(x);
      p.at(x, y)[1] = static_cast<uint8_t>(y);
      p.at(x, y)[2] = static_cast<uint8_t>(id[0]);
    }
  write_file(folder / ("ST-imgs/" + id + "_he.png"), spatial::encode_png(p));
}

inline void write_made_section(const std::filesystem::path& folder, const std::string& id) {
  constexpr int64_t kSide = 5, kPitch = 40, kImage = 240, kGenes = 8;
  for (const char* name : {"ST-cnts", "ST-spotfiles", "ST-imgs"})
    std::filesystem::create_directories(folder / name);
  std::string counts, spots = "x\ty\tnew_x\tnew_y\tpixel_x\tpixel_y\tselected\n";
  for (int64_t g = 0; g < kGenes; ++g) counts += "\tG" + std::to_string(g);
  for (int64_t i = 0; i < kSide * kSide; ++i) {
    const std::string x = std::to_string(i % kSide), y = std::to_string(i / kSide);
    counts += "\n" + x + "x" + y;
    for (int64_t g = 0; g < kGenes; ++g)
      counts += "\t" + std::to_string((i * 5 + g * 3 + id[0]) % (g + 3));
    spots += x + "\t" + y + "\t" + x + "\t" + y + "\t" + std::to_string(kPitch * (i % kSide + 1)) +
             ".5\t" + std::to_string(kPitch * (i / kSide + 1)) + "\t1\n";
  }
  write_file(folder / ("ST-cnts/" + id + ".tsv"), counts + "\n");
  write_file(folder / ("ST-spotfiles/" + id + "_selection.tsv"), spots);
  write_chart(folder, id, kImage);
}

// pack.yaml for those sections.
inline void write_pack_config(const std::filesystem::path& folder) {
  write_file(folder / "pack.yaml",
             "spatial:\n  name: made\n  folder: .\n  patches: {size: 0}\n"
             "  genes: {method: mean, count: 3}\nsplit: {folds: 2}\n");
}

}  // namespace tractrix::testing
