// The global gradient norm: clipping and the check that training is still finite.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace tractrix::train {

class Optimizer;

// 2-norm of all gradients as one vector, [] on their device; zero when there are none. Nothing is
// read back.
at::Tensor grad_norm(at::TensorList grads);

// Scales the gradients in place by min(1, most / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_
// does.
void clip_grads(at::TensorList grads, const at::Tensor& norm, double most);

// Both; returns the norm before clipping.
at::Tensor clip_grad_norm(at::TensorList grads, double most);

// Throws an Error unless loss and norm (both []) are finite; it names parameters with a broken
// gradient. One synchronisation with the device. Call it once per optimizer step, before clipping
// spreads a NaN. where: "fold 0, epoch 3, step 120".
void require_finite(const at::Tensor& loss, const at::Tensor& norm, const Optimizer& optimizer,
                    const std::string& where);

}  // namespace tractrix::train
