#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/messages.hpp"
#include "tractrix/core/csv.hpp"
#include "tractrix/report/document.hpp"
#include "tractrix/report/escape.hpp"

namespace tractrix::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using ::testing::Not;

// A label that would be markup in every one of the languages.
const std::string kHostile =
    "a|b*c_d_ <script>x</script> & 100% $x$ #1 {y} ~^\\ `id` \"q\" 'r' @m\nend";

TEST(Escape, MarkdownCellsKeepTheirColumn) {
  EXPECT_EQ(markdown_escaped("a|b"), "a\\|b");
  EXPECT_EQ(markdown_escaped("snn_blca"), "snn_blca") << "no emphasis inside a word";
  EXPECT_EQ(markdown_escaped("_x_"), "\\_x\\_");
  EXPECT_EQ(markdown_escaped("one\ntwo"), "one two");
  EXPECT_THAT(markdown_escaped(kHostile), Not(HasSubstr(" <script")));
}

TEST(Escape, TexHasNoBareSpecialCharacter) {
  EXPECT_EQ(tex_escaped("a_b & 5% #1 {x}"), "a\\_b \\& 5\\% \\#1 \\{x\\}");
  EXPECT_EQ(tex_escaped("~^\\"), "\\textasciitilde{}\\textasciicircum{}\\textbackslash{}");
  EXPECT_EQ(tex_escaped("0.5 \u00b1 0.1"), "0.5 $\\pm$ 0.1");
  EXPECT_EQ(tex_escaped("$x$"), "\\$x\\$");
}

TEST(Escape, HtmlHasNoTagOfAUser) {
  EXPECT_EQ(html_escaped("<b a='x' c=\"y\">&"), "&lt;b a=&#39;x&#39; c=&quot;y&quot;&gt;&amp;");
}

TEST(Escape, GnuplotStringsEndWhereTheyShould) {
  EXPECT_EQ(gnuplot_quoted("it's"), "'it''s'");
  EXPECT_EQ(gnuplot_quoted("a\nset output"), "'a set output'");
  EXPECT_EQ(gnuplot_quoted("`id` @m \\n"), "'`id` @m \\n'") << "nothing is expanded in there";
}

Table example() {
  Table table{{"run", "C"}, {{kHostile, "0.5"}, {"plain", "0.6"}, {"third", "missing"}}};
  table.emphasis[{1, 1}] = Emphasis::best;
  table.emphasis[{0, 1}] = Emphasis::second;
  return table;
}

TEST(TableFormats, MarkBestAndSecond) {
  EXPECT_THAT(markdown(example()), HasSubstr("**0.6**"));
  EXPECT_THAT(markdown(example()), HasSubstr("<u>0.5</u>"));
  EXPECT_THAT(tex(example()), HasSubstr("plain & \\textbf{0.6} \\\\"));
  EXPECT_THAT(tex(example()), HasSubstr("\\underline{0.5}"));
  EXPECT_THAT(html(example()), HasSubstr("<td>plain</td><td><b>0.6</b></td>"));
  EXPECT_THAT(html(example()), HasSubstr("<td><u>0.5</u></td>"));
}

TEST(TableFormats, CsvReadsBack) {
  const auto table = CsvTable::parse(csv(example()), "csv");
  EXPECT_THAT(table.header(), ElementsAre("run", "C"));
  ASSERT_EQ(table.rows(), 3);
  EXPECT_EQ(table.at(0, 0), kHostile);
  EXPECT_EQ(table.at(1, 1), "0.6");
}

TEST(TableFormats, EveryMarkdownRowHasTwoCells) {
  const auto text = markdown(example());
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    int bars = 0;
    for (size_t i = begin; i < end; ++i) bars += text[i] == '|' && (i == 0 || text[i - 1] != '\\');
    EXPECT_EQ(bars, 3) << text.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(Document, SaysBannersFirstInEveryLanguage) {
  Document document{kHostile, {"no real slide features"}, {{"S", {"text"}, example()}}};
  document.sections.front().verbatim = {"a <b>\nc"};
  document.data = example();
  for (const auto format : {Format::markdown, Format::tex, Format::html}) {
    const auto text = render(document, format);
    const auto banner = text.find("no real slide features");
    ASSERT_NE(banner, std::string::npos) << ending(format);
    EXPECT_LT(banner, text.find("0.6")) << ending(format);
    EXPECT_THAT(text, Not(HasSubstr("<script>x"))) << ending(format);
  }
  EXPECT_THAT(html(document), HasSubstr("<pre>a &lt;b&gt;\nc</pre>"));
  EXPECT_THAT(html(document), Not(HasSubstr("http"))) << "a page fetches nothing";
  EXPECT_EQ(render(document, Format::csv), csv(example()));
}

TEST(Document, FormatsAreReadFromAList) {
  EXPECT_THAT(read_formats("md,html,md"), ElementsAre(Format::markdown, Format::html));
  EXPECT_THAT(message_of([] { read_formats("md,pdf"); }), HasSubstr("there is no format 'pdf'"));
  EXPECT_THAT(message_of([] { read_formats(""); }), HasSubstr("md,csv,tex,html"));
}

}  // namespace
}  // namespace tractrix::report
