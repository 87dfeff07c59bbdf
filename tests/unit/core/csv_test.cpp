#include "tractrix/core/csv.hpp"
#include "support/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::filesystem::path kData = std::filesystem::path(testing::data_folder()) / "csv";

template <class F>
std::string error_of(F&& run) {
  try {
    run();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

std::string refusal(const std::string& text, const CsvOptions& options = {}) {
  return error_of([&] { CsvTable::parse(text, "t.csv", options); });
}

std::string refusal_of_file(const std::string& name) {
  return error_of([&] { CsvTable::read(kData / "invalid" / name); });
}

// A file of its own for each test, removed at the end.
class Temporary {
 public:
  explicit Temporary(std::string_view bytes)
      : path_(std::filesystem::temp_directory_path() /
              ("tractrix_csv_" + std::to_string(::getpid()) + ".csv.gz")) {
    write_file(path_, bytes);
  }
  ~Temporary() { std::filesystem::remove(path_); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Csv, EveryValidFileHoldsTheSameTable) {
  const std::vector<std::string> names{"blank_lines.csv",
                                       "bom.csv",
                                       "crlf.csv",
                                       "gzipped.csv.gz",
                                       "plain.csv",
                                       "quoted_newline.csv",
                                       "last_digit.csv",
                                       "censorship_true_false.csv",
                                       "unnamed_index_column.csv"};
  for (const auto& name : names) {
    const CsvTable table = CsvTable::read(kData / "valid" / name);
    ASSERT_EQ(table.rows(), 6) << name;
    EXPECT_EQ(table.header().back(), "EGFR_cnv") << name;
    double sum = 0;
    for (int64_t i = 0; i < 6; ++i) {
      EXPECT_EQ(table.at(i, table.column("case_id")), "TCGA-ZZ-000" + std::to_string(i + 1))
          << name;
      sum += parse_number(table.at(i, table.column("survival_months"))).value();
    }
    EXPECT_NEAR(sum, 220.875, 1e-12) << name;
  }
}

TEST(Csv, KeepsTwoRowsOfOnePatientAndSpaces) {
  const auto two = CsvTable::read(kData / "valid" / "two_slides_one_patient.csv");
  EXPECT_EQ(two.rows(), 7);
  const auto spaces = CsvTable::read(kData / "valid" / "trailing_spaces.csv");
  EXPECT_EQ(spaces.at(0, 0), "TCGA-ZZ-0001 ");
  EXPECT_THAT(
      error_of([&] { spaces.column("case_id"); }),
      AllOf(HasSubstr("has no column \"case_id\""), HasSubstr("did you mean \"case_id \"?")));
}

TEST(Csv, NewlineInsideQuotesKeepsTheLineNumbersRight) {
  const auto table = CsvTable::read(kData / "valid" / "quoted_newline.csv");
  EXPECT_EQ(table.at(1, 1), "TCGA-ZZ-0002-01Z\n00-DX1.svs");
  EXPECT_EQ(table.line(1), 3);
  EXPECT_EQ(table.line(2), 5);
  EXPECT_THAT(table.where(2), HasSubstr("quoted_newline.csv:5"));
}

TEST(Csv, RefusesFilesWithTheirCause) {
  EXPECT_THAT(refusal_of_file("empty.csv"), HasSubstr("is empty"));
  EXPECT_THAT(refusal_of_file("header_only.csv"), HasSubstr("a header and no row"));
  EXPECT_THAT(refusal_of_file("html_page.csv"), HasSubstr("HTML page"));
  EXPECT_THAT(refusal_of_file("latin1.csv"), HasSubstr("latin1.csv:2: byte 0xDC is not UTF-8"));
  EXPECT_THAT(refusal_of_file("nul_byte.csv"), HasSubstr("nul_byte.csv:3: holds a NUL byte"));
  EXPECT_THAT(refusal_of_file("row_too_long.csv"),
              HasSubstr("row_too_long.csv:4: has 8 fields; 7"));
  EXPECT_THAT(refusal_of_file("row_too_short.csv"), HasSubstr("short.csv:4: has 5 fields; 7"));
  EXPECT_THAT(refusal_of_file("semicolon_separator.csv"), HasSubstr("is the separator ';'?"));
  EXPECT_THAT(refusal_of_file("decimal_comma.csv"), HasSubstr("semicolon"));
  EXPECT_THAT(refusal_of_file("truncated.csv.gz"), HasSubstr("gzip stream is cut short"));
  EXPECT_THAT(refusal_of_file("utf16_le.csv"), HasSubstr("UTF-16"));
  EXPECT_THAT(refusal_of_file("duplicate_column.csv"),
              HasSubstr("column \"survival_months\" is there twice (columns 4 and 8)"));
  EXPECT_THAT(refusal_of_file("absent.csv"), HasSubstr("there is no such file"));
}

TEST(Csv, LeavesTheMeaningOfValuesToTheCaller) {
  for (const std::string name : {"time_na.csv", "time_negative.csv", "censorship_2.csv"}) {
    EXPECT_EQ(CsvTable::read(kData / "invalid" / name).rows(), 6) << name;
  }
}

TEST(Csv, QuotesSeparatorsAndEmptyFields) {
  const auto t = CsvTable::parse("a,b,c\n\"x,\"\"y\"\"\",,\"\"\n1,2,\n", "t.csv");
  EXPECT_EQ(t.at(0, 0), "x,\"y\"");
  EXPECT_EQ(t.at(0, 1), "");
  EXPECT_EQ(t.at(0, 2), "");
  EXPECT_EQ(t.at(1, 2), "");
  EXPECT_EQ(t.rows(), 2);
  const auto tabs = CsvTable::parse("a\tb\n\tx,y\n\t\n", "t.tsv", {.separator = '\t'});
  ASSERT_EQ(tabs.rows(), 2);
  EXPECT_EQ(tabs.at(0, 1), "x,y");
  const auto old_mac = CsvTable::parse("a,b\r1,2\r3,4", "t.csv");
  EXPECT_EQ(old_mac.at(1, 1), "4");
  EXPECT_EQ(old_mac.line(1), 3);
}

TEST(Csv, ViewsOutliveTheTableTheyWereCopiedFrom) {
  CsvTable copy = [] {
    const auto table = CsvTable::parse("a,b\nlong enough to be on the heap,2\n", "t.csv");
    return CsvTable(table);
  }();
  const std::string_view view = copy.at(0, 0);
  const CsvTable moved = std::move(copy);
  EXPECT_EQ(view, "long enough to be on the heap");
  EXPECT_EQ(moved.at(0, 0), view);
}

TEST(Csv, RefusesBrokenQuoting) {
  EXPECT_THAT(refusal("a,b\n1,\"2\n3,4\n"), StartsWith("t.csv:2: a quoted field starts here"));
  EXPECT_THAT(refusal("a,b\n1,5\" long\n"), StartsWith("t.csv:2: a quote stands inside"));
  EXPECT_THAT(refusal("a,b\n1,\"x\"y\n"), StartsWith("t.csv:2: text follows the closing quote"));
}

TEST(Csv, ListsEveryRaggedRow) {
  EXPECT_THAT(refusal("a,b\n1\n1,2\n1,2,3\n"),
              AllOf(HasSubstr("t.csv:2: has 1 fields"), HasSubstr("t.csv:4: has 3 fields")));
}

TEST(Csv, NamesAnotherSeparatorInBothDirections) {
  EXPECT_THAT(refusal("a\tb\n1\t2\n"), HasSubstr("is the separator '\\t'?"));
  EXPECT_THAT(refusal("a,b\n1,2\n", {.separator = ';'}), HasSubstr("is the separator ','?"));
  EXPECT_EQ(CsvTable::parse("a\n1\n2\n", "t.csv").rows(), 2);
}

TEST(ReadText, ReadsAllMembersOfAGzipFile) {
  const Temporary file(gzip("a,b\n") + gzip("1,2\n") + std::string(5, '\0'));
  EXPECT_EQ(read_text(file.path()), "a,b\n1,2\n");
}

TEST(ReadText, LimitsWhatAnArchiveExpandsTo) {
  const Temporary file(gzip(std::string(100000, 'x')));
  EXPECT_LT(std::filesystem::file_size(file.path()), 1000u);
  EXPECT_THAT(error_of([&] { read_text(file.path(), 99999); }), HasSubstr("more than the 99999"));
  EXPECT_EQ(read_text(file.path(), 100000).size(), 100000u);
}

TEST(ReadText, RefusesDamagedArchives) {
  std::string bytes = gzip("a,b\n1,2\n");
  {
    const Temporary file(bytes + "garbage");
    EXPECT_THAT(error_of([&] { read_text(file.path()); }), HasSubstr("gzip stream is damaged"));
  }
  bytes[bytes.size() - 6] ^= 1;  // the checksum
  const Temporary file(bytes);
  EXPECT_THAT(error_of([&] { read_text(file.path()); }), HasSubstr("gzip stream is damaged"));
}

TEST(ReadText, RefusesEveryTruncation) {
  const std::string bytes = gzip("case_id,time\nTCGA-ZZ-0001,12.5\n");
  for (size_t length = 2; length < bytes.size(); ++length) {
    const Temporary file(std::string_view(bytes).substr(0, length));
    EXPECT_THAT(error_of([&] { read_text(file.path()); }), HasSubstr("cut short")) << length;
  }
}

TEST(ReadText, ChecksUtf8) {
  const std::vector<std::string> good{"\xC3\x9C", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                      "seven..\xF4\x8F\xBF\xBF"};
  for (const auto& text : good) EXPECT_EQ(read_text(Temporary(text).path()), text);
  const std::vector<std::string> bad{"\xC0\x80",         "\xE0\x80\x80", "\xED\xA0\x80",
                                     "\xF4\x90\x80\x80", "\xC3",         "seven..\xFF, tail"};
  for (const auto& text : bad) {
    EXPECT_THAT(error_of([&] { read_text(Temporary(text).path()); }), HasSubstr("is not UTF-8"));
  }
}

TEST(ReadText, NamesWhatIsNotATable) {
  const auto message = [](std::string_view bytes) {
    return error_of([&] { read_text(Temporary(bytes).path()); });
  };
  EXPECT_THAT(message("PK\x03\x04..."), HasSubstr("ZIP archive"));
  EXPECT_THAT(message("\n <HTML><head>"), HasSubstr("HTML page"));
  EXPECT_THAT(message("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("git lfs pull"));
}

TEST(Numbers, AreReadExactlyOrNotAtAll) {
  EXPECT_EQ(parse_number("12.499999999999998"), 12.499999999999998);
  EXPECT_EQ(parse_number("+5"), 5.0);
  EXPECT_EQ(parse_number("-1e-3"), -1e-3);
  for (const char* text : {"", " ", "NA", "nan", "inf", "-inf", "1.2.5", "12,5", " 1", "1 ", "+-1",
                           "0x10", "1e999", "high"}) {
    EXPECT_FALSE(parse_number(text).has_value()) << text;
  }
  EXPECT_EQ(parse_integer("-42"), -42);
  for (const char* text : {"", "1.0", "9223372036854775808", "1 "}) {
    EXPECT_FALSE(parse_integer(text).has_value()) << text;
  }
}

TEST(Numbers, ShortestFormReadsBackToTheSameBits) {
  for (double value : {0.1, 1.0 / 3, -2.5e-300, 12.499999999999998, 1e22,
                       std::numeric_limits<double>::max(), std::nextafter(1.0, 2.0)}) {
    EXPECT_EQ(parse_number(shortest(value)), value) << shortest(value);
  }
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(3.0), "3");
}

TEST(CsvField, WrittenFieldsReadBack) {
  const std::vector<std::string> fields{"plain", "a,b", "say \"x\"", "two\nlines", " padded ", ""};
  std::string text = "a,b,c,d,e,f\n";
  for (size_t i = 0; i < fields.size(); ++i) text += (i > 0 ? "," : "") + csv_field(fields[i]);
  const auto table = CsvTable::parse(text, "t.csv");
  for (size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(table.at(0, static_cast<int64_t>(i)), fields[i]);
  }
}

TEST(Csv, ReadsAGeneTableInWellUnderASecond) {
  std::string text;
  for (int j = 0; j < 3072; ++j) text += (j > 0 ? ",gene_" : "gene_") + std::to_string(j);
  for (int i = 0; i < 437; ++i) {
    text += '\n';
    for (int j = 0; j < 3072; ++j) text += (j > 0 ? ",-0.123456789" : "1.5");
  }
  const auto start = std::chrono::steady_clock::now();
  const auto table = CsvTable::parse(text, "genes.csv");
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(table.rows(), 437);
  EXPECT_EQ(table.at(436, 3071), "-0.123456789");
  EXPECT_LT(seconds.count(), 1.0);
  RecordProperty("milliseconds", static_cast<int>(seconds.count() * 1000));
}

}  // namespace
}  // namespace tractrix
