// A report as a list of sections, written as Markdown, LaTeX or one HTML page.
#pragma once

#include <string>
#include <vector>

#include "tractrix/report/table.hpp"

namespace tractrix::report {

enum class Format { markdown, csv, tex, html };
// "md", "csv", "tex", "html": the option's word and the file's ending.
const char* ending(Format format);
// "md,csv": throws an Error that lists the formats there are.
std::vector<Format> read_formats(const std::string& list);

struct Picture {
  std::string svg;      // drawn; "" when nothing could draw it
  std::string caption;  // what it shows, by which rule
  std::string file;     // relative path beside the page, without ending: figures/km_1
};

struct Section {
  std::string title;
  std::vector<std::string> text = {};  // paragraphs
  Table table = {};                    // none when it has no header
  std::vector<Picture> pictures = {};
  std::vector<std::string> notes = {};
  std::vector<std::string> verbatim = {};  // commands, configs
  bool folded = false;                     // HTML: opened by a click
};

struct Document {
  std::string title;
  std::vector<std::string> banners = {};  // what nobody may overlook: above everything else
  std::vector<Section> sections = {};
  Table data = {};  // the same numbers for machines: its CSV
};

// Pictures are links in Markdown, left to the author in LaTeX, inline in HTML.
std::string markdown(const Document& document);
std::string tex(const Document& document);
std::string html(const Document& document);
std::string render(const Document& document, Format format);

}  // namespace tractrix::report
