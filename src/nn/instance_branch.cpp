#include "tractrix/nn/instance_branch.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <string>

namespace tractrix::nn {

InstanceBranchImpl::InstanceBranchImpl(const InstanceBranchOptions& options) : options_(options) {
  for (int64_t c = 0; c < options.classes; ++c)
    classifiers_.push_back(
        register_module(std::to_string(c), torch::nn::Linear(options.in, int64_t{2})));
}

InstanceOutput InstanceBranchImpl::forward(const at::Tensor& rows, const at::Tensor& weights,
                                           int64_t label) {
  const int64_t heads = weights.size(0);
  TORCH_CHECK(rows.dim() == 2 && weights.dim() == 2 && weights.size(1) == rows.size(0) &&
                  (heads == 1 || heads == options_.classes),
              "InstanceBranch: rows must be [N, D], weights [1 or classes, N]");
  TORCH_CHECK(label >= 0 && label < options_.classes, "InstanceBranch: no such class");
  const int64_t k = std::min(options_.samples, rows.size(0));
  const at::Tensor fixed = weights.detach();
  InstanceOutput out;
  out.top = std::get<1>(fixed.topk(k, 1));
  out.bottom = std::get<1>(fixed.neg().topk(k, 1));
  const auto integers = out.top.options();
  std::vector<at::Tensor> losses, predictions, labels;
  for (int64_t c = 0; c < options_.classes; ++c) {
    if (c != label && !options_.subtyping) continue;
    const int64_t head = heads == 1 ? 0 : c;
    at::Tensor ids = out.top[head], target = at::zeros({k}, integers);
    if (c == label) {
      ids = at::cat({ids, out.bottom[head]});
      target = at::cat({at::ones({k}, integers), target});
    }
    const at::Tensor logits =
        classifiers_[static_cast<size_t>(c)]->forward(rows.index_select(0, ids));  // [ids, 2]
    losses.push_back(at::cross_entropy_loss(logits, target));
    predictions.push_back(logits.argmax(1));
    labels.push_back(target);
  }
  out.loss = at::stack(losses).sum();
  if (options_.subtyping) out.loss = out.loss / options_.classes;
  out.predictions = at::cat(predictions);
  out.labels = at::cat(labels);
  return out;
}

}  // namespace tractrix::nn
