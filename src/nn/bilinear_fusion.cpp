#include "tractrix/nn/bilinear_fusion.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "tractrix/nn/kronecker_fusion.hpp"

namespace tractrix::nn {

namespace {

constexpr int64_t kEncoderWidth = 256;  // fixed in the references, whatever the output width is

// Xavier-normal with torch's fans of a [rank, rows, columns] tensor: rows * columns and rank *
// columns.
at::Tensor xavier_factor(int64_t rank, int64_t rows, int64_t columns) {
  const double fans = static_cast<double>((rank + rows) * columns);
  return at::empty({rank, rows, columns}).normal_(0, std::sqrt(2 / fans));
}

}  // namespace

void GatedPairImpl::build(const BilinearFusionOptions& options) {
  options_ = options;
  const int64_t both = options.in1 + options.in2;
  inner1_ = options.in1 / options.scale1;
  inner2_ = options.in2 / options.scale2;
  TORCH_CHECK(inner1_ > 0 && inner2_ > 0, "bilinear fusion: a scale is larger than its input");
  const MlpOptions z1{{both, inner1_}, Activation::relu, {}, true};
  const MlpOptions z2{{both, inner2_}, Activation::relu, {}, true};
  linear_h1_ = register_module("linear_h1", Mlp(MlpOptions{{options.in1, inner1_}}));
  linear_z1_ = register_module("linear_z1", Mlp(z1));
  const MlpOptions o1{{inner1_, inner1_}, Activation::relu, options.dropout};
  linear_o1_ = register_module("linear_o1", Mlp(o1));
  linear_h2_ = register_module("linear_h2", Mlp(MlpOptions{{options.in2, inner2_}}));
  linear_z2_ = register_module("linear_z2", Mlp(z2));
  const MlpOptions o2{{inner2_, inner2_}, Activation::relu, options.dropout};
  linear_o2_ = register_module("linear_o2", Mlp(o2));
}

std::pair<at::Tensor, at::Tensor> GatedPairImpl::reduce(const at::Tensor& v1,
                                                        const at::Tensor& v2) {
  const at::Tensor both = at::cat({v1, v2}, 1);
  at::Tensor h1 = linear_h1_->forward(v1), h2 = linear_h2_->forward(v2);
  if (options_.gate1) h1 = at::sigmoid(linear_z1_->forward(both)) * h1;
  if (options_.gate2) h2 = at::sigmoid(linear_z2_->forward(both)) * h2;
  return {linear_o1_->forward(h1), linear_o2_->forward(h2)};
}

BilinearFusionImpl::BilinearFusionImpl(const BilinearFusionOptions& options) {
  build(options);
  const std::optional<double> dropout =
      options.encoder_dropout ? std::optional(options.dropout) : std::nullopt;
  const int64_t skipped = options.skip ? options.in1 + options.in2 : 0;
  const MlpOptions first{{(inner1_ + 1) * (inner2_ + 1), kEncoderWidth}, Activation::relu, dropout};
  const MlpOptions second{{kEncoderWidth + skipped, options.out}, Activation::relu, dropout};
  encoder1_ = register_module("encoder1", Mlp(first));
  encoder2_ = register_module("encoder2", Mlp(second));
}

at::Tensor BilinearFusionImpl::forward(const at::Tensor& v1, const at::Tensor& v2) {
  const auto [o1, o2] = reduce(v1, v2);
  const at::Tensor product = outer_with_ones({o1, o2});  // [B, (inner1 + 1) * (inner2 + 1)]
  at::Tensor y = encoder1_->forward(at::dropout(product, options_.dropout, is_training()));
  if (options_.skip) y = at::cat({y, v1, v2}, 1);
  return encoder2_->forward(y);
}

LowRankFusionImpl::LowRankFusionImpl(const LowRankFusionOptions& options) {
  const int64_t rank = options.rank, out = options.pair.out;
  build(options.pair);
  const double spread = std::sqrt(2 / static_cast<double>(1 + rank));
  h1_factor_ = register_parameter("h1_factor", xavier_factor(rank, inner1_ + 1, out));
  h2_factor_ = register_parameter("h2_factor", xavier_factor(rank, inner2_ + 1, out));
  fusion_weights_ = register_parameter("fusion_weights", at::empty({1, rank}).normal_(0, spread));
  fusion_bias_ = register_parameter("fusion_bias", at::zeros({1, out}));
}

at::Tensor LowRankFusionImpl::forward(const at::Tensor& v1, const at::Tensor& v2) {
  const auto [o1, o2] = reduce(v1, v2);
  const at::Tensor one = at::ones({o1.size(0), 1}, o1.options());
  const at::Tensor left = at::cat({one, o1}, 1).matmul(h1_factor_);   // [rank, B, out]
  const at::Tensor right = at::cat({one, o2}, 1).matmul(h2_factor_);  // [rank, B, out]
  const at::Tensor mixed = fusion_weights_.matmul((left * right).transpose(0, 1));  // [B, 1, out]
  return mixed.squeeze(1) + fusion_bias_;
}

}  // namespace tractrix::nn
