#include "tractrix/report/escape.hpp"

#include <cctype>
#include <utility>

namespace tractrix::report {
namespace {

bool is_word(std::string_view text, size_t at) {
  return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) ||
                              static_cast<unsigned char>(text[at]) >= 0x80);
}

const char* tex_command(char c) {
  switch (c) {
    case '\\':
      return "\\textbackslash{}";
    case '~':
      return "\\textasciitilde{}";
    case '^':
      return "\\textasciicircum{}";
    case '<':
      return "\\textless{}";
    case '>':
      return "\\textgreater{}";
    case '|':
      return "\\textbar{}";
    case '"':
      return "\\textquotedbl{}";
    case '`':
      return "\\textasciigrave{}";
    case '\n':
    case '\r':
    case '\t':
      return " ";
    default:
      return nullptr;
  }
}

}  // namespace

std::string markdown_escaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r' || c == '\t') {
      out += ' ';
      continue;
    }
    const bool inside_word =
        c == '_' && i > 0 && is_word(text, i - 1) && is_word(text, i + 1);  // never emphasis
    if (std::string_view("\\`*_[]<>|&").find(c) != std::string_view::npos && !inside_word)
      out += '\\';
    out += c;
  }
  return out;
}

std::string tex_escaped(std::string_view text) {
  constexpr std::pair<std::string_view, const char*> kSigns[] = {
      {"\u00b1", "$\\pm$"}, {"\u2212", "$-$"}, {"\u2013", "--"}, {"\u2014", "---"}};
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char* sign = nullptr;
    for (const auto& [utf8, command] : kSigns) {
      if (!text.substr(i).starts_with(utf8)) continue;
      sign = command;
      i += utf8.size() - 1;
      break;
    }
    if (!sign) sign = tex_command(text[i]);
    if (sign) {
      out += sign;
      continue;
    }
    if (std::string_view("&%$#_{}").find(text[i]) != std::string_view::npos) out += '\\';
    out += text[i];
  }
  return out;
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string gnuplot_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return out + "'";
}

}  // namespace tractrix::report
