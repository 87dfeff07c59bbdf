#include "cholesky.hpp"

#include <cmath>

namespace tractrix::survival {

Cholesky::Cholesky(std::span<const double> matrix, size_t n, double tolerance)
    : n_(n), factor_(n * n, 0.0) {
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double rest = matrix[i * n + j];
      for (size_t l = 0; l < j; ++l) rest -= factor_[i * n + l] * factor_[j * n + l];
      if (j < i) {
        factor_[i * n + j] = rest / factor_[j * n + j];
      } else if (!(rest > tolerance * matrix[i * n + i])) {
        dependent_ = i;
        return;
      } else {
        factor_[i * n + i] = std::sqrt(rest);
      }
    }
  }
}

std::vector<double> Cholesky::combination() const {
  const size_t row = dependent_.value();
  std::vector<double> weight(factor_.begin() + static_cast<long>(row * n_),
                             factor_.begin() + static_cast<long>(row * n_ + row));
  backward(weight, row);
  return weight;
}

std::vector<double> Cholesky::forward(std::span<const double> right) const {
  std::vector<double> solved(n_);
  for (size_t i = 0; i < n_; ++i) {
    double rest = right[i];
    for (size_t l = 0; l < i; ++l) rest -= factor_[i * n_ + l] * solved[l];
    solved[i] = rest / factor_[i * n_ + i];
  }
  return solved;
}

void Cholesky::backward(std::vector<double>& right, size_t rows) const {
  for (size_t i = rows; i > 0; --i) {
    for (size_t l = i; l < rows; ++l) right[i - 1] -= factor_[l * n_ + i - 1] * right[l];
    right[i - 1] /= factor_[(i - 1) * n_ + i - 1];
  }
}

std::vector<double> Cholesky::solve(std::span<const double> right) const {
  std::vector<double> result = forward(right);
  backward(result, n_);
  return result;
}

double Cholesky::quadratic(std::span<const double> right) const {
  double sum = 0;
  for (double value : forward(right)) sum += value * value;
  return sum;
}

std::vector<double> Cholesky::inverse() const {
  std::vector<double> result(n_ * n_);
  std::vector<double> unit(n_, 0.0);
  for (size_t i = 0; i < n_; ++i) {
    unit[i] = 1;
    const std::vector<double> column = solve(unit);
    unit[i] = 0;
    for (size_t j = 0; j < n_; ++j) result[i * n_ + j] = column[j];
  }
  return result;
}

}  // namespace tractrix::survival
