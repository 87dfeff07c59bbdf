// Text of users (labels, names of cohorts, commands) in the languages a report is written in.
#pragma once

#include <string>
#include <string_view>

namespace tractrix::report {

// Inline text of GitHub's Markdown, also inside a table's cell; a line break becomes a blank.
std::string markdown_escaped(std::string_view text);
// Text of LaTeX with T1 or UTF-8 input; +-, the minus sign and the dash become their commands.
std::string tex_escaped(std::string_view text);
// Text and attribute values of HTML.
std::string html_escaped(std::string_view text);
// A string constant of gnuplot, with its quotes. Inside single quotes gnuplot expands nothing: no
// escapes, no `commands`, no @macros. Control characters become blanks.
std::string gnuplot_quoted(std::string_view text);

}  // namespace tractrix::report
