#include "tractrix/nn/subspace.hpp"

#include <ATen/ATen.h>

namespace tractrix::nn {
namespace subspace_detail {

// Q of the reduced factorisation, with the signs that make R's diagonal positive: a continuous
// function of x of full rank.
at::Tensor q_factor(const at::Tensor& x) {
  const auto [q, r] = at::linalg_qr(x);
  return q * at::where(r.diagonal() < 0, -1.0, 1.0).to(x.scalar_type());
}

}  // namespace subspace_detail

using namespace subspace_detail;

at::Tensor project_onto(const at::Tensor& basis, const at::Tensor& x) {
  return x.matmul(basis).matmul(basis.t());
}

at::Tensor project_off(const at::Tensor& basis, const at::Tensor& x) {
  return x - project_onto(basis, x);
}

at::Tensor householder_columns(const at::Tensor& reflectors) {
  const int64_t dim = reflectors.size(0), rank = reflectors.size(1);
  const at::Tensor unit = at::eye(dim, rank, reflectors.options());
  const at::Tensor v = reflectors.tril(-1) + unit;  // [dim, rank]
  const at::Tensor gram = v.t().matmul(v);
  const at::Tensor inverse = gram.triu(1) + at::diag_embed(gram.diagonal() / 2);
  const at::Tensor top = v.narrow(0, 0, rank).t();
  return unit - v.matmul(at::linalg_solve_triangular(inverse, top, true));
}

SubspaceImpl::SubspaceImpl(const SubspaceOptions& options) : options_(options) {
  TORCH_CHECK(options.rank >= 1 && options.rank <= options.dim,
              "Subspace: the rank must be between 1 and the width");
  const at::Tensor start = q_factor(at::randn({options.dim, options.rank}, at::kDouble));
  if (options.kind != SubspaceKind::householder) {
    weight_ = register_parameter("weight", start.to(at::kFloat).contiguous());
    return;
  }
  const at::Tensor reflectors = std::get<0>(at::geqrf(start)).tril(-1);
  const at::Tensor along = (householder_columns(reflectors) * start).sum(0);
  weight_ = register_parameter("weight", reflectors.to(at::kFloat).contiguous());
  sign_ = register_buffer("sign", at::where(along < 0, -1.0, 1.0).to(at::kFloat));
}

at::Tensor SubspaceImpl::basis() const {
  switch (options_.kind) {
    case SubspaceKind::householder:
      return householder_columns(weight_) * sign_;
    case SubspaceKind::free:
      return weight_;
    default:
      return q_factor(weight_);
  }
}

at::Tensor SubspaceImpl::penalty() const {
  const at::Tensor b = basis();
  return (b.t().matmul(b) - at::eye(options_.rank, b.options())).square().sum();
}

void SubspaceImpl::retract() {
  if (options_.kind != SubspaceKind::stiefel) return;
  const at::NoGradGuard no_grad;
  weight_.copy_(q_factor(weight_));
}

}  // namespace tractrix::nn
