// The network of CMTA (Zhou & Chen, ICCV 2023; models/cmta/network.py, commit 31340f6): an encoder
// per modality, cross-modal attention, a decoder per modality that translates the other one's
// information, and a fusion of all four class tokens. The paper's "genomics decoder" is the code's
// pathomics_decoder and the reverse (specs D-28); names and their order are the code's.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "tractrix/nn/gene_tokens.hpp"
#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/multihead_attention.hpp"
#include "tractrix/nn/pair_fusion.hpp"
#include "tractrix/nn/shared_cross_attention.hpp"
#include "tractrix/nn/trans_layer.hpp"

namespace tractrix::nn {

struct CmtaOptions {
  int64_t patch_columns = 1024;
  std::vector<std::vector<int64_t>> groups;  // columns of each gene group
  int64_t dim = 256, gene_hidden = 1024;
  bool large = false;  // patches over 2 dim, genes over three hidden blocks
  bool bilinear = false;
  double dropout = 0.25;        // embeddings and bilinear fusion
  double layer_dropout = 0.1;   // of every Nystrom layer
  bool positions = true;        // false: the paper's ablation without PPEG
  bool cross_attention = true;  // false: each decoder reads the other encoder's tokens as they are
  // Where the paper's equations 4-19 say another thing than the code that made its numbers (specs
  // D-23 to D-27); each is true for the paper's form.
  bool linear_embeddings = false;   // one fully connected layer per modality
  bool shared_attention = false;    // one U and V for both directions, see SharedCrossAttention
  bool without_final_norm = false;  // nothing behind an encoder's second attention
  bool without_repeats = false;     // M patch tokens, not the next square number of them
  // Self-attention among the 7 gene tokens alone; false: among 121 padded rows of zeros.
  bool full_genes = false;
  Form form = Form::reference;
  int64_t classes = 4;
};

// The parts that CMTA and DualTrans share.
Mlp cmta_patch_embedding(const CmtaOptions& options);
GeneTokens cmta_gene_embedding(const CmtaOptions& options);
TokenEncoder cmta_encoder(const CmtaOptions& options, bool patches);
void check_cmta_inputs(const at::Tensor& bag, const at::Tensor& genes);

struct CmtaOutput {
  at::Tensor logits;    // [1, classes]
  at::Tensor p, p_hat;  // [1, dim], class token of patches: encoded, translated from genes
  at::Tensor g, g_hat;  // [1, dim], class token of genes: encoded, translated from patches
  // [groups, N], what each gene group asks of the patches, before the softmax; repeated patches
  // included. Undefined without cross attention.
  at::Tensor scores;
};

class CmtaNetImpl : public torch::nn::Module {
 public:
  explicit CmtaNetImpl(const CmtaOptions& options);
  CmtaOutput forward(const at::Tensor& bag, const at::Tensor& genes);  // [N, D], [1, G]
  // [groups, N], rows of sum 1: softmax of the scores, a repeated patch's share added to the patch.
  at::Tensor weights_of(const CmtaOutput& out, int64_t patches) const;

 private:
  void make_attention();
  void translate(const at::Tensor& patches, const at::Tensor& groups, CmtaOutput& out);

  CmtaOptions options_;
  Mlp pathomics_fc_{nullptr};
  GeneTokens genomics_fc_{nullptr};
  TokenEncoder pathomics_encoder_{nullptr}, pathomics_decoder_{nullptr};
  TokenEncoder genomics_encoder_{nullptr}, genomics_decoder_{nullptr};
  MultiheadAttention p_in_g_{nullptr}, g_in_p_{nullptr};
  SharedCrossAttention cross_{nullptr};
  PairFusion fusion_;
  torch::nn::Linear classifier_{nullptr};
};
TORCH_MODULE(CmtaNet);

}  // namespace tractrix::nn
