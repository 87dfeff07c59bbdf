// CMTA (Zhou & Chen, ICCV 2023; FT-ZHOU-ZZZ/CMTA, commit 31340f6): cross-modal translation and
// alignment of patches and gene groups. nn/cmta_net.hpp holds the network, losses/alignment.hpp the
// alignment. The defaults are what the published runs computed. Where the paper's equations say
// another thing (specs D-23 to D-27) an option gives the paper's form: embeddings, cross_attention,
// final_norm, repeat, omics.attention, and all of them together form: paper.
#include "bag_and_genes.hpp"
#include "tractrix/losses/alignment.hpp"
#include "tractrix/nn/cmta_net.hpp"
#include "tractrix/nn/init.hpp"

namespace tractrix::recipes::cmta {

using paired::Names;

enum class Size { small, large };
enum class GeneAttention { padded, full };
enum class Alignment { l1, mse, kl, cosine, orthogonal };
enum class Embeddings { blocks, linear };
enum class Crossing { separate, shared, none };
enum class Form { exact, reference, paper };

const Names<Size>& names(Size) {
  static const Names<Size> all{{"small", Size::small}, {"large", Size::large}};
  return all;
}
const Names<GeneAttention>& names(GeneAttention) {
  static const Names<GeneAttention> all{{"padded", GeneAttention::padded},
                                        {"full", GeneAttention::full}};
  return all;
}
const Names<Alignment>& names(Alignment) {
  using enum Alignment;
  static const Names<Alignment> all{
      {"l1", l1}, {"mse", mse}, {"kl", kl}, {"cosine", cosine}, {"orthogonal", orthogonal}};
  return all;
}
const Names<Embeddings>& names(Embeddings) {
  static const Names<Embeddings> all{{"blocks", Embeddings::blocks},
                                     {"linear", Embeddings::linear}};
  return all;
}
const Names<Crossing>& names(Crossing) {
  using enum Crossing;
  static const Names<Crossing> all{{"separate", separate}, {"shared", shared}, {"none", none}};
  return all;
}
const Names<Form>& names(Form) {
  using enum Form;
  static const Names<Form> all{{"exact", exact}, {"reference", reference}, {"paper", paper}};
  return all;
}

struct Align {
  Alignment metric = Alignment::l1;
  double weight = 1, gamma = 0.5;
  bool detach = true;
};
void fields(config::Fields& f, Align& a) {
  f("metric", a.metric,
    "between encoded and translated class tokens; orthogonal: all pairs of the four");
  f("weight", a.weight, "published: 1, BRCA 100, LUAD 0.0001; 0: only logged", config::at_least(0));
  f("gamma", a.gamma, "orthogonal: weight of the pairs that should be at right angles",
    config::at_least(0));
  f("detach", a.detach, "no gradient to the encoded side; orthogonal: always as the reference");
}

struct Omics {
  std::string input = "genomics";
  int64_t hidden = 1024;
  GeneAttention attention = GeneAttention::padded;
};
void fields(config::Fields& f, Omics& o) {
  f("input", o.input, "which vector of the cohort; needs gene groups");
  f("hidden", o.hidden, "width between a group and its token", config::at_least(1));
  f("attention", o.attention,
    "padded: 7 tokens among 121 rows of zeros (published runs); full: among the 7 (paper)");
}

struct Config {
  Size size = Size::small;
  int64_t dim = 256;
  Omics omics;
  paired::Fusion fusion = paired::Fusion::concat;
  Align align;
  paired::Loss loss;
  double dropout = 0.25, layer_dropout = 0.1;
  bool positions = true, final_norm = true, repeat = true, xavier = true;
  Embeddings embeddings = Embeddings::blocks;
  Crossing cross_attention = Crossing::separate;
  Form form = Form::exact;
};
void fields(config::Fields& f, Config& c) {
  f("size", c.size, "large: patches over twice dim, genes over three hidden blocks");
  f("dim", c.dim, "width of every token, a multiple of 8", config::at_least(16));
  f.group("omics", c.omics, "gene groups");
  f("fusion", c.fusion, "how the two means of encoded and translated tokens meet");
  f.group("align", c.align, "alignment of encoded and translated tokens");
  paired::fields(f, c.loss);
  f("dropout", c.dropout, "rate in embeddings and bilinear fusion", config::from_below(0, 1));
  f("layer_dropout", c.layer_dropout, "rate behind every attention layer",
    config::from_below(0, 1));
  f("positions", c.positions, "position encoding of patches (PPEG); false: ablation");
  f("embeddings", c.embeddings,
    "blocks: two layers for patches, two for each gene group; linear: one each (paper)");
  f("cross_attention", c.cross_attention,
    "separate: an attention per direction; shared: both use one U and V, nothing behind (paper); "
    "none: each decoder reads the other modality's tokens as they are (our choice, the paper's "
    "ablation is not defined)");
  f("final_norm", c.final_norm, "layer norm at each encoder's end; false: none (paper)");
  f("repeat", c.repeat,
    "patches repeated up to a square number stay tokens; false: only the convolutions see a "
    "square, "
    "filled with zeros (paper has no repeats; the zeros are our choice)");
  f("form", c.form,
    "exact, reference: the published network by fewer operations (equal up to rounding without "
    "dropout) or as its code; paper: equations 4-19, whatever the four options above and "
    "omics.attention say");
  f("xavier", c.xavier, "Xavier-normal initial weights; false: torch's");
  f.require(c.dim % 8 == 0, "dim", "must be a multiple of 8, the number of heads");
  f.require(c.size == Size::small || (c.embeddings == Embeddings::blocks && c.form != Form::paper),
            "size", "large is about embeddings of blocks; linear ones have no size");
}

nn::CmtaOptions options_of(const Config& c, const data::Schema& schema) {
  nn::CmtaOptions o;
  o.patch_columns = schema.inputs.at("pathology").columns;
  o.groups = paired::groups_of(schema, c.omics.input, "CMTA makes a token");
  o.dim = c.dim;
  o.gene_hidden = c.omics.hidden;
  o.large = c.size == Size::large;
  o.bilinear = c.fusion == paired::Fusion::bilinear;
  o.dropout = c.dropout;
  o.layer_dropout = c.layer_dropout;
  o.positions = c.positions;
  o.cross_attention = c.cross_attention != Crossing::none;
  const bool paper = c.form == Form::paper;
  o.linear_embeddings = paper || c.embeddings == Embeddings::linear;
  o.shared_attention = o.cross_attention && (paper || c.cross_attention == Crossing::shared);
  o.without_final_norm = paper || !c.final_norm;
  o.without_repeats = paper || !c.repeat;
  o.full_genes = paper || c.omics.attention == GeneAttention::full;
  o.form = c.form == Form::reference ? nn::Form::reference : nn::Form::exact;
  o.classes = schema.bins();
  return o;
}

losses::Similarity similarity_of(Alignment metric) {
  switch (metric) {
    case Alignment::mse:
      return losses::Similarity::mse;
    case Alignment::kl:
      return losses::Similarity::kl;
    case Alignment::cosine:
      return losses::Similarity::cosine;
    default:
      return losses::Similarity::l1;
  }
}

class CmtaRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) { return paired::contract_of(c.omics.input); }
  CmtaRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(options_of(config, schema)) {
    nn::initialise(*net_, config.xavier ? nn::Init::xavier_normal : nn::Init::torch_default);
  }
  torch::nn::Module& module() override { return *net_; }

  Tensors forward(const data::Batch& batch) override {
    const auto out = net_->forward(batch.bag("pathology"), batch.inputs.at(config_.omics.input));
    return {{"logits", out.logits},
            {"p", out.p},
            {"p_hat", out.p_hat},
            {"g", out.g},
            {"g_hat", out.g_hat}};
  }

  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    recipe::Terms terms{paired::term_of(config_.loss, out.at("logits"), batch)};
    add_alignment(out, terms);
    const auto watch = [&](const char* name, const char* a, const char* b) {
      terms.push_back(
          {name, losses::cosine_rows(out.at(a).detach(), out.at(b).detach()).mean(), 0});
    };
    watch("cos_p", "p", "p_hat");
    watch("cos_g", "g", "g_hat");
    watch("cos_pg", "p", "g");
    return terms;
  }

  Tensors predict(const data::Batch& batch) override {
    const at::Tensor bag = batch.bag("pathology");
    const auto out = net_->forward(bag, batch.inputs.at(config_.omics.input));
    Tensors made = paired::predictions_of(out.logits);
    if (out.scores.defined()) made["attention.pathology"] = net_->weights_of(out, bag.size(0));
    return made;
  }

 private:
  void add_alignment(const Tensors& out, recipe::Terms& terms) const {
    const auto& [metric, weight, gamma, detach] = config_.align;
    const auto &p = out.at("p"), &p_hat = out.at("p_hat"), &g = out.at("g"),
               &g_hat = out.at("g_hat");
    if (metric == Alignment::orthogonal) {
      terms.push_back({"align", losses::orthogonal_rows(p, p_hat, g, g_hat, gamma).mean(), weight});
      return;
    }
    const auto similarity = similarity_of(metric);
    terms.push_back(
        {"align_p", losses::alignment(detach ? p.detach() : p, p_hat, similarity), weight});
    terms.push_back(
        {"align_g", losses::alignment(detach ? g.detach() : g, g_hat, similarity), weight});
  }

  Config config_;
  nn::CmtaNet net_;
};

}  // namespace tractrix::recipes::cmta

TRACTRIX_RECIPE(cmta,
                "CMTA: translation between patches and gene groups, aligned with the original",
                tractrix::recipes::cmta::CmtaRecipe, tractrix::recipes::cmta::Config)
