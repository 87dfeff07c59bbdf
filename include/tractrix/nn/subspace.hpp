// A low-rank subspace span(B), B [dim, rank], whose projection is applied as B (B^T x): the
// dim x dim matrix is never formed (MUST, arXiv 2603.26071, Eq. 8 and 9).
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace tractrix::nn {

// How B keeps its columns orthonormal, which makes the projection idempotent. householder: product
// of reflectors whose vectors are free below a unit diagonal (torch's orthogonal parametrisation of
// tall matrices). qr: the Q factor of a free matrix. stiefel: qr, and retract() after a step
// replaces the matrix by its Q factor: gradients are then tangent to the Stiefel manifold. free: B
// itself is free; the projection is not idempotent unless penalty() makes it so.
enum class SubspaceKind { householder, qr, stiefel, free };

struct SubspaceOptions {
  int64_t dim = 256, rank = 64;
  SubspaceKind kind = SubspaceKind::householder;
};

// Parameter weight [dim, rank]; buffer sign [rank] (householder). Starts as the Q factor of a
// Gaussian matrix.
class SubspaceImpl : public torch::nn::Module {
 public:
  explicit SubspaceImpl(const SubspaceOptions& options);  // throws unless 1 <= rank <= dim

  at::Tensor basis() const;    // [dim, rank]
  at::Tensor penalty() const;  // |B^T B - I|^2, a scalar
  void retract();              // stiefel only, else nothing; no graph

 private:
  SubspaceOptions options_;
  at::Tensor weight_, sign_;
};
TORCH_MODULE(Subspace);

// Rows of x [..., dim] onto the span of basis [dim, rank], and what is left of them.
at::Tensor project_onto(const at::Tensor& basis, const at::Tensor& x);
at::Tensor project_off(const at::Tensor& basis, const at::Tensor& x);

// First `rank` columns of the product of reflectors I - 2 v v^T / v^T v, v = the columns of
// `reflectors` [dim, rank] below their diagonal, with 1 on it: I - V T V^T with T^-1 the upper
// triangle of V^T V and half its diagonal (Schreiber & Van Loan 1989): matrix products and one
// triangular solve instead of a loop over reflectors.
at::Tensor householder_columns(const at::Tensor& reflectors);

}  // namespace tractrix::nn
