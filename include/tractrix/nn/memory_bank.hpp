// The last rows that a model made of patients, with what is known of them: first in, first out.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

namespace tractrix::nn {

struct BankRows {
  at::Tensor vector;       // [n, D]
  at::Tensor risk;         // [n]
  at::Tensor time, event;  // [n]
  at::Tensor id;           // [n] int64
};

// All state is buffers: vector, risk, time, event, id of `size` entries and how many were ever
// pushed. Times have the model's type.
class MemoryBankImpl : public torch::nn::Module {
 public:
  MemoryBankImpl(int64_t size, int64_t dim);
  // In place, oldest entries overwritten; of more rows than entries the last ones stay.
  void push(const BankRows& rows);
  BankRows rows() const;  // copies of the entries so far, in no particular order

 private:
  int64_t size_;
  BankRows all_;
  at::Tensor pushed_;  // [] int64
};
TORCH_MODULE(MemoryBank);

}  // namespace tractrix::nn
