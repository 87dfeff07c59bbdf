#include "tractrix/data/spatial/image.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tiffio.h>

#include <cmath>
#include <cstdlib>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "support/paths.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::spatial {
namespace {

using ::testing::HasSubstr;

std::filesystem::path images() { return testing::data_folder() + "/st/images"; }

Pixels whole(Image& image) { return image.read(0, 0, image.width(), image.height()); }
Pixels whole(const std::string& name) { return whole(*Image::open(images() / name)); }

// Pixels that tell where they are.
Pixels chart(int64_t width, int64_t height) {
  Pixels p{width, height, std::vector<uint8_t>(static_cast<size_t>(3 * width * height))};
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      p.at(x, y)[0] = static_cast<uint8_t>(x);
      p.at(x, y)[1] = static_cast<uint8_t>(y);
      p.at(x, y)[2] = static_cast<uint8_t>((x * 7 + y * 3) % 251);
    }
  return p;
}

TEST(Image, LanczosGivesPillowsBytes) {
  const auto waves = whole("waves.png");
  ASSERT_EQ(waves.width, 37);
  for (const auto& [width, height] : {std::pair(16, 16), std::pair(64, 50), std::pair(37, 10)}) {
    const auto name = "waves_" + std::to_string(width) + "x" + std::to_string(height) + ".png";
    EXPECT_EQ(resized(waves, width, height).rgb, whole(name).rgb) << name;
  }
  EXPECT_EQ(resized(waves, 37, 29).rgb, waves.rgb);
}

TEST(Image, EveryFormatShowsTheSamePicture) {
  const auto png = whole("waves.png");
  EXPECT_EQ(whole("waves.tif").rgb, png.rgb);  // strips, LZW
  const auto jpeg = whole("waves.jpg");
  ASSERT_EQ(jpeg.rgb.size(), png.rgb.size());
  double error = 0;
  for (size_t i = 0; i < png.rgb.size(); ++i) error += std::abs(png.rgb[i] - jpeg.rgb[i]);
  EXPECT_LT(error / static_cast<double>(png.rgb.size()), 4);
  for (uint8_t value : whole("transparent.png").rgb) ASSERT_EQ(value, 255);  // over white
}

TEST(Image, CodecsGiveBackWhatTheyGot) {
  const auto p = chart(60, 40);
  EXPECT_EQ(decode(encode_png(p), "memory").rgb, p.rgb);
  const auto fine = encode_jpeg(p, 100), coarse = encode_jpeg(p, 20);
  EXPECT_LT(coarse.size(), fine.size());
  const auto back = decode(fine, "memory");
  ASSERT_EQ(back.width, 60);
  ASSERT_EQ(back.height, 40);
  double error = 0;
  for (size_t i = 0; i < p.rgb.size(); ++i) error += std::abs(p.rgb[i] - back.rgb[i]);
  EXPECT_LT(error / static_cast<double>(p.rgb.size()), 2);
}

void write_tiled(const std::filesystem::path& file, const Pixels& p, uint32_t side) {
  TIFF* tiff = TIFFOpen(file.c_str(), "w");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<uint32_t>(p.width));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<uint32_t>(p.height));
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(tiff, TIFFTAG_TILEWIDTH, side);
  TIFFSetField(tiff, TIFFTAG_TILELENGTH, side);
  std::vector<uint8_t> tile(3 * side * side);
  for (int64_t top = 0; top < p.height; top += side)
    for (int64_t left = 0; left < p.width; left += side) {
      for (int64_t y = 0; y < side; ++y)
        for (int64_t x = 0; x < side; ++x)
          for (int64_t c = 0; c < 3; ++c)
            tile[static_cast<size_t>(3 * (y * side + x) + c)] =
                left + x < p.width && top + y < p.height ? p.at(left + x, top + y)[c] : 0;
      TIFFWriteTile(tiff, tile.data(), static_cast<uint32_t>(left), static_cast<uint32_t>(top), 0,
                    0);
    }
  TIFFClose(tiff);
}

void expect_region(Image& image, const Pixels& p, int64_t x, int64_t y, int64_t w, int64_t h) {
  const auto part = image.read(x, y, w, h);
  for (int64_t row = 0; row < h; ++row)
    for (int64_t column = 0; column < w; ++column)
      for (int c = 0; c < 3; ++c)
        ASSERT_EQ(part.at(column, row)[c], p.at(x + column, y + row)[c])
            << image.kind() << " " << x + column << " " << y + row;
}

TEST(Image, RegionsOfTiles) {
  const testing::TemporaryFolder folder;
  const auto p = chart(200, 150);
  write_tiled(folder / "tiles.tif", p, 64);
  const auto tiff = Image::open(folder / "tiles.tif");
  EXPECT_EQ(tiff->kind(), "tiff");
  const auto slide = open_slide(folder / "tiles.tif");
  EXPECT_EQ(slide->kind(), "openslide generic-tiff");
  for (auto* image : {tiff.get(), slide.get()}) {
    ASSERT_EQ(image->width(), 200);
    ASSERT_EQ(image->height(), 150);
    expect_region(*image, p, 0, 0, 200, 150);
    expect_region(*image, p, 50, 60, 90, 70);    // over several tiles
    expect_region(*image, p, 190, 140, 10, 10);  // in the last, partial one
  }
  const auto strips = Image::open(images() / "waves.tif");
  expect_region(*strips, whole("waves.png"), 5, 20, 30, 9);
}

TEST(Image, WhatIsWrongIsNamed) {
  const testing::TemporaryFolder folder;
  const auto png = Image::open(images() / "waves.png");
  EXPECT_THAT(testing::message_of([&] { png->read(30, 0, 8, 8); }),
              HasSubstr("is 37 x 29 pixels; the window of 8 x 8 at (30, 0) reaches beyond it"));
  EXPECT_THAT(testing::message_of([&] { png->read(-1, 0, 8, 8); }), HasSubstr("reaches beyond it"));
  EXPECT_THAT(testing::message_of([&] { Image::open(folder / "none.png"); }),
              HasSubstr("there is no such file"));
  for (const char* name : {"waves.png", "waves.jpg", "waves.tif"}) {
    const std::string bytes = read_file(images() / name);
    write_file(folder / name, bytes.substr(0, bytes.size() / 2));
    const auto message = testing::message_of([&] { whole(*Image::open(folder / name)); });
    EXPECT_THAT(message, HasSubstr(name));
    EXPECT_THAT(message, ::testing::Not(HasSubstr("no error")));
  }
  write_file(folder / "text.png", "no image at all");
  EXPECT_THAT(testing::message_of([&] { Image::open(folder / "text.png"); }),
              HasSubstr("is no image that is read"));
  EXPECT_THAT(testing::message_of([&] { open_slide(images() / "waves.png"); }),
              HasSubstr("is no slide that OpenSlide can read"));
  EXPECT_THAT(testing::message_of([&] { decode(encode_png(chart(50, 50)), "memory", 2499); }),
              HasSubstr("50 x 50 pixels: too large"));
  EXPECT_THAT(testing::message_of([&] { decode(encode_jpeg(chart(50, 50), 90), "memory", 2499); }),
              HasSubstr("50 x 50 pixels: too large"));
}

// One of the real sections: 92 megapixels.
TEST(Image, RealJpeg) {
  const char* root = std::getenv("TRACTRIX_HER2ST");
  if (!root) GTEST_SKIP() << "TRACTRIX_HER2ST names no folder";
  const auto image = Image::open(std::filesystem::path(root) / "ST-imgs/C2_5714_HE_BT_C2.jpg");
  EXPECT_GT(image->width(), 8000);
  EXPECT_EQ(image->read(5000, 5000, 100, 100).rgb.size(), 30000u);
}

}  // namespace
}  // namespace tractrix::spatial
