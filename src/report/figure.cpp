#include "tractrix/report/figure.hpp"

#include "tractrix/core/file.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/report/escape.hpp"
#include "tractrix/report/program.hpp"

namespace tractrix::report {
namespace {

// Replaces every occurrence.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string first_line(const std::string& text) {
  const auto begin = text.find_first_not_of(" \n\t");
  return begin == std::string::npos ? "" : text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

std::string data_file(const Figure& figure, const std::string& suffix) {
  return gnuplot_quoted(figure.name + suffix + ".csv");
}

// The commands are written out for each terminal: in a loop's block a brace in a label would count.
std::string script(const Figure& figure) {
  const auto size = [&](int factor) {
    return std::to_string(factor * figure.width) + "," + std::to_string(factor * figure.height);
  };
  const auto drawn = [&](const std::string& terminal, const std::string& ending) {
    return "reset session\nset encoding utf8\nset datafile separator ','\n"
           "set datafile missing ''\nset terminal " +
           terminal + "\nset output " + gnuplot_quoted(figure.name + ending) + "\n" +
           figure.commands + "unset output\n";
  };
  return "# " + figure.name + ".svg and .png from the CSV files beside this script: gnuplot -d " +
         figure.name + ".gp\n" +
         drawn("svg size " + size(1) + " font 'sans-serif,15' background rgb 'white'", ".svg") +
         drawn("pngcairo size " + size(2) +
                   " font 'sans-serif,15' fontscale 2 linewidth 2 pointscale 2",
               ".png");
}

std::vector<Picture> draw(const std::vector<Figure>& figures, const std::filesystem::path& folder,
                          const std::string& program) {
  std::filesystem::create_directories(folder);
  std::vector<Picture> pictures;
  bool there = true;
  for (const auto& figure : figures) {
    for (const auto& [suffix, table] : figure.data)
      write_file(folder / (figure.name + suffix + ".csv"), csv(table));
    write_file(folder / (figure.name + ".gp"), script(figure));
    Picture picture{"", figure.caption, folder.filename().string() + "/" + figure.name};
    const auto svg = folder / (figure.name + ".svg");
    for (const char* old : {".svg", ".png"})  // never one of other data
      std::filesystem::remove(folder / (figure.name + old));
    if (there) {
      const auto ran = run_program({program, "-d", figure.name + ".gp"}, folder);
      there = ran.started;
      if (ran.started && ran.code != 0)
        log::warn(svg.string() + ": gnuplot failed: " + first_line(ran.output));
      // The PNG comes second: a gnuplot without that terminal leaves a whole SVG.
      const auto text = std::filesystem::exists(svg) ? read_file(svg) : std::string();
      if (text.find("</svg>") != std::string::npos)
        picture.svg = inline_svg(text, figure.name, figure.title);
    }
    pictures.push_back(std::move(picture));
  }
  if (!there)
    log::warn(folder.string() +
              ": no figure was drawn, gnuplot is not installed\n  hint: install "
              "gnuplot-nox and report again, or call gnuplot with the .gp files there");
  return pictures;
}

std::string inline_svg(const std::string& svg, const std::string& prefix,
                       const std::string& title) {
  auto text = svg.substr(std::min(svg.find("<svg"), svg.size()));
  for (const char* quote : {"'", "\""}) {
    text = replaced(text, std::string(" id=") + quote, std::string(" id=") + quote + prefix + "_");
    text = replaced(text, std::string("href=") + quote + "#",
                    std::string("href=") + quote + "#" + prefix + "_");
  }
  text = replaced(text, "url(#", "url(#" + prefix + "_");
  const auto begin = text.find("<title>");
  const auto end = text.find("</title>");
  if (begin != std::string::npos && end != std::string::npos)
    text.replace(begin, end - begin, "<title>" + html_escaped(title));
  return replaced(text, "<svg", "<svg role=\"img\"");
}

}  // namespace tractrix::report
