#include "tractrix/report/document.hpp"

#include <algorithm>

#include "tractrix/core/error.hpp"
#include "tractrix/report/escape.hpp"

namespace tractrix::report {
namespace {

constexpr Format kFormats[] = {Format::markdown, Format::csv, Format::tex, Format::html};

std::string indented(const std::string& block) {
  std::string out = "    ";
  for (size_t i = 0; i < block.size(); ++i) {
    out += block[i];
    if (block[i] == '\n' && i + 1 < block.size()) out += "    ";
  }
  return out + (block.ends_with('\n') ? "" : "\n");
}

std::string markdown(const Section& section) {
  std::string out = "\n## " + markdown_escaped(section.title) + "\n";
  for (const auto& paragraph : section.text) out += "\n" + markdown_escaped(paragraph) + "\n";
  if (!section.table.header.empty()) out += "\n" + report::markdown(section.table);
  for (const auto& picture : section.pictures) {
    const auto link = picture.svg.empty()
                          ? "[figure data](" + picture.file + ".csv)"
                          : "![" + markdown_escaped(section.title) + "](" + picture.file + ".svg)";
    out += "\n" + link + "\n\n" + markdown_escaped(picture.caption) + "\n";
  }
  if (!section.notes.empty()) out += "\n";
  for (const auto& note : section.notes) out += "- " + markdown_escaped(note) + "\n";
  for (const auto& block : section.verbatim) out += "\n" + indented(block);
  return out;
}

std::string tex(const Section& section) {
  std::string out = "\n\\section*{" + tex_escaped(section.title) + "}\n";
  for (const auto& paragraph : section.text) out += tex_escaped(paragraph) + "\n\n";
  if (!section.table.header.empty())
    out += "\\noindent\\resizebox{\\ifdim\\width>\\textwidth\\textwidth\\else\\width\\fi}{!}{%\n" +
           report::tex(section.table) + "}\n";
  for (const auto& picture : section.pictures)
    out += "\n% figure: " + picture.file + "\n" + tex_escaped(picture.caption) + "\n";
  if (!section.notes.empty()) out += "\\begin{itemize}\n";
  for (const auto& note : section.notes) out += "\\item " + tex_escaped(note) + "\n";
  if (!section.notes.empty()) out += "\\end{itemize}\n";
  for (const auto& block : section.verbatim)
    out += "\n\\noindent\\texttt{" + tex_escaped(block) + "}\n";
  return out;
}

std::string html(const Section& section) {
  const auto heading = html_escaped(section.title);
  std::string out = section.folded ? "<details><summary>" + heading + "</summary>\n"
                                   : "<section>\n<h2>" + heading + "</h2>\n";
  for (const auto& paragraph : section.text) out += "<p>" + html_escaped(paragraph) + "</p>\n";
  if (!section.table.header.empty())
    out += "<div class=\"wide\">" + report::html(section.table) + "</div>\n";
  for (const auto& picture : section.pictures) {
    out += "<figure>\n" +
           (picture.svg.empty() ? "<p class=\"absent\">not drawn; its data: " +
                                      html_escaped(picture.file) + ".csv</p>\n"
                                : picture.svg + "\n") +
           "<figcaption>" + html_escaped(picture.caption) + "</figcaption>\n</figure>\n";
  }
  if (!section.notes.empty()) out += "<ul>\n";
  for (const auto& note : section.notes) out += "<li>" + html_escaped(note) + "</li>\n";
  if (!section.notes.empty()) out += "</ul>\n";
  for (const auto& block : section.verbatim) out += "<pre>" + html_escaped(block) + "</pre>\n";
  return out + (section.folded ? "</details>\n" : "</section>\n");
}

// Fonts of the reader's system; nothing is fetched.
constexpr const char* kStyle = R"(
body{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;color:#1a1a1a;
background:#fff;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem}h2{font-size:1.25rem;margin-top:2.2rem}
.banner{background:#fff3cd;border:2px solid #b35900;padding:.7rem 1rem;font-weight:bold}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.95rem}
th{border-bottom:2px solid #333;text-align:right;padding:.3rem .7rem;vertical-align:bottom}
td{border-bottom:1px solid #ccc;text-align:right;padding:.3rem .7rem}
th:first-child,td:first-child,.prose th,.prose td{text-align:left}
pre{background:#f4f4f4;padding:.7rem;overflow-x:auto;font-size:.85rem}
figure{margin:1.2rem 0}figure svg{max-width:100%;height:auto}
figcaption{font-size:.9rem;color:#444}
summary{font-size:1.1rem;font-weight:bold;margin-top:1.5rem;cursor:pointer}
)";

}  // namespace

const char* ending(Format format) {
  switch (format) {
    case Format::markdown:
      return "md";
    case Format::csv:
      return "csv";
    case Format::tex:
      return "tex";
    case Format::html:
      return "html";
  }
  return "";
}

std::vector<Format> read_formats(const std::string& list) {
  std::vector<Format> formats;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    const std::string word = list.substr(begin, end - begin);
    const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                     [&](Format format) { return word == ending(format); });
    if (found == std::end(kFormats))
      throw Error("--format " + list, "there is no format '" + word + "'",
                  "some of md,csv,tex,html, without blanks");
    if (std::find(formats.begin(), formats.end(), *found) == formats.end())
      formats.push_back(*found);
    begin = end + 1;
  }
  return formats;
}

std::string markdown(const Document& document) {
  std::string out = "# " + markdown_escaped(document.title) + "\n";
  for (const auto& banner : document.banners) out += "\n> **" + markdown_escaped(banner) + "**\n";
  for (const auto& section : document.sections) out += markdown(section);
  return out;
}

std::string tex(const Document& document) {
  std::string out =
      "% " + tex_escaped(document.title) + "\n% needs the packages booktabs and graphicx\n";
  for (const auto& banner : document.banners)
    out += "\n\\noindent\\textbf{" + tex_escaped(banner) + "}\n";
  for (const auto& section : document.sections) out += tex(section);
  return out;
}

std::string html(const Document& document) {
  const auto title = html_escaped(document.title);
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
      "name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>" +
      title + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<h1>" + title + "</h1>\n";
  for (const auto& banner : document.banners)
    out += "<p class=\"banner\">" + html_escaped(banner) + "</p>\n";
  for (const auto& section : document.sections) out += html(section);
  return out + "</body>\n</html>\n";
}

std::string render(const Document& document, Format format) {
  switch (format) {
    case Format::markdown:
      return markdown(document);
    case Format::csv:
      return csv(document.data);
    case Format::tex:
      return tex(document);
    case Format::html:
      return html(document);
  }
  return {};
}

}  // namespace tractrix::report
