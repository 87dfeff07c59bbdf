#include <gmock/gmock.h>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/config/fields.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix::config {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using ::testing::SizeIs;
using testing::TemporaryFolder;

enum class Pool { gated, mean };
constexpr std::pair<const char*, Pool> kPools[] = {{"gated", Pool::gated}, {"mean", Pool::mean}};
constexpr auto& names(Pool) { return kPools; }

struct Layer {
  int64_t width = 8;
};
void fields(Fields& f, Layer& l) { f("width", l.width, "units", at_least(1)); }

struct Options {
  double dropout = 0.25;
  bool bias = true;
  Pool pool = Pool::gated;
  std::string name = "x";
  std::vector<double> rates;
  std::optional<int64_t> limit;
  std::filesystem::path file;
  Layer layer;
  Named<Layer> layers;
};
void fields(Fields& f, Options& o) {
  f("dropout", o.dropout, "rate", from_below(0, 1))("bias", o.bias, "")("pool", o.pool, "")(
      "name", o.name, "");
  f("rates", o.rates, "")("limit", o.limit, "")("file", o.file, "");
  f.group("layer", o.layer, "one").map("layers", o.layers, "several");
}

struct Result {
  Options options;
  Visit visit;
};
Result read(const std::string& text, const std::vector<std::string>& overrides = {}) {
  auto root = parse(text, "dir/c.yaml");
  for (const auto& o : overrides) apply_override(root, o);
  Result r;
  {
    Fields f(r.visit, &root, "");
    fields(f, r.options);
  }
  return r;
}

TEST(Fields, ReadsEveryKindOfValue) {
  const auto r = read(
      "dropout: 0.5\nbias: false\npool: mean\nname: '3'\nrates: [1, 2e-3]\nlimit: 4\nfile: "
      "../a.csv\nlayer: {width: 2}\nlayers: {a: {width: 3}}\n");
  EXPECT_TRUE(r.visit.errors.empty()) << r.visit.errors.messages().front();
  EXPECT_EQ(r.options.dropout, 0.5);
  EXPECT_FALSE(r.options.bias);
  EXPECT_EQ(r.options.pool, Pool::mean);
  EXPECT_EQ(r.options.name, "3");
  EXPECT_EQ(r.options.rates, (std::vector<double>{1, 2e-3}));
  EXPECT_EQ(r.options.limit, 4);
  EXPECT_EQ(r.options.file, "a.csv");  // relative to the file that says so
  EXPECT_EQ(r.options.layer.width, 2);
  EXPECT_EQ(r.options.layers.at("a").width, 3);
}

TEST(Fields, CollectsAllErrorsWithOrigins) {
  const auto r =
      read("drop_out: 1\ndropout: 1.0\nbias: 3\npool: max\nlayer:\n  width: 0\n", {"layr.width=2"});
  ASSERT_THAT(r.visit.errors.messages(), SizeIs(6));
  const auto all = message_of([&] { r.visit.errors.raise(); });
  EXPECT_THAT(all, HasSubstr("dir/c.yaml:1:1: unknown key 'drop_out' (did you mean 'dropout'?)"));
  EXPECT_THAT(all, HasSubstr("dir/c.yaml:2:1: 'dropout' must be >= 0 and < 1, got 1"));
  EXPECT_THAT(all, HasSubstr("dir/c.yaml:3:1: 'bias' must be true or false, got '3'"));
  EXPECT_THAT(all, HasSubstr("dir/c.yaml:4:1: 'pool' must be one of gated, mean, got 'max'"));
  EXPECT_THAT(all, HasSubstr("dir/c.yaml:6:3: 'layer.width' must be >= 1, got 0"));
  EXPECT_THAT(
      all, HasSubstr("command line: 'layr.width=2': unknown key 'layr' (did you mean 'layer'?)"));
}

TEST(Fields, NumbersAreExact) {
  EXPECT_THAT(read("layer: {width: 99999999999999999999}").visit.errors.messages(), SizeIs(1));
  EXPECT_THAT(read("layer: {width: 1.5}").visit.errors.messages(), SizeIs(1));
  EXPECT_THAT(read("layer: {width: '3'}").visit.errors.messages(), SizeIs(1));
  EXPECT_THAT(read("dropout: 1e400").visit.errors.messages(), SizeIs(1));
  EXPECT_THAT(read("dropout: .nan").visit.errors.messages(), SizeIs(1));
  EXPECT_EQ(read("layer: {width: 0123}").options.layer.width, 123);  // never octal
}

TEST(Fields, DumpReadsBackToTheSameValues) {
  const auto first = read("dropout: 0.1\nname: 'a: b'\nrates: [0.1]\nlayers: {q: {width: 3}}\n");
  const auto text = dump(first.visit.rows);
  const auto second = read(text);
  EXPECT_TRUE(second.visit.errors.empty()) << text;
  ASSERT_EQ(first.visit.rows.size(), second.visit.rows.size()) << text;
  for (size_t i = 0; i < first.visit.rows.size(); ++i)
    EXPECT_EQ(first.visit.rows[i].value, second.visit.rows[i].value) << text;
  EXPECT_THAT(text, HasSubstr("dir/c.yaml:1:1"));
}

TEST(Document, ExtendsMergesDeeplyAndOverridesWin) {
  TemporaryFolder folder;
  write_file(folder / "base.yaml", "layer: {width: 4}\ndropout: 0.1\nrates: [1, 2]\n");
  write_file(folder / "top.yaml", "extends: base.yaml\ndropout: ~\nrates: [3]\n");
  auto root = load(folder / "top.yaml");
  apply_override(root, "layer.width=9");
  EXPECT_EQ(root.find("layer")->find("width")->scalar, "9");
  EXPECT_EQ(root.find("dropout"), nullptr);
  EXPECT_THAT(root.find("rates")->items, SizeIs(1));
  EXPECT_EQ(root.find("extends"), nullptr);
}

TEST(Document, RefusesWhatWouldMislead) {
  const auto refuse = [](const std::string& text) {
    return message_of([&] { parse(text, "c.yaml"); });
  };
  EXPECT_THAT(refuse("a: 1\nb: 2\na: 3\n"),
              HasSubstr("c.yaml:3:1: the key 'a' is here twice; first at c.yaml:1:1"));
  EXPECT_THAT(refuse("- 1\n"), HasSubstr("top level"));
  EXPECT_THAT(refuse(""), HasSubstr("top level"));
  EXPECT_THAT(refuse("a: [1, 2\n"), HasSubstr("no valid YAML"));
  EXPECT_THAT(refuse("a: " + std::string(100, '[') + std::string(100, ']')),
              HasSubstr("64 levels"));
  EXPECT_THAT(refuse("a: \xff\n"), HasSubstr("UTF-8"));
  EXPECT_THAT(refuse(std::string("a: 1\0b", 6)), HasSubstr("NUL"));
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ",*a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(refuse(bomb), HasSubstr("100000 values"));
}

TEST(Document, RefusesFilesThatExtendThemselves) {
  TemporaryFolder folder;
  write_file(folder / "a.yaml", "extends: b.yaml\n");
  write_file(folder / "b.yaml", "extends: a.yaml\n");
  EXPECT_THAT(message_of([&] { load(folder / "a.yaml"); }), HasSubstr("extends itself"));
  write_file(folder / "c.yaml", "extends: none.yaml\n");
  EXPECT_THAT(message_of([&] { load(folder / "c.yaml"); }),
              HasSubstr("c.yaml:1:1: 'extends' names"));
}

TEST(Override, IsChecked) {
  auto root = parse("a: 1\n", "c.yaml");
  EXPECT_THAT(message_of([&] { apply_override(root, "train.lr"); }), HasSubstr("is no override"));
  EXPECT_THAT(message_of([&] { apply_override(root, "a..b=1"); }), HasSubstr("empty key"));
}

}  // namespace
}  // namespace tractrix::config
