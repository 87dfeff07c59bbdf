#include "tractrix/nn/kronecker_fusion.hpp"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include <numeric>

namespace tractrix::nn {

at::Tensor outer_with_ones(const std::vector<at::Tensor>& vectors) {
  TORCH_CHECK(!vectors.empty(), "outer_with_ones: no vector");
  at::Tensor product;
  for (const auto& vector : vectors) {
    const at::Tensor ones = at::ones({vector.size(0), 1}, vector.options());
    const at::Tensor extended = at::cat({vector, ones}, 1);  // [B, D + 1]
    product =
        product.defined() ? (product.unsqueeze(2) * extended.unsqueeze(1)).flatten(1) : extended;
  }
  return product;
}

KroneckerFusionImpl::KroneckerFusionImpl(const KroneckerFusionOptions& options)
    : options_(options) {
  const int64_t all = std::accumulate(options.in.begin(), options.in.end(), int64_t{0});
  torch::nn::ModuleList reduce, gate;
  int64_t columns = 1;
  for (const int64_t in : options.in) {
    reduce_.emplace_back(MlpOptions{{in, options.inner}, Activation::relu, options.dropout});
    reduce->push_back(reduce_.back());
    columns *= options.inner + 1;
    if (!options.gated) continue;
    gate_.emplace_back(MlpOptions{{all, options.inner}, Activation::sigmoid});
    gate->push_back(gate_.back());
  }
  TORCH_CHECK(columns <= (int64_t{1} << 20), "KroneckerFusion: the product has ", columns,
              " columns; use a smaller inner width");
  register_module("reduce", reduce);
  if (options.gated) register_module("gate", gate);
  encoder_ = register_module(
      "encoder", Mlp(MlpOptions{{columns, options.out}, Activation::relu, options.dropout}));
}

at::Tensor KroneckerFusionImpl::forward(const std::vector<at::Tensor>& vectors) {
  TORCH_CHECK(vectors.size() == reduce_.size(),
              "KroneckerFusion: one vector per width is expected");
  const at::Tensor all = at::cat(vectors, 1);
  std::vector<at::Tensor> inner;
  for (size_t m = 0; m < vectors.size(); ++m) {
    const at::Tensor reduced = reduce_[m]->forward(vectors[m]);
    inner.push_back(options_.gated ? gate_[m]->forward(all) * reduced : reduced);
  }
  return encoder_->forward(at::dropout(outer_with_ones(inner), options_.dropout, is_training()));
}

}  // namespace tractrix::nn
