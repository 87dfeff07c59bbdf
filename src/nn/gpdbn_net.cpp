#include "tractrix/nn/gpdbn_net.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {
namespace gpdbn {

at::Tensor outer(const at::Tensor& a, const at::Tensor& b) {
  return (a.unsqueeze(2) * b.unsqueeze(1)).flatten(1);  // [B, width^2], b varies fastest
}

}  // namespace gpdbn

GpdbnNetImpl::GpdbnNetImpl(const GpdbnOptions& options) {
  const auto [width, hidden, inner, dropout, outputs] = options;
  const MlpOptions product{.widths = {width * width, hidden}};
  gene_gene_ = register_module("gene_gene", Mlp(product));
  path_path_ = register_module("path_path", Mlp(product));
  gene_path_ = register_module("gene_path", Mlp(product));
  std::vector<int64_t> widths{2 * width + 3 * hidden};
  widths.insert(widths.end(), inner.begin(), inner.end());
  widths.push_back(width);
  encoder_ = register_module("encoder", Snn(SnnOptions{widths, dropout, Unit::mlp}));
  const MlpOptions last{.widths = {width, outputs}, .linear_end = true};
  classifier_ = register_module("classifier", Mlp(last));
}

GpdbnOutput GpdbnNetImpl::forward(const at::Tensor& genes, const at::Tensor& patches) {
  TORCH_CHECK(genes.dim() == 2 && genes.sizes() == patches.sizes(),
              "GpdbnNet: both vectors must be [B, width]");
  const at::Tensor between = gene_path_->forward(gpdbn::outer(genes, patches));
  const at::Tensor in_genes = gene_gene_->forward(gpdbn::outer(genes, genes));
  const at::Tensor in_patches = path_path_->forward(gpdbn::outer(patches, patches));
  const at::Tensor code =
      encoder_->forward(at::cat({genes, patches, between, in_genes, in_patches}, 1));
  return {code, classifier_->forward(code)};
}

}  // namespace tractrix::nn
