#include "tractrix/nn/gene_tokens.hpp"

#include <ATen/ATen.h>

#include <string>

namespace tractrix::nn {

GeneTokensImpl::GeneTokensImpl(const GeneTokensOptions& options) {
  TORCH_CHECK(!options.groups.empty() && !options.widths.empty(),
              "GeneTokens: needs gene groups and widths");
  for (const auto& columns : options.groups) {
    TORCH_CHECK(!columns.empty(), "GeneTokens: group ", groups_.size(), " has no columns");
    const std::string name = std::to_string(groups_.size());
    const auto genes = static_cast<int64_t>(columns.size());
    groups_.push_back(at::tensor(columns, at::kLong));
    if (options.linear) {
      const MlpOptions one{.widths = {genes, options.widths.back()}, .linear_end = true};
      layers_.push_back(register_module(name, Mlp(one)));
      continue;
    }
    std::vector<int64_t> widths{genes};
    widths.insert(widths.end(), options.widths.begin(), options.widths.end());
    blocks_.push_back(register_module(name, Snn(SnnOptions{widths, options.dropout, Unit::snn})));
  }
}

at::Tensor GeneTokensImpl::forward(const at::Tensor& genes) {
  std::vector<at::Tensor> tokens;
  for (size_t g = 0; g < groups_.size(); ++g) {
    const at::Tensor columns = genes.index_select(1, groups_[g].to(genes.device()));
    tokens.push_back(layers_.empty() ? blocks_[g]->forward(columns) : layers_[g]->forward(columns));
  }
  return at::stack(tokens, 1);
}

}  // namespace tractrix::nn
