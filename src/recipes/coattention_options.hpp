// What the recipes over nn/coattention_net.hpp share: options, loss, curves.
#pragma once

#include <string>
#include <vector>

#include "bag_and_genes.hpp"
#include "tractrix/nn/coattention_net.hpp"
#include "tractrix/nn/init.hpp"

namespace tractrix::recipes::coattention {

struct Omics {
  std::string input = "genomics";
  std::vector<int64_t> widths{256, 256};
};
inline void fields(config::Fields& f, Omics& o) {
  f("input", o.input, "which vector of the cohort; needs gene groups");
  f("widths", o.widths,
    "output width of every block of a group's network; the last one is dim "
    "(big: 1024, 1024, 1024, 256)",
    config::at_least(1));
}

struct Transformer {
  int64_t layers = 2, heads = 8, feedforward = 512;
};
inline void fields(config::Fields& f, Transformer& t) {
  f("layers", t.layers, "of each modality; all start from the same weights", config::at_least(1));
  f("heads", t.heads, "of the attention in a layer", config::at_least(1));
  f("feedforward", t.feedforward, "inner width of a layer", config::at_least(1));
}

struct Options {
  int64_t dim = 256, attention = 256;
  Omics omics;
  Transformer transformer;
  paired::Fusion fusion = paired::Fusion::concat;
  paired::Loss loss;
  double dropout = 0.25, l1 = 0;
};
inline void fields(config::Fields& f, Options& o) {
  f("dim", o.dim, "width of every token", config::at_least(8));
  f("attention", o.attention, "inner width of the gated pooling", config::at_least(1));
  f.group("omics", o.omics, "gene groups");
  f.group("transformer", o.transformer, "encoders of the gene tokens and of what they found");
  f("fusion", o.fusion, "how the two modalities' vectors meet");
  paired::fields(f, o.loss);
  f("dropout", o.dropout, "rate everywhere", config::from_below(0, 1));
  f("l1", o.l1, "weight of the sum of absolute weights, per optimizer step", config::at_least(0));
  f.require(!o.omics.widths.empty() && o.omics.widths.back() == o.dim, "omics",
            "widths must end with dim");
  f.require(o.dim % o.transformer.heads == 0, "dim", "must be a multiple of transformer.heads");
}

inline nn::CoattentionOptions options_of(const Options& o, const data::Schema& schema) {
  nn::CoattentionOptions net;
  net.patch_columns = schema.inputs.at("pathology").columns;
  net.groups = paired::groups_of(schema, o.omics.input, "co-attention makes a token");
  net.dim = o.dim;
  net.gene_widths = o.omics.widths;
  net.attention = o.attention;
  net.layers = o.transformer.layers;
  net.heads = o.transformer.heads;
  net.feedforward = o.transformer.feedforward;
  net.dropout = o.dropout;
  net.bilinear = o.fusion == paired::Fusion::bilinear;
  net.classes = schema.bins();
  return net;
}

// Of logits [B, classes], bins and events [B].
inline recipe::Terms terms_of(const Options& o, const torch::nn::Module& net,
                              const at::Tensor& logits, const at::Tensor& bin,
                              const at::Tensor& event) {
  recipe::Terms terms{paired::term_of(o.loss, logits, bin, event)};
  if (o.l1 > 0) terms.push_back({"l1", nn::l1_norm(net), o.l1});
  return terms;
}

}  // namespace tractrix::recipes::coattention
