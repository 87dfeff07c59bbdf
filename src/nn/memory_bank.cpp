#include "tractrix/nn/memory_bank.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace tractrix::nn {

MemoryBankImpl::MemoryBankImpl(int64_t size, int64_t dim) : size_(size) {
  TORCH_CHECK(size > 0 && dim > 0, "MemoryBank: needs a size and a width above 0");
  all_.vector = register_buffer("vector", at::zeros({size, dim}));
  all_.risk = register_buffer("risk", at::zeros({size}));
  all_.time = register_buffer("time", at::zeros({size}));
  all_.event = register_buffer("event", at::zeros({size}));
  all_.id = register_buffer("id", at::zeros({size}, at::kLong));
  pushed_ = register_buffer("pushed", at::zeros({}, at::kLong));
}

void MemoryBankImpl::push(const BankRows& rows) {
  const at::NoGradGuard no_grad;
  const int64_t n = rows.id.size(0), kept = std::min(n, size_);
  const at::Tensor place =
      (at::arange(n - kept, n, rows.id.options()) + pushed_.to(rows.id.device())).remainder(size_);
  const auto put = [&](at::Tensor& buffer, const at::Tensor& value) {
    buffer.index_copy_(0, place.to(buffer.device()),
                       value.narrow(0, n - kept, kept).to(buffer.options()));
  };
  put(all_.vector, rows.vector);
  put(all_.risk, rows.risk);
  put(all_.time, rows.time);
  put(all_.event, rows.event);
  put(all_.id, rows.id);
  pushed_.add_(n);
}

BankRows MemoryBankImpl::rows() const {
  const int64_t count = std::min(pushed_.item<int64_t>(), size_);
  const auto take = [&](const at::Tensor& of) { return of.narrow(0, 0, count).clone(); };
  return {take(all_.vector), take(all_.risk), take(all_.time), take(all_.event), take(all_.id)};
}

}  // namespace tractrix::nn
