#include "tractrix/nn/init.hpp"

#include <ATen/ATen.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <cmath>

namespace tractrix::nn {
namespace {

void xavier_normal_linear(torch::nn::LinearImpl& linear) {
  const double fans = static_cast<double>(linear.weight.size(0) + linear.weight.size(1));
  linear.weight.normal_(0, std::sqrt(2 / fans));
  if (linear.bias.defined()) linear.bias.zero_();
}

void max_weights_linear(torch::nn::LinearImpl& linear) {
  linear.weight.normal_(0, 1 / std::sqrt(static_cast<double>(linear.weight.size(1))));
  if (linear.bias.defined()) linear.bias.zero_();
}

}  // namespace

void initialise(torch::nn::Module& module, Init scheme) {
  if (scheme == Init::torch_default) return;
  at::NoGradGuard no_grad;
  for (const auto& child : module.modules()) {
    if (auto* linear = child->as<torch::nn::LinearImpl>()) {
      scheme == Init::xavier_normal ? xavier_normal_linear(*linear) : max_weights_linear(*linear);
    } else if (auto* norm = child->as<torch::nn::LayerNormImpl>()) {
      if (scheme != Init::xavier_normal || !norm->weight.defined()) continue;
      norm->weight.fill_(1);
      norm->bias.zero_();
    }
  }
}

void initialise_token(at::Tensor token, double deviation) {
  at::NoGradGuard no_grad;
  token.normal_(0, deviation);
}

at::Tensor l1_norm(const torch::nn::Module& module, const std::string& prefix) {
  at::Tensor total;
  for (const auto& item : module.named_parameters()) {
    if (!item.key().starts_with(prefix)) continue;
    const at::Tensor part = item.value().abs().sum();
    total = total.defined() ? total + part : part;
  }
  return total.defined() ? total : at::zeros({});
}

}  // namespace tractrix::nn
