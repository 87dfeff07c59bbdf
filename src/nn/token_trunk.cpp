#include "tractrix/nn/token_trunk.hpp"

#include <ATen/ATen.h>

#include "tractrix/nn/init.hpp"

namespace tractrix::nn {

AttentionTrunkImpl::AttentionTrunkImpl(const TransformerEncoderOptions& options,
                                       double token_deviation) {
  cls_token_ = register_parameter("cls_token", at::empty({1, 1, options.dim}));
  initialise_token(cls_token_, token_deviation);
  encoder_ = register_module("encoder", TransformerEncoder(options));
}

at::Tensor AttentionTrunkImpl::forward(const at::Tensor& tokens) {
  const at::Tensor rows = tokens.transpose(0, 1);  // [n, B, dim]
  const at::Tensor token = cls_token_.expand({1, rows.size(1), -1});
  return encoder_->forward(at::cat({token, rows}))[0];
}

TokenTrunksImpl::TokenTrunksImpl(const TokensOf& of, const TokenTrunkOptions& options, bool cross)
    : bag_(of.bag()), options_(options) {
  if (bag_) {
    embed_ = register_module("embed", torch::nn::Linear(of.columns, options.dim));
  } else {
    groups_ = register_module("groups", torch::nn::ModuleList());
    for (const auto& columns : of.groups) {
      columns_.push_back(at::tensor(columns, at::kLong));
      const auto n = static_cast<int64_t>(columns.size());
      if (options.group_net == GroupNet::linear) {
        groups_->push_back(torch::nn::Linear(n, options.dim));
      } else {
        const Unit unit = options.group_net == GroupNet::snn ? Unit::snn : Unit::mlp;
        groups_->push_back(
            Snn(SnnOptions{{n, options.dim, options.dim}, options.group_dropout, unit}));
      }
    }
  }
  TokenEncoderOptions patches;
  patches.layer.dim = options.dim;
  patches.layer.landmarks = options.landmarks;
  patches.layer.dropout = options.layer_dropout;
  patches.layer.form = options.form;
  patches.grid = true;
  patches.token_deviation = options.patch_token_deviation;
  TransformerEncoderOptions attention = options.attention;
  attention.dim = options.dim;
  for (const char* name : {"g", "u", "c"}) {
    if (name[0] == 'c' && !cross) continue;
    if (bag_)
      patch_trunks_.push_back(register_module(name, TokenEncoder(patches)));
    else
      group_trunks_.push_back(
          register_module(name, AttentionTrunk(attention, options.token_deviation)));
  }
  if (cross) return;
  query_ = register_parameter("query", at::empty({1, 1, options.dim}));
  initialise_token(query_, options.token_deviation);
}

at::Tensor TokenTrunksImpl::embed(const at::Tensor& input) {
  if (bag_) {
    at::Tensor x = embed_->forward(input);
    if (options_.patch_relu) x = at::relu(x);
    return at::dropout(x, options_.patch_dropout, is_training()).unsqueeze(0);
  }
  std::vector<at::Tensor> tokens;
  for (size_t k = 0; k < columns_.size(); ++k) {
    const at::Tensor x = input.index_select(1, columns_[k].to(input.device()));
    tokens.push_back(options_.group_net == GroupNet::linear
                         ? groups_[k]->as<torch::nn::LinearImpl>()->forward(x)
                         : groups_[k]->as<SnnImpl>()->forward(x));
  }
  return at::stack(tokens, 1);
}

at::Tensor TokenTrunksImpl::forward(TrunkRole role, const at::Tensor& tokens) {
  const auto place = static_cast<size_t>(role);
  return bag_ ? patch_trunks_.at(place)->forward_token(tokens)
              : group_trunks_.at(place)->forward(tokens);
}

at::Tensor TokenTrunksImpl::forward(TrunkRole role, const Factored& tokens) {
  return bag_ ? patch_trunks_.at(static_cast<size_t>(role))->forward_token(tokens)
              : forward(role, tokens.product());
}

at::Tensor TokenTrunksImpl::token(TrunkRole role) const {
  const auto place = static_cast<size_t>(role);
  if (role == TrunkRole::cross && query_.defined()) return query_[0];
  return bag_ ? patch_trunks_.at(place)->token()[0] : group_trunks_.at(place)->token()[0];
}

std::vector<std::string> TokenTrunksImpl::whole_prefixes() const {
  return {bag_ ? "embed." : "groups.", "g."};
}

}  // namespace tractrix::nn
