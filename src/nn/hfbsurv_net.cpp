#include "tractrix/nn/hfbsurv_net.hpp"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include <optional>
#include <string>

namespace tractrix::nn {
namespace hfbsurv {

constexpr const char* kNames[] = {"gene", "path", "cona"};
constexpr double kLeastNorm = 1e-12;

// A module around a list: "encoder.i.0.weight".
struct SubNetImpl : torch::nn::Module {
  explicit SubNetImpl(const std::vector<Mlp>& layers) {
    torch::nn::ModuleList list;
    for (const auto& layer : layers) list->push_back(layer);
    register_module("encoder", list);
  }
};
TORCH_MODULE(SubNet);

Mlp layer_of(int64_t in, int64_t out, std::optional<double> dropout = {}) {
  return Mlp(MlpOptions{.widths = {in, out}, .activation = Activation::tanh, .dropout = dropout});
}

at::Tensor through(const std::vector<Mlp>& layers, at::Tensor x) {
  for (Mlp layer : layers) x = layer->forward(x);
  return x;
}

}  // namespace hfbsurv

struct HfbsurvNetImpl::Weighed {
  std::vector<at::Tensor> scores;   // [B, 1], in (0, 1)
  std::vector<at::Tensor> vectors;  // [B, hidden + intra], scores times the modality's
};

HfbsurvNetImpl::HfbsurvNetImpl(const HfbsurvOptions& options) : options_(options) {
  const auto& o = options_;
  const size_t modalities = o.in.size();
  TORCH_CHECK(modalities == 2 || modalities == 3, "HfbsurvNet: two or three modalities");
  make_norm();
  const int64_t joint = o.hidden + o.intra;
  const MlpOptions attention{.widths = {joint, 1}, .activation = Activation::sigmoid};
  attention_ = register_module("attention", Mlp(attention));
  for (size_t m = 0; m < modalities; ++m) {
    encoders_.push_back(
        {hfbsurv::layer_of(o.in[m], o.hidden), hfbsurv::layer_of(o.hidden, o.hidden)});
    register_module(std::string("encoder_") + hfbsurv::kNames[m], hfbsurv::SubNet(encoders_[m]));
  }
  for (size_t m = 0; m < modalities; ++m)
    within_.push_back(register_module(std::string("Linear_") + hfbsurv::kNames[m],
                                      torch::nn::Linear(o.hidden, o.intra * o.rank)));
  for (size_t m = 0; m < modalities; ++m)
    between_.push_back(register_module(std::string("Linear_") + hfbsurv::kNames[m] + "_a",
                                       torch::nn::Linear(joint, o.inter * o.rank)));
  torch::nn::ModuleList head;
  int64_t width = joint + o.inter;
  for (const int64_t next : o.head) {
    head_.push_back(hfbsurv::layer_of(width, next, o.head_dropout));
    head->push_back(head_.back());
    width = next;
  }
  register_module("encoder", head);
  const MlpOptions last{.widths = {width, o.outputs}, .linear_end = true};
  classifier_ = register_module("classifier", Mlp(last));
}

void HfbsurvNetImpl::make_norm() {
  const int64_t width = options_.hidden + options_.intra + options_.inter;
  if (options_.batch_norm)
    batch_norm_ = register_module("norm", torch::nn::BatchNorm1d(width));
  else
    layer_norm_ =
        register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})));
}

at::Tensor HfbsurvNetImpl::product(const at::Tensor& a, const at::Tensor& b) const {
  const at::Tensor all = at::dropout(a * b, options_.product_dropout, is_training());
  const at::Tensor sum = all.unflatten(1, {-1, options_.rank}).sum(2);
  // Roots of relu: their gradient at 0 is 0, that of sqrt(|x|) is infinite.
  const at::Tensor root = at::relu(sum).sqrt() - at::relu(-sum).sqrt();
  return root / root.norm(2, 1, true).clamp_min(hfbsurv::kLeastNorm);
}

HfbsurvNetImpl::Weighed HfbsurvNetImpl::weigh(const std::vector<at::Tensor>& vectors) {
  Weighed out;
  std::vector<at::Tensor> joint;
  for (size_t m = 0; m < vectors.size(); ++m) {
    const at::Tensor f = hfbsurv::through(encoders_[m], vectors[m]);  // [B, hidden]
    const at::Tensor wide = within_[m]->forward(f);
    joint.push_back(at::cat({f, product(wide, wide)}, 1));
    out.scores.push_back(attention_->forward(joint.back()));
    const bool genes_instead = options_.upstream_bugs && m == 2;
    out.vectors.push_back(out.scores[m] * joint[genes_instead ? 0 : m]);
  }
  return out;
}

// Pairs of modalities, each weighed by how little the two have in common; of two modalities there
// is one pair, with weight 1.
at::Tensor HfbsurvNetImpl::products_between(const Weighed& weighed) {
  std::vector<at::Tensor> wide, shares, products, scores;
  for (size_t m = 0; m < weighed.vectors.size(); ++m) {
    const size_t layer = options_.upstream_bugs ? 0 : m;
    wide.push_back(between_[layer]->forward(weighed.vectors[m]));
    shares.push_back(weighed.vectors[m].softmax(1));
  }
  for (size_t i = 0; i < wide.size(); ++i) {
    for (size_t j = i + 1; j < wide.size(); ++j) {
      const at::Tensor alike = (shares[i] * shares[j]).sum(1, true);  // [B, 1]
      scores.push_back((weighed.scores[i] + weighed.scores[j]) / (alike + 0.5));
      products.push_back(product(wide[i], wide[j]));
    }
  }
  const at::Tensor weights = at::cat(scores, 1).softmax(1).unsqueeze(2);  // [B, pairs, 1]
  return (weights * at::stack(products, 1)).sum(1);
}

HfbsurvOutput HfbsurvNetImpl::forward(const std::vector<at::Tensor>& vectors) {
  TORCH_CHECK(vectors.size() == options_.in.size(), "HfbsurvNet: one vector per modality");
  const Weighed weighed = weigh(vectors);
  at::Tensor single = weighed.vectors[0];
  for (size_t m = 1; m < weighed.vectors.size(); ++m) single = single + weighed.vectors[m];
  at::Tensor joint = at::cat({single, products_between(weighed)}, 1);
  joint = batch_norm_ ? batch_norm_->forward(joint) : layer_norm_->forward(joint);
  const at::Tensor code = hfbsurv::through(head_, joint);
  return {code, classifier_->forward(code)};
}

}  // namespace tractrix::nn
