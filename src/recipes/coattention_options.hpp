// What the recipes over nn/coattention_net.hpp share: options, loss, curves.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <utility>
#include <vector>

#include "tractrix/losses/discrete_survival.hpp"
#include "tractrix/nn/coattention_net.hpp"
#include "tractrix/nn/init.hpp"
#include "tractrix/recipe/registry.hpp"

namespace tractrix::recipes::coattention {

enum class Fusion { concat, bilinear };
enum class Head { nll, ce };

template <class E>
using Names = std::vector<std::pair<const char*, E>>;

inline const Names<Fusion>& names(Fusion) {
  static const Names<Fusion> all{{"concat", Fusion::concat}, {"bilinear", Fusion::bilinear}};
  return all;
}
inline const Names<Head>& names(Head) {
  static const Names<Head> all{{"nll", Head::nll}, {"ce", Head::ce}};
  return all;
}

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
  Fusion fusion = Fusion::concat;
  Head head = Head::nll;
  double alpha = 0, dropout = 0.25, l1 = 0;
};
inline void fields(config::Fields& f, Options& o) {
  f("dim", o.dim, "width of every token", config::at_least(8));
  f("attention", o.attention, "inner width of the gated pooling", config::at_least(1));
  f.group("omics", o.omics, "gene groups");
  f.group("transformer", o.transformer, "encoders of the gene tokens and of what they found");
  f("fusion", o.fusion, "how the two modalities' vectors meet");
  f("head", o.head, "loss on the hazards of time bins");
  f("alpha", o.alpha, "extra weight of uncensored patients", config::between(0, 1));
  f("dropout", o.dropout, "rate everywhere", config::from_below(0, 1));
  f("l1", o.l1, "weight of the sum of absolute weights, per optimizer step", config::at_least(0));
  f.require(!o.omics.widths.empty() && o.omics.widths.back() == o.dim, "omics",
            "widths must end with dim");
  f.require(o.dim % o.transformer.heads == 0, "dim", "must be a multiple of transformer.heads");
}

inline recipe::Contract contract_of(const Options& o) {
  recipe::Contract contract;
  contract.inputs = {{"pathology", data::Kind::bag}, {o.omics.input, data::Kind::vector}};
  contract.targets = {"bin", "event"};
  return contract;
}

inline nn::CoattentionOptions options_of(const Options& o, const data::Schema& schema) {
  nn::CoattentionOptions net;
  net.patch_columns = schema.inputs.at("pathology").columns;
  for (const auto& [group, columns] : schema.inputs.at(o.omics.input).groups)
    net.groups.push_back(columns);
  if (net.groups.empty())
    throw Error("recipe.omics.input",
                "co-attention makes a token of each gene group, the input has none",
                "data.inputs." + o.omics.input + ".select: signatures");
  net.dim = o.dim;
  net.gene_widths = o.omics.widths;
  net.attention = o.attention;
  net.layers = o.transformer.layers;
  net.heads = o.transformer.heads;
  net.feedforward = o.transformer.feedforward;
  net.dropout = o.dropout;
  net.bilinear = o.fusion == Fusion::bilinear;
  net.classes = schema.bins();
  return net;
}

// Of logits [B, classes], bins and events [B].
inline recipe::Terms terms_of(const Options& o, const torch::nn::Module& net,
                              const at::Tensor& logits, const at::Tensor& bin,
                              const at::Tensor& event) {
  recipe::Terms terms;
  if (o.head == Head::nll)
    terms.push_back({"nll", losses::nll_survival(logits, bin, event, o.alpha)});
  else
    terms.push_back({"ce", losses::ce_survival(logits, bin, event, o.alpha)});
  if (o.l1 > 0) terms.push_back({"l1", nn::l1_norm(net), o.l1});
  return terms;
}

}  // namespace tractrix::recipes::coattention
