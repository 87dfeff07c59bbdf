#include "tractrix/nn/latent_fill.hpp"

#include <ATen/ATen.h>

#include "tractrix/core/error.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::nn {
namespace latent_fill_detail {

// Every row `times` times, copies of a row next to each other.
std::vector<at::Tensor> repeated(const std::vector<at::Tensor>& rows, int64_t times) {
  std::vector<at::Tensor> all;
  for (const auto& row : rows) all.push_back(row.repeat_interleave(times, 0));
  return all;
}

}  // namespace latent_fill_detail

LatentFillImpl::LatentFillImpl(const LatentFillOptions& options)
    : options_(options), schedule_(options.noise), sampler_(schedule_, options.sampler) {
  TORCH_CHECK(options.draws >= 1, "LatentFill: needs at least one draw");
  const int64_t dim = options.denoiser.dim;
  scale_ = register_buffer("scale", at::ones({dim}));
  mean_ = register_buffer("mean", at::zeros({dim}));
  updates_ = register_buffer("updates", at::full({}, -1, at::kLong));  // -1: not fitted
  if (options.fill == Fill::mean || options.fill == Fill::zero) return;
  net_ = register_module("net", Denoiser(options.denoiser));
  if (options.average <= 0 || options.fill != Fill::diffusion) return;
  average_ = register_module("average", Denoiser(options.denoiser));
  update_average(*average_, *net_, 0);
}

bool LatentFillImpl::ready() const {
  if (options_.fill == Fill::zero) return true;
  const auto updates = updates_.item<int64_t>();
  return learns() ? updates > 0 : updates >= 0;
}

void LatentFillImpl::fit(const at::Tensor& latents, const std::string& what) {
  const at::NoGradGuard no_grad;
  if (latents.size(0) == 0)
    throw Error(what, "no training patient has any: nothing to learn to fill in from",
                "leave the input out of the recipe, or give training patients that have it");
  if (!latents.isfinite().all().item<bool>())
    throw Error(
        what, "holds numbers that are not finite after the stages before",
        "a smaller train.lr or train.clip: 1 may help; `tractrix data check` looks at inputs");
  const at::Tensor wide = latents.to(at::kDouble);
  mean_.copy_(wide.mean(0));
  updates_.fill_(0);
  const bool alone = latents.size(0) == 1;
  if (options_.scale == LatentScale::none || alone) return;
  const at::Tensor deviation =
      options_.scale == LatentScale::scalar ? wide.std().expand({wide.size(1)}) : wide.std(0);
  scale_.copy_(deviation.clamp_min(1e-6));
}

at::Tensor LatentFillImpl::loss(const at::Tensor& latents,
                                const std::vector<at::Tensor>& conditions) {
  const at::Tensor start = latents / scale_;
  const int64_t rows = start.size(0);
  if (options_.fill == Fill::regression) {
    const at::Tensor said =
        net_->forward(at::zeros_like(start), at::zeros({rows}, start.options()), conditions);
    return (said - start).square().mean();
  }
  const at::Tensor t = at::randint(schedule_.times(), {rows}, start.options().dtype(at::kLong));
  const at::Tensor noise = at::randn_like(start);
  const at::Tensor said = net_->forward(schedule_.diffuse(start, noise, t), t, conditions);
  const at::Tensor want = wanted(options_.sampler.prediction, schedule_, start, noise, t);
  return (said - want).square().mean();
}

void LatentFillImpl::after_step() {
  updates_.add_(1);
  if (!average_.is_empty()) update_average(*average_, *net_, options_.average);
}

at::Tensor LatentFillImpl::sample(const std::vector<at::Tensor>& conditions,
                                  const std::vector<Seed>& seeds) {
  const int64_t dim = options_.denoiser.dim, draws = options_.draws;
  const auto given = latent_fill_detail::repeated(conditions, draws);
  const auto options = conditions.front().options();
  const auto noise = [&](int64_t step) {  // -1: the start
    std::vector<at::Tensor> rows;
    for (const auto& seed : seeds)
      for (int64_t d = 0; d < draws; ++d)
        rows.push_back(normal(
            seed.at("draw", static_cast<uint64_t>(d)).at("noise", static_cast<uint64_t>(step + 1)),
            {dim}));
    return at::stack(rows).to(options);
  };
  const auto denoise = [&](const at::Tensor& x, int64_t t) {
    return sharp()->forward(x, at::full({x.size(0)}, static_cast<double>(t), options), given);
  };
  const at::Tensor all = sampler_.sample(noise(-1), denoise, noise);
  return all.reshape({-1, draws, dim}).mean(1);
}

at::Tensor LatentFillImpl::complete(const std::vector<at::Tensor>& conditions,
                                    const std::vector<Seed>& seeds) {
  const at::NoGradGuard no_grad;
  const at::Tensor& like = conditions.front();
  TORCH_CHECK(like.size(0) == static_cast<int64_t>(seeds.size()),
              "LatentFill: needs a seed per row");
  switch (options_.fill) {
    case Fill::zero:
      return at::zeros_like(like);
    case Fill::mean:
      return mean_.expand_as(like);
    case Fill::regression:
      return scale_ * net_->forward(at::zeros_like(like), at::zeros({like.size(0)}, like.options()),
                                    conditions);
    default:
      return scale_ * sample(conditions, seeds);
  }
}

}  // namespace tractrix::nn
