#include "tractrix/nn/dualtrans_net.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {

DualTransNetImpl::DualTransNetImpl(const CmtaOptions& options) {
  pathomics_fc_ = register_module("pathomics_fc", cmta_patch_embedding(options));
  genomics_fc_ = register_module("genomics_fc", cmta_gene_embedding(options));
  pathomics_encoder_ = register_module("pathomics_encoder", cmta_encoder(options, true));
  genomics_encoder_ = register_module("genomics_encoder", cmta_encoder(options, false));
  fusion_ = PairFusion::make(*this, options.dim, options.bilinear, options.dropout);
  classifier_ = register_module("classifier", torch::nn::Linear(options.dim, options.classes));
}

at::Tensor DualTransNetImpl::encode_genes(const at::Tensor& genes) {
  return genomics_encoder_->forward_token(genomics_fc_->forward(genes));
}

at::Tensor DualTransNetImpl::classify(const at::Tensor& p, const at::Tensor& g) {
  return classifier_->forward(fusion_.forward(p, g));
}

DualTransOutput DualTransNetImpl::forward(const at::Tensor& bag, const at::Tensor& genes) {
  check_cmta_inputs(bag, genes);
  const at::Tensor p = pathomics_encoder_->forward_token(pathomics_fc_->forward(bag).unsqueeze(0));
  const at::Tensor g = encode_genes(genes);
  return {classify(p, g), p, g};
}

DualTransAttended DualTransNetImpl::forward_attended(const at::Tensor& bag,
                                                     const at::Tensor& genes) {
  check_cmta_inputs(bag, genes);
  const auto [p, weights] =
      pathomics_encoder_->forward_attended(pathomics_fc_->forward(bag).unsqueeze(0));
  return {classify(p, encode_genes(genes)), weights.squeeze(0)};
}

}  // namespace tractrix::nn
