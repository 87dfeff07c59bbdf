// A modality as tokens, and trunks with a class token that make vectors of them: TransMIL's for the
// patches of a bag, self-attention for gene groups (MUST, arXiv 2603.26071, 3.2 and supplement
// 6.4).
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "tractrix/nn/snn_block.hpp"
#include "tractrix/nn/trans_layer.hpp"
#include "tractrix/nn/transformer_encoder.hpp"

namespace tractrix::nn {

enum class GroupNet { snn, relu, linear };

// What a modality is made of: a bag with `columns`, or a vector whose groups become a token each.
struct TokensOf {
  int64_t columns = 0;
  std::vector<std::vector<int64_t>> groups = {};
  bool bag() const { return groups.empty(); }
};

struct TokenTrunkOptions {
  int64_t dim = 256;
  Form form = Form::exact;
  // bag
  bool patch_relu = true;
  double patch_dropout = 0.25, layer_dropout = 0.1;
  int64_t landmarks = 0;             // 0: dim / 2
  double patch_token_deviation = 1;  // of the class tokens' initial values
  // groups
  GroupNet group_net = GroupNet::snn;  // two blocks, or one Linear
  double group_dropout = 0.25;
  TransformerEncoderOptions attention;  // its dim is set to that of the tokens
  double token_deviation = 0.02;
};

// Class token in front, encoder layers, its row: [B, n, dim] -> [B, dim]. Children cls_token,
// layers.
class AttentionTrunkImpl : public torch::nn::Module {
 public:
  AttentionTrunkImpl(const TransformerEncoderOptions& options, double token_deviation);
  at::Tensor forward(const at::Tensor& tokens);
  const at::Tensor& token() const { return cls_token_; }

 private:
  at::Tensor cls_token_;  // [1, 1, dim]
  TransformerEncoder encoder_{nullptr};
};
TORCH_MODULE(AttentionTrunk);

// Roles of the trunks of one modality: the whole, its own part, what it asks of the other one.
enum class TrunkRole { whole, own, cross };

// Children embed (patches) or groups, and a trunk per role: g, u, c.
class TokenTrunksImpl : public torch::nn::Module {
 public:
  // cross: false leaves that trunk out but for its class token.
  TokenTrunksImpl(const TokensOf& of, const TokenTrunkOptions& options, bool cross);
  // bag [N, columns] of one example, or vector [B, columns] -> [B, n, dim]
  at::Tensor embed(const at::Tensor& input);
  at::Tensor forward(TrunkRole role, const at::Tensor& tokens);  // [B, n, dim] -> [B, dim]
  at::Tensor forward(TrunkRole role, const Factored& tokens);    // bags alone save work here
  at::Tensor token(TrunkRole role) const;                        // [1, dim]
  // Prefixes below this module of what embed() and the trunk of the whole use.
  std::vector<std::string> whole_prefixes() const;

 private:
  bool bag_;
  TokenTrunkOptions options_;
  torch::nn::Linear embed_{nullptr};
  torch::nn::ModuleList groups_{nullptr};
  std::vector<at::Tensor> columns_;
  std::vector<TokenEncoder> patch_trunks_;
  std::vector<AttentionTrunk> group_trunks_;
  at::Tensor query_;  // [1, 1, dim], in place of the cross trunk
};
TORCH_MODULE(TokenTrunks);

}  // namespace tractrix::nn
