// The network of CMTA (Zhou & Chen, ICCV 2023; models/cmta/network.py, commit 31340f6): an encoder
// per modality, cross-modal attention, a decoder per modality that translates the other one's
// information, and a fusion of all four class tokens. The paper's "genomics decoder" is the code's
// pathomics_decoder and the reverse (specs D-28); names and their order are the code's.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <utility>
#include <vector>

#include "tractrix/nn/bilinear_fusion.hpp"
#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/multihead_attention.hpp"
#include "tractrix/nn/snn_block.hpp"
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
  // false: 7 gene tokens among 121 padded rows of zeros, as the code does (published runs); true:
  // self-attention among the 7 tokens alone, as the paper says (specs D-27).
  bool full_genes = false;
  Form form = Form::reference;
  int64_t classes = 4;
};

struct CmtaOutput {
  at::Tensor logits;    // [1, classes]
  at::Tensor p, p_hat;  // [1, dim], class token of patches: encoded, translated from genes
  at::Tensor g, g_hat;  // [1, dim], class token of genes: encoded, translated from patches
};

class CmtaNetImpl : public torch::nn::Module {
 public:
  explicit CmtaNetImpl(const CmtaOptions& options);
  CmtaOutput forward(const at::Tensor& bag, const at::Tensor& genes);  // [N, D], [1, G]

 private:
  void make_embeddings();
  void make_fusion();
  TokenEncoder make_encoder(bool patches) const;
  at::Tensor embed_genes(const at::Tensor& genes);
  std::pair<at::Tensor, at::Tensor> translate(const at::Tensor& patches, const at::Tensor& groups);

  CmtaOptions options_;
  Mlp pathomics_fc_{nullptr}, concat_{nullptr};
  torch::nn::ModuleList genomics_fc_{nullptr};
  TokenEncoder pathomics_encoder_{nullptr}, pathomics_decoder_{nullptr};
  TokenEncoder genomics_encoder_{nullptr}, genomics_decoder_{nullptr};
  MultiheadAttention p_in_g_{nullptr}, g_in_p_{nullptr};
  BilinearFusion bilinear_{nullptr};
  torch::nn::Linear classifier_{nullptr};
  std::vector<at::Tensor> groups_;
};
TORCH_MODULE(CmtaNet);

}  // namespace tractrix::nn
