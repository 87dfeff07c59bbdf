// Entropic optimal transport between the rows of two sets, as MOTCAT (Xu & Chen, ICCV 2023;
// models/model_motcat.py, class OT_Attn_assem, commit fe70abc) calls it in the package POT: squared
// Euclidean cost of rows shifted to minimum 0, uniform masses. Plans carry no gradient.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace tractrix::nn {

// unbalanced: both marginals are soft (sinkhorn_knopp_unbalanced). balanced: both are kept, and
// are the rows' sums over their total (MOTCAT's option pot-sinkhorn-l2).
enum class Marginals { unbalanced, balanced };
// Of unbalanced plans, with K = exp(-M / reg). entropy: K itself (POT up to 0.9.4, which MOTCAT
// pins); kl: K times the product of the masses (POT's default from 0.9.5).
enum class Regulariser { entropy, kl };

struct TransportOptions {
  Marginals marginals = Marginals::unbalanced;
  Regulariser regulariser = Regulariser::entropy;
  double reg = 0.1;  // published: 0.1; BLCA and LUAD 0.05
  double tau = 0.5;  // unbalanced: weight of the marginals
};

struct Transport {
  at::Tensor plan;         // [N, K], double
  int64_t iterations = 0;  // scaling steps that were computed, at most 1000
};

// [N, D], [K, D] -> [N, K]: squared distances of the rows after each row's minimum was taken off.
// With gradient, also through the minimum (to the first one on ties).
at::Tensor transport_cost(const at::Tensor& x, const at::Tensor& y);

// Masses a [N] and b [K], cost [N, K], all double and detached.
Transport solve_unbalanced(const at::Tensor& cost, const at::Tensor& a, const at::Tensor& b,
                           const TransportOptions& options);
Transport solve_balanced(const at::Tensor& cost, const at::Tensor& a, const at::Tensor& b,
                         const TransportOptions& options);

// MOTCAT's plan between x [N, D] and y [K, D]: the cost is divided by its maximum first (a cost of
// 0 everywhere stays so). N and K from 1.
Transport transport(const at::Tensor& x, const at::Tensor& y, const TransportOptions& options);

// The same for costs [N, K] of another kind, not negative; masses are uniform in both forms.
Transport transport_of_cost(const at::Tensor& cost, const TransportOptions& options);

}  // namespace tractrix::nn
