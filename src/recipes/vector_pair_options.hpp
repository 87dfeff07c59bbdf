// What the recipes over nn/patient_vectors.hpp share: options of the two vectors, the network
// around their core.
#pragma once

#include <string>
#include <vector>

#include "bag_and_genes.hpp"
#include "tractrix/nn/patient_vectors.hpp"

namespace tractrix::recipes::vector_pair {

struct Omics {
  std::string input = "genomics";
  std::vector<int64_t> widths{256};
};
inline void fields(config::Fields& f, Omics& o) {
  f("input", o.input, "which vector of the cohort");
  f("widths", o.widths, "output width of every block before the last one, which gives width",
    config::at_least(1));
}

struct Options {
  int64_t hidden = 512, attention = 256, dim = 256;
  Omics omics;
  paired::Loss loss;
  double dropout = 0.25, l1 = 0;
};
inline void fields(config::Fields& f, Options& o) {
  f("hidden", o.hidden, "width of a patch behind the first layer", config::at_least(1));
  f("attention", o.attention, "inner width of the gated attention", config::at_least(1));
  f("dim", o.dim, "width of the pooled patches before the last layer", config::at_least(1));
  f.group("omics", o.omics, "vector of genes");
  paired::fields(f, o.loss);
  f("dropout", o.dropout, "rate before the core", config::from_below(0, 1));
  f("l1", o.l1, "weight of the sum of absolute weights of the core, per optimizer step",
    config::at_least(0));
}

inline nn::PatientVectorsOptions options_of(const Options& o, const data::Schema& schema,
                                            int64_t width) {
  nn::PatientVectorsOptions net;
  net.patch_columns = schema.inputs.at("pathology").columns;
  net.gene_columns = schema.inputs.at(o.omics.input).columns;
  net.hidden = o.hidden;
  net.attention = o.attention;
  net.dim = o.dim;
  net.gene_widths = o.omics.widths;
  net.width = width;
  net.dropout = o.dropout;
  return net;
}

}  // namespace tractrix::recipes::vector_pair
