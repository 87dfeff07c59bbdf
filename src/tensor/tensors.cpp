#include "tractrix/tensor/tensors.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/nn/module.h>

namespace tractrix {

void draw_from(const Seed& seed) { at::manual_seed(seed.key()); }

at::Tensor normal(const Seed& seed, at::IntArrayRef shape) {
  auto stream = at::make_generator<at::CPUGeneratorImpl>(seed.key());
  return at::randn(shape, stream, at::TensorOptions().dtype(at::kDouble));
}

void cast(torch::nn::Module& module, at::Device device, at::ScalarType floating) {
  const auto move = [&](at::Tensor& value) {
    const auto type = value.is_floating_point() ? floating : value.scalar_type();
    value.set_data(value.detach().to(device, type));
  };
  for (auto& item : module.named_parameters()) move(item.value());
  for (auto& item : module.named_buffers()) move(item.value());
}

}  // namespace tractrix
