#include "tractrix/data/options.hpp"

namespace tractrix::data {

void fields(config::Fields& f, LabelOptions& o) {
  f("time", o.time, "column with the time of event or last follow-up");
  f("time_unit", o.time_unit, "its unit, for tables and figures");
  f("censorship", o.censorship,
    "column that is 1 where the patient is censored, 0 where the event happened");
  f("event", o.event, "column used instead of censorship");
  f("event_value", o.event_value, "text in `event` that means the event happened");
}

void fields(config::Fields& f, BinOptions& o) {
  f("count", o.count, "number of time bins of discrete-time heads", config::between(2, 64));
  f("fit", o.fit,
    "patients whose event times set the bin edges; `cohort` is MCAT's rule and sees validation "
    "times");
}

void fields(config::Fields& f, InputOptions& o) {
  f("kind", o.kind,
    "vector: columns of a table; bag: patch features; genes: gene embeddings with names");
  f("table", o.table, "vector: table to read (default: the cohort's)");
  f("id", o.id,
    "vector: patient column of that table (default: data.id, or else a first column without a "
    "name)");
  f("select", o.select, "vector: how its columns are chosen");
  f("signatures", o.signatures,
    "table of gene groups: one column per group, gene symbols below; genes: rows by pathway");
  f("suffixes", o.suffixes, "column suffixes of the genomic layers");
  f("columns", o.columns, "columns by name, for select: columns");
  f("categorical", o.categorical,
    "of these, the ones to one-hot encode (levels of the whole table)");
  f("standardise", o.standardise,
    "zero mean and unit variance over the training patients of the fold");
  f("repeated", o.repeated,
    "vector: rows of one patient that differ: refuse, take the first, or average them");
  f("features", o.features,
    "bag: folder of feature files named by slide, or one packed file; genes: folder of files named "
    "by patient, or one file of all patients");
  f("absent_genes", o.absent_genes,
    "genes: a pathway's genes that the bags lack: refuse, or leave them out");
  f("slides", o.slides, "bag: which slides of a patient");
  f("unlisted", o.unlisted,
    "bag, genes: bags of no slide (or patient) of the table: `data check` refuses, or ignores "
    "them");
  f("missing", o.missing,
    "a patient without a value: refuse, leave the patient out, impute, or run without the input");
  const bool vector = o.kind == InputKind::vector;
  f.require(!vector || o.select != Select::signatures || !o.signatures.empty(), "signatures",
            "is needed for select: signatures");
  f.require(!vector || o.select != Select::columns || !o.columns.empty(), "columns",
            "is needed for select: columns");
  f.require(vector || !o.features.empty(), "features",
            "is needed for a bag: the folder or packed file of its features");
  f.require(vector || o.missing != Missing::train_mean, "missing",
            "train_mean imputes vectors only");
}

void fields(config::Fields& f, WithholdOptions& o) {
  f("input", o.input, "which input patients are made to lack; any: one of theirs, by lot");
  f("rate", o.rate,
    "part of the patients, each by its own lot: the same ones and more at a higher rate",
    config::between(0, 1));
  f("seed", o.seed, "of the lots", config::at_least(0));
}

void fields(config::Fields& f, WithholdSides& o) {
  f.group("train", o.train, "from training patients, scalers included");
  f.group("reported", o.reported, "from validation and inner patients, and when predicting");
}

void fields(config::Fields& f, DataOptions& o) {
  f("cohort", o.cohort, "name of the cohort, for tables and run folders");
  f("table", o.table, "CSV (or .csv.gz) with one row per patient or slide");
  f("id", o.id, "patient column");
  f("slide", o.slide,
    "slide column; its extension (.svs, .tiff, ...) is not part of the slide's name");
  f("slide_table", o.slide_table, "separate table of slides with the columns `id` and `slide`");
  f.group("label", o.label, "what is predicted");
  f.group("bins", o.bins, "discrete time");
  f.map("inputs", o.inputs, "the modalities, under the names the recipe asks for");
  f.group("withhold", o.withhold, "inputs taken away on purpose");
  for (const auto* side : {&o.withhold.train, &o.withhold.reported}) {
    f.require(
        side->input.empty() || side->input == "any" || o.inputs.has(side->input), "withhold",
        "names the input '" + side->input + "', the cohort has " + enumerate(o.inputs.names()));
  }
  f.required("cohort", "cohort: blca")
      .required("table", "table: ../../tests/data/tcga/blca/all_clean.csv.gz");
}

void fields(config::Fields& f, SplitOptions& o) {
  f("folder", o.folder,
    "folder with splits_0.csv ...: columns train and val (and test) of patient ids");
  f("folds", o.folds, "number of split files", config::between(1, 1000));
  f("inner_val", o.inner_val, "part of each fold's training patients kept apart to choose an epoch",
    config::from_below(0, 0.9));
  f("allow_unlisted", o.allow_unlisted, "accept patients of the table that are in no fold");
  f("allow_unknown", o.allow_unknown, "accept ids of a split file that the table lacks");
  f("allow_equal_bags", o.allow_equal_bags,
    "`data check` accepts bags with the same bytes on both sides of a fold");
  f.required("folder", "folder: ../../tests/data/tcga/blca/splits");
}

}  // namespace tractrix::data
