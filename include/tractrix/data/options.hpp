// The config sections `data` and `split`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/config/fields.hpp"

namespace tractrix::data {

// Which columns say when and whether the event happened. Exactly one of event and censorship is
// used.
struct LabelOptions {
  std::string time = "survival_months";
  std::string time_unit = "months";
  std::string censorship = "censorship";  // 1 = censored (the MCAT lineage)
  std::string event;                      // instead of censorship
  std::string event_value = "1";          // the text in `event` that means the event happened
};

// Where a vector's columns come from.
enum class Select {
  signatures,  // every SYMBOL + suffix of signatures.csv that the table has
  columns,     // the columns listed
  suffixes,    // every column that ends with one of the suffixes
  mcat_block   // the reference code's block, label-like columns included (for parity only)
};
constexpr std::pair<const char*, Select> kSelects[] = {{"signatures", Select::signatures},
                                                       {"columns", Select::columns},
                                                       {"suffixes", Select::suffixes},
                                                       {"mcat_block", Select::mcat_block}};
constexpr auto& names(Select) { return kSelects; }

enum class InputKind { vector, bag, genes };
constexpr std::pair<const char*, InputKind> kInputKinds[] = {
    {"vector", InputKind::vector}, {"bag", InputKind::bag}, {"genes", InputKind::genes}};
constexpr auto& names(InputKind) { return kInputKinds; }

// A patient without a value.
enum class Missing { error, drop_patient, train_mean, absent };
constexpr std::pair<const char*, Missing> kMissings[] = {{"error", Missing::error},
                                                         {"drop_patient", Missing::drop_patient},
                                                         {"train_mean", Missing::train_mean},
                                                         {"absent", Missing::absent}};
constexpr auto& names(Missing) { return kMissings; }

// Rows of one patient that have other values.
enum class Repeated { error, first, mean };
constexpr std::pair<const char*, Repeated> kRepeated[] = {
    {"error", Repeated::error}, {"first", Repeated::first}, {"mean", Repeated::mean}};
constexpr auto& names(Repeated) { return kRepeated; }

enum class Slides { all, first };
constexpr std::pair<const char*, Slides> kSlides[] = {{"all", Slides::all},
                                                      {"first", Slides::first}};
constexpr auto& names(Slides) { return kSlides; }

// Genes of a pathway that the gene bags do not have.
enum class AbsentGenes { error, leave_out };
constexpr std::pair<const char*, AbsentGenes> kAbsentGenes[] = {
    {"error", AbsentGenes::error}, {"leave_out", AbsentGenes::leave_out}};
constexpr auto& names(AbsentGenes) { return kAbsentGenes; }

// Bags of no slide (genes: patient) of the table: a run never uses them and says so.
enum class Unlisted { error, ignore };
constexpr std::pair<const char*, Unlisted> kUnlisted[] = {{"error", Unlisted::error},
                                                          {"ignore", Unlisted::ignore}};
constexpr auto& names(Unlisted) { return kUnlisted; }

struct InputOptions {
  InputKind kind = InputKind::vector;
  // vector
  std::filesystem::path table;  // empty: the cohort's own table
  // its patient column; empty: the cohort's, or a first column without a name
  std::string id;
  Select select = Select::signatures;
  std::filesystem::path signatures;
  std::vector<std::string> suffixes{"_mut", "_cnv", "_rnaseq"};
  std::vector<std::string> columns;
  std::vector<std::string> categorical;  // one-hot, levels of the whole table
  bool standardise = true;
  Repeated repeated = Repeated::error;
  // bag, genes
  std::filesystem::path features;  // folder of feature files, or one packed file
  Slides slides = Slides::all;
  Unlisted unlisted = Unlisted::error;            // to `data check`
  AbsentGenes absent_genes = AbsentGenes::error;  // genes, with signatures
  Missing missing = Missing::error;
};
void fields(config::Fields& f, InputOptions& o);

enum class BinFit { train_fold, cohort };
constexpr std::pair<const char*, BinFit> kBinFits[] = {{"train_fold", BinFit::train_fold},
                                                       {"cohort", BinFit::cohort}};
constexpr auto& names(BinFit) { return kBinFits; }

struct BinOptions {
  int64_t count = 4;
  BinFit fit = BinFit::train_fold;
};
void fields(config::Fields& f, BinOptions& o);
void fields(config::Fields& f, LabelOptions& o);

// Takes inputs away from patients that have them: what a model does without is measured so.
struct WithholdOptions {
  std::string input;  // empty: nothing is taken; any: one of a patient's inputs, by lot
  double rate = 1;    // part of the patients; a patient's last input is never taken
  int64_t seed = 1;
};
void fields(config::Fields& f, WithholdOptions& o);
struct WithholdSides {
  WithholdOptions train, reported;
};
void fields(config::Fields& f, WithholdSides& o);

struct DataOptions {
  std::string cohort;
  std::filesystem::path table;
  std::string id = "case_id";
  std::string slide = "slide_id";
  std::filesystem::path slide_table;  // empty: slides are rows of the table
  LabelOptions label;
  BinOptions bins;
  Named<InputOptions> inputs;
  WithholdSides withhold;
};
void fields(config::Fields& f, DataOptions& o);

struct SplitOptions {
  std::filesystem::path folder;  // splits_0.csv ... with columns train, val
  int64_t folds = 5;
  double inner_val = 0;         // part of the training patients kept for choosing an epoch
  bool allow_unlisted = false;  // patients of the table that are in no fold
  bool allow_unknown = false;   // ids of a split file that the table lacks
  // to `data check`: bags with the same bytes, of a training patient and a reported one
  bool allow_equal_bags = false;
};
void fields(config::Fields& f, SplitOptions& o);

}  // namespace tractrix::data
