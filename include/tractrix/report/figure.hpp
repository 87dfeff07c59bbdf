// Figures: data as CSV, a gnuplot script beside it, and what gnuplot makes of them.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/report/document.hpp"
#include "tractrix/report/table.hpp"

namespace tractrix::report {

// Okabe and Ito's palette for colour-blind readers (Color Universal Design, 2008).
constexpr const char* kPalette[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                    "#E69F00", "#56B4E9", "#000000"};

struct Figure {
  std::string name;          // of its files: letters, digits, '_'
  std::string title;         // for readers of the page's source and screen readers
  std::string caption = {};  // what it shows, by which rule
  int width = 860, height = 560;
  // Files NAME + suffix + .csv; an empty field is a missing value. The first one has no suffix.
  std::vector<std::pair<std::string, Table>> data = {};
  // gnuplot commands that draw on the current terminal; they read the files above by data_file().
  std::string commands = {};
};

// 'NAME_suffix.csv' as a gnuplot string.
std::string data_file(const Figure& figure, const std::string& suffix = "");

// The whole script: draws NAME.svg and NAME.png in the folder it is started in.
std::string script(const Figure& figure);

// Writes CSV files and scripts into the folder and draws. Without gnuplot there are no pictures:
// one warning says so with a hint, and Picture::svg is empty. program: the gnuplot to call.
std::vector<Picture> draw(const std::vector<Figure>& figures, const std::filesystem::path& folder,
                          const std::string& program = "gnuplot");

// An SVG file as part of an HTML page: without its prolog, its ids told apart from those of other
// pictures by a prefix.
std::string inline_svg(const std::string& svg, const std::string& prefix, const std::string& title);

}  // namespace tractrix::report
