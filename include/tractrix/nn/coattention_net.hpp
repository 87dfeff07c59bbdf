// The network of MCAT (Chen et al., ICCV 2021; models/model_coattn.py, commit b9cca63): every gene
// group asks the patches what it needs (co-attention), a transformer and a gated pooling per
// modality, one fusion. Names and their order are the code's. MOTCAT (Innse/MOTCat,
// models/model_motcat.py, commit fe70abc) is the same with a transport plan for the co-attention.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tractrix/nn/form.hpp"
#include "tractrix/nn/gated_attention.hpp"
#include "tractrix/nn/gene_tokens.hpp"
#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/multihead_attention.hpp"
#include "tractrix/nn/pair_fusion.hpp"
#include "tractrix/nn/transformer_encoder.hpp"
#include "tractrix/nn/transport.hpp"

namespace tractrix::nn {

struct CoattentionOptions {
  int64_t patch_columns = 1024;
  std::vector<std::vector<int64_t>> groups;  // columns of each gene group
  int64_t dim = 256;
  std::vector<int64_t> gene_widths{256, 256};        // of every group's blocks; the last one is dim
  int64_t attention = 256;                           // inside the gated poolings
  int64_t heads = 8, feedforward = 512, layers = 2;  // of both transformers
  double dropout = 0.25;
  bool bilinear = false;
  Form form = Form::reference;                     // of the co-attention
  std::optional<TransportOptions> transport = {};  // set: MOTCAT
  int64_t classes = 4;                             // 0: no classifier
  // false: the caller embeds patches or gene groups itself and calls combine().
  bool embeds_patches = true, embeds_genes = true;
};

struct CoattentionOutput {
  at::Tensor logits;  // [1, classes]; undefined without a classifier
  // [groups, N]: scores before the softmax over patches; with transport the plan, whose rows sum to
  // about 1 / groups: what groups find is small, as in the reference.
  at::Tensor coattention;
  int64_t iterations = 0;  // of the plan
  at::Tensor path, omic;   // [1, groups], scores of the poolings before the softmax
  // What the tokens become on their way: pooled [1, dim] (before the layer behind the pooling, so
  // of both signs), gene tokens behind their transformer [groups, dim], the fused vector [1, dim].
  at::Tensor path_pooled, omic_rows, fused;
};

class CoattentionNetImpl : public torch::nn::Module {
 public:
  explicit CoattentionNetImpl(const CoattentionOptions& options);
  CoattentionOutput forward(const at::Tensor& bag, const at::Tensor& genes);  // [N, D], [1, G]
  at::Tensor embed_patches(const at::Tensor& bag);                            // [N, D] -> [N, dim]
  at::Tensor embed_genes(const at::Tensor& genes);                            // [groups, 1, dim]
  // From embedded patches [N, dim] and gene tokens [groups, 1, dim] on. cost [N, groups]: of the
  // plan, instead of the squared distances of the two.
  CoattentionOutput combine(const at::Tensor& patches, const at::Tensor& tokens,
                            const at::Tensor& cost = {});

 private:
  struct Branch {
    TransformerEncoder transformer{nullptr};
    GatedAttention head{nullptr};
    Mlp rho{nullptr};
  };
  struct Pooled {
    at::Tensor vector;        // [1, dim]
    at::Tensor scores;        // [1, groups]
    at::Tensor rows, pooled;  // [groups, dim], [1, dim]
  };
  Branch make_branch(const std::string& name);
  // What each group finds in the patches [N, dim]: [groups, 1, dim]; sets out.coattention.
  at::Tensor ask(const at::Tensor& tokens, const at::Tensor& patches, const at::Tensor& cost,
                 CoattentionOutput& out);
  static Pooled pool(Branch& branch, const at::Tensor& tokens);

  CoattentionOptions options_;
  Mlp wsi_net_{nullptr};
  GeneTokens sig_networks_{nullptr};
  MultiheadAttention coattn_{nullptr};
  Branch path_, omic_;
  PairFusion fusion_;
  torch::nn::Linear classifier_{nullptr};
};
TORCH_MODULE(CoattentionNet);

}  // namespace tractrix::nn
