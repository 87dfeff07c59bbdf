// Column-wise standardisation, fitted on the training patients of a fold only.
#pragma once

#include <ATen/core/Tensor.h>

namespace tractrix::data {

// scikit-learn's StandardScaler rule in double precision: population variance, constant columns get
// scale 1 (variance <= n eps variance + (n mean eps)^2 counts as constant). NaN entries are left
// out of the fit.
struct Scaler {
  at::Tensor mean, scale;  // [D], double

  static Scaler fit(const at::Tensor& rows);       // [N, D], double
  at::Tensor apply(const at::Tensor& rows) const;  // [N, D] -> [N, D], double
};

}  // namespace tractrix::data
