// Named tensors and the two sources of randomness.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "tractrix/core/named.hpp"
#include "tractrix/core/seed.hpp"

namespace torch::nn {
class Module;
}

namespace tractrix {

using Tensors = Named<at::Tensor>;

// Re-keys torch's default generators for one forward pass; the same seed later replays the same
// dropout masks. Process-wide: folds of one process take turns on one thread.
void draw_from(const Seed& seed);

// Standard normal numbers of an own stream, double, drawn on the CPU: equal on every device and in
// every batch.
at::Tensor normal(const Seed& seed, at::IntArrayRef shape);

// Moves a module; only floating-point parameters and buffers change their type (Module::to casts
// integer buffers too).
void cast(torch::nn::Module& module, at::Device device, at::ScalarType floating);

}  // namespace tractrix
