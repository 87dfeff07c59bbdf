#include "tractrix/tensor/safetensors_io.hpp"

#include <ATen/ATen.h>

#include <cstring>

namespace tractrix {
namespace {

constexpr std::pair<Dtype, at::ScalarType> kTypes[] = {
    {Dtype::f64, at::kDouble},    {Dtype::f32, at::kFloat},  {Dtype::f16, at::kHalf},
    {Dtype::bf16, at::kBFloat16}, {Dtype::i64, at::kLong},   {Dtype::i32, at::kInt},
    {Dtype::i16, at::kShort},     {Dtype::i8, at::kChar},    {Dtype::u64, at::kUInt64},
    {Dtype::u32, at::kUInt32},    {Dtype::u16, at::kUInt16}, {Dtype::u8, at::kByte},
    {Dtype::boolean, at::kBool}};

}  // namespace

at::ScalarType scalar_type(Dtype dtype) {
  for (const auto& [ours, theirs] : kTypes)
    if (ours == dtype) return theirs;
  throw std::logic_error("a dtype without a tensor type");
}

Dtype dtype_of(at::ScalarType type) {
  for (const auto& [ours, theirs] : kTypes)
    if (theirs == type) return ours;
  throw Error("safetensors", std::string("cannot hold tensors of type ") + c10::toString(type));
}

Tensors to_tensors(const Safetensors& file) {
  Tensors tensors;
  for (const auto& [name, view] : file.tensors()) {
    auto tensor = at::empty(view.shape, scalar_type(view.dtype));
    if (!view.bytes.empty()) std::memcpy(tensor.data_ptr(), view.bytes.data(), view.bytes.size());
    tensors[name] = std::move(tensor);
  }
  return tensors;
}

Tensors read_tensors(const std::filesystem::path& file) {
  return to_tensors(Safetensors::read(file));
}

void write_tensors(const std::filesystem::path& file, const Tensors& tensors,
                   const Named<std::string>& metadata) {
  std::vector<at::Tensor> alive;  // contiguous CPU copies, as long as the views are used
  Named<TensorBytes> views;
  for (const auto& [name, tensor] : tensors) {
    const auto& t = alive.emplace_back(tensor.detach().to(at::kCPU).contiguous());
    views[name] = {dtype_of(t.scalar_type()),
                   t.sizes().vec(),
                   {static_cast<const char*>(t.data_ptr()), static_cast<size_t>(t.nbytes())}};
  }
  write_safetensors(file, views, metadata);
}

}  // namespace tractrix
