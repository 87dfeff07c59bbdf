// Sinusoidal embedding of diffusion times, and the two-layer network behind it.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace tractrix::nn {

struct SinusoidOptions {
  int64_t dim = 256;          // an odd one ends with a column of zeros
  bool cosine_first = false;  // [cos | sin] as DiT and Stem; else [sin | cos]
  double shift = 0;           // frequencies period^(-i / (dim / 2 - shift))
  double scale = 1, period = 10000;
};

// t [B], any real -> [B, dim], in the type of t.
at::Tensor sinusoid(const at::Tensor& t, const SinusoidOptions& options);

struct TimeEmbeddingOptions {
  int64_t dim = 256, hidden = 1024, out = 256;
};

// Linear ("0"), SiLU, Linear ("2") of the sinusoid.
class TimeEmbeddingImpl : public torch::nn::Module {
 public:
  explicit TimeEmbeddingImpl(const TimeEmbeddingOptions& options);
  at::Tensor forward(const at::Tensor& t);  // [B] -> [B, out]

 private:
  int64_t dim_;
  torch::nn::Linear first_{nullptr}, second_{nullptr};
};
TORCH_MODULE(TimeEmbedding);

}  // namespace tractrix::nn
