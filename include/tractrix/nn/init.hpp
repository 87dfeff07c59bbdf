// Initialisation schemes of the published survival models (what each does to which layers differs
// by code base).
#pragma once

#include <torch/nn/module.h>

namespace tractrix::nn {

enum class Init {
  torch_default,  // as constructed: Kaiming-uniform with a = sqrt(5), biases U(-1/sqrt(fan_in),
                  // 1/sqrt(fan_in))
  xavier_normal,  // every Linear (also an attention's out_proj): Xavier-normal, bias 0; norms 1 and
                  // 0; raw parameters stay
  max_weights,    // every Linear: N(0, 1/sqrt(fan_in)), bias 0 (SNN, MCAT's init_max_weights)
};

// Draws from torch's default generator, children in registration order.
void initialise(torch::nn::Module& module, Init scheme);

// A class token: N(0, deviation); CMTA 1e-6, TransMIL 1.
void initialise_token(at::Tensor token, double deviation);

// Sum of absolute values of the parameters whose name starts with prefix (all for ""); a scalar
// with gradient, 0 for none.
at::Tensor l1_norm(const torch::nn::Module& module, const std::string& prefix = {});

}  // namespace tractrix::nn
