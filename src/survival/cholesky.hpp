// Small dense symmetric systems (up to some tens of rows): Cholesky with a check of every pivot.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace tractrix::survival {

class Cholesky {
 public:
  // matrix: [n, n] row-major, of which the lower triangle is read. A pivot that is not above
  // tolerance times its diagonal entry ends the factorisation: that row depends on those before.
  Cholesky(std::span<const double> matrix, size_t n, double tolerance);

  // The row where it ended; none when the matrix is positive definite. The functions below but
  // combination() need a whole factorisation.
  std::optional<size_t> dependent() const { return dependent_; }

  // Weights of the rows before the dependent one: row = sum of weight_k row_k.
  std::vector<double> combination() const;

  std::vector<double> solve(std::span<const double> right) const;  // matrix^-1 right
  double quadratic(std::span<const double> right) const;           // right' matrix^-1 right
  std::vector<double> inverse() const;                             // [n, n]

 private:
  std::vector<double> forward(std::span<const double> right) const;  // factor^-1 right
  void backward(std::vector<double>& right, size_t rows) const;      // factor'^-1 right, in place

  size_t n_;
  std::vector<double> factor_;  // [n, n], lower triangle
  std::optional<size_t> dependent_;
};

}  // namespace tractrix::survival
