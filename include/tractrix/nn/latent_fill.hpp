// Makes up a missing latent from conditions: by latent diffusion, by regression, by the training
// mean or by zeros. One of these per missing modality is stage three of MUST (arXiv 2603.26071,
// 3.5); nothing here knows that recipe.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <vector>

#include "tractrix/core/seed.hpp"
#include "tractrix/nn/denoiser.hpp"
#include "tractrix/nn/diffusion_sampler.hpp"
#include "tractrix/nn/moving_average.hpp"
#include "tractrix/nn/noise_schedule.hpp"

namespace tractrix::nn {

enum class Fill { diffusion, regression, mean, zero };
// Of the latents the networks see: one number for all columns (a rotation of the latents rotates
// the samples), one each, or none.
enum class LatentScale { scalar, columns, none };

struct LatentFillOptions {
  Fill fill = Fill::diffusion;
  DenoiserOptions denoiser;
  NoiseScheduleOptions noise;
  SamplerOptions sampler;  // its prediction is also what is learnt
  int64_t draws = 5;       // samples per row, averaged
  LatentScale scale = LatentScale::scalar;
  double average = 0.999;  // moving average of the weights that samples are drawn with; 0: none
};

// Children net and average; buffers scale, mean [dim], updates. With fill mean and zero there are
// no networks; with regression net is a denoiser that sees zeros at time 0 and says the latent.
class LatentFillImpl : public torch::nn::Module {
 public:
  explicit LatentFillImpl(const LatentFillOptions& options);

  // Whether there is something to sample with: fit() and, for networks, at least one update.
  bool ready() const;
  // Scale and mean of the training latents [N, dim]. Throws an Error when a value is not finite or
  // there is no row; what: of what, for its message.
  void fit(const at::Tensor& latents, const std::string& what);
  // Mean over rows and columns of what the network gets wrong; draws times and noise from torch's
  // default generator. latents, conditions [B, dim]. Only for fills with a network.
  at::Tensor loss(const at::Tensor& latents, const std::vector<at::Tensor>& conditions);
  void after_step();
  // [B, dim]; row i's noise follows from seeds[i] alone. All draws of all rows are one batch.
  at::Tensor complete(const std::vector<at::Tensor>& conditions, const std::vector<Seed>& seeds);

 private:
  bool learns() const { return !net_.is_empty(); }
  at::Tensor sample(const std::vector<at::Tensor>& conditions, const std::vector<Seed>& seeds);
  Denoiser& sharp() { return average_.is_empty() ? net_ : average_; }

  LatentFillOptions options_;
  NoiseSchedule schedule_;
  DiffusionSampler sampler_;
  Denoiser net_{nullptr}, average_{nullptr};
  at::Tensor scale_, mean_, updates_;
};
TORCH_MODULE(LatentFill);

}  // namespace tractrix::nn
