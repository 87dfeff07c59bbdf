#include "tractrix/nn/fusion_net.hpp"

#include <ATen/ATen.h>
#include <torch/nn/modules/container/modulelist.h>

#include <optional>

#include "tractrix/nn/pooling.hpp"

namespace tractrix::nn {

FusionNetImpl::FusionNetImpl(const FusionNetOptions& options) : options_(options) {
  int64_t width = options_.bag == BagEncoder::none ? 0 : make_bag_encoder();
  if (options_.vector != VectorEncoder::none) {
    const int64_t vector = make_vector_encoder();
    width = options_.fusion == Fusion::none ? vector : make_fusion(width, vector);
  }
  if (!pools_logits()) make_classifier(width);
  if (!is_clam()) return;
  const InstanceBranchOptions instances{.in = options_.hidden,
                                        .classes = options_.classes,
                                        .samples = options_.instances,
                                        .subtyping = options_.subtyping};
  instance_classifiers_ = register_module("instance_classifiers", InstanceBranch(instances));
}

bool FusionNetImpl::is_clam() const {
  return options_.bag == BagEncoder::clam_sb || options_.bag == BagEncoder::clam_mb;
}

void FusionNetImpl::make_classifier(int64_t width) {
  const auto& o = options_;
  const bool alone = o.fusion == Fusion::none;
  if (alone && o.bag == BagEncoder::abmil_lab) {
    const MlpOptions list{.widths = {width, o.classes}, .linear_end = true};
    classifier_list_ = register_module("classifier", Mlp(list));
  } else if (o.bag == BagEncoder::clam_mb) {
    TORCH_CHECK(alone, "FusionNet: clam_mb has a vector for each class and cannot be fused");
    torch::nn::ModuleList heads;
    for (int64_t c = 0; c < o.classes; ++c) class_heads_.emplace_back(width, int64_t{1});
    for (const auto& head : class_heads_) heads->push_back(head);
    register_module("classifiers", heads);
  } else {
    const char* name = !alone                          ? "classifier"
                       : o.bag == BagEncoder::transmil ? "_fc2"
                       : o.bag == BagEncoder::clam_sb  ? "classifiers"
                                                       : "classifier";
    classifier_ = register_module(name, torch::nn::Linear(width, o.classes));
  }
}

int64_t FusionNetImpl::make_clam() {
  const auto& o = options_;
  AttentionNetOptions net{.in = o.bag_columns, .hidden = o.hidden, .attention = o.attention};
  net.heads = o.bag == BagEncoder::clam_mb ? o.classes : 1;
  net.gated = o.gated;
  net.dropout = o.bag_dropout;
  net.attention_dropout = o.bag_dropout > 0 ? std::optional(o.bag_dropout) : std::nullopt;
  attention_net_ = register_module("attention_net", AttentionNet(net));
  return o.hidden;
}

int64_t FusionNetImpl::make_transmil() {
  const auto& o = options_;
  TokenEncoderOptions trunk;
  trunk.layer.dim = o.hidden;
  trunk.layer.slice = o.slice;
  trunk.layer.form = o.form;
  trunk.grid = true;
  trunk.in = o.bag_columns;
  trunk.in_dropout = o.bag_dropout;
  trunk.token_deviation = o.token_deviation;
  transmil_ = TokenEncoder(trunk);
  transmil_->spread_into(*this);
  return o.hidden;
}

bool FusionNetImpl::pools_logits() const {
  return (options_.bag == BagEncoder::mean || options_.bag == BagEncoder::max) &&
         options_.pool_at == PoolAt::logits;
}

int64_t FusionNetImpl::make_lab_attention() {
  const auto& o = options_;
  feature_ = register_module(
      "feature", Mlp(MlpOptions{.widths = {o.bag_columns, o.hidden}, .dropout = o.bag_dropout}));
  MlpOptions scores{{o.hidden, o.attention}, Activation::tanh};
  if (o.gated) {
    attention_ = register_module("attention_V", Mlp(scores));
    scores.activation = Activation::sigmoid;
    attention_gate_ = register_module("attention_U", Mlp(scores));
    attention_weights_ = register_module("attention_weights", torch::nn::Linear(o.attention, 1));
  } else {
    scores.widths.push_back(1);
    scores.linear_end = true;
    attention_ = register_module("attention", Mlp(scores));
  }
  return o.hidden;
}

int64_t FusionNetImpl::make_bag_encoder() {
  const auto& o = options_;
  if (o.bag == BagEncoder::abmil_lab) return make_lab_attention();
  if (o.bag == BagEncoder::transmil) return make_transmil();
  if (is_clam()) return make_clam();
  if (o.bag == BagEncoder::abmil) {
    AttentionNetOptions net{.in = o.bag_columns, .hidden = o.hidden, .attention = o.attention};
    net.gated = o.gated;
    net.dropout = o.bag_dropout;
    net.attention_dropout = o.bag_dropout;
    attention_net_ = register_module("attention_net", AttentionNet(net));
    rho_ = register_module(
        "rho", Mlp(MlpOptions{.widths = {o.hidden, o.bag_out}, .dropout = o.bag_dropout}));
    return o.bag_out;
  }
  MlpOptions head{.widths = {o.bag_columns, o.hidden, pools_logits() ? o.classes : o.bag_out},
                  .dropout = o.bag_dropout};
  head.linear_end = pools_logits();
  head_ = register_module("head", Mlp(head));
  return head.widths.back();
}

int64_t FusionNetImpl::make_vector_encoder() {
  const auto& o = options_;
  if (o.vector == VectorEncoder::linear) return o.vector_columns;
  const int64_t out = o.widths.back();
  if (o.vector != VectorEncoder::transformer) {
    SnnOptions snn{{o.vector_columns},
                   o.vector_dropout,
                   o.vector == VectorEncoder::snn ? Unit::snn : Unit::mlp};
    snn.widths.insert(snn.widths.end(), o.widths.begin(), o.widths.end());
    fc_omic_ = register_module("fc_omic", Snn(snn));
    return out;
  }
  const GeneTokensOptions tokens{
      .groups = o.groups, .widths = {o.token_hidden, out}, .dropout = o.vector_dropout};
  genomics_fc_ = register_module("genomics_fc", GeneTokens(tokens));
  TokenEncoderOptions encoder;
  encoder.layer.dim = out;
  encoder.layer.form = o.form;
  genomics_encoder_ = register_module("genomics_encoder", TokenEncoder(encoder));
  return out;
}

int64_t FusionNetImpl::make_fusion(int64_t bag, int64_t vector) {
  constexpr int64_t kOut = 256;
  if (options_.fusion == Fusion::concat) {
    concat_ = register_module("mm", Mlp(MlpOptions{.widths = {bag + vector, kOut, kOut}}));
  } else if (options_.fusion == Fusion::bilinear) {
    BilinearFusionOptions o{.in1 = bag, .in2 = vector};
    o.dropout = options_.bag_dropout;
    bilinear_ = register_module("mm", BilinearFusion(o));
  } else {
    KroneckerFusionOptions o;
    o.in = {bag, vector};
    o.dropout = options_.bag_dropout;
    kronecker_ = register_module("mm", KroneckerFusion(o));
  }
  return kOut;
}

at::Tensor FusionNetImpl::encode_lab(const at::Tensor& bag, FusionOutput& out) {
  const at::Tensor rows = feature_->forward(bag);  // [N, hidden]
  at::Tensor scores = attention_->forward(rows);   // [N, 1], gated: [N, attention]
  if (attention_gate_)
    scores = attention_weights_->forward(scores * attention_gate_->forward(rows));
  const AttentionPooled pooled = attention_pool(rows, scores);
  out.attention = pooled.weights.squeeze(0);
  return pooled.pooled;
}

at::Tensor FusionNetImpl::encode_transmil(const at::Tensor& bag, bool show, FusionOutput& out) {
  if (!show || options_.slice == Slice::head) return transmil_->forward_token(bag.unsqueeze(0));
  const auto [token, weights] = transmil_->forward_attended(bag.unsqueeze(0));
  out.attention = weights.squeeze(0);
  return token;
}

at::Tensor FusionNetImpl::pool(const at::Tensor& bag, bool show, FusionOutput& out) {
  const at::Tensor rows = head_->forward(bag);  // [N, classes] or [N, bag_out]
  const int64_t n = rows.size(0);
  const bool mean = options_.bag == BagEncoder::mean;
  if (show && mean) out.attention = at::full({n}, 1.0 / static_cast<double>(n), rows.options());
  if (show && !mean) {
    const at::Tensor chosen = at::one_hot(rows.argmax(0), n).to(rows.scalar_type());
    out.attention = pools_logits() ? chosen : chosen.mean(0);
  }
  return mean ? mean_pool(rows) : max_pool(rows);
}

at::Tensor FusionNetImpl::encode_bag(const at::Tensor& bag, bool show, FusionOutput& out) {
  if (options_.bag == BagEncoder::abmil_lab) return encode_lab(bag, out);
  if (options_.bag == BagEncoder::transmil) return encode_transmil(bag, show, out);
  if (is_clam()) {
    const auto pooled = attention_net_->forward(bag);
    out.attention = pooled.weights.size(0) == 1 ? pooled.weights.squeeze(0) : pooled.weights;
    out.rows = pooled.rows;
    return pooled.pooled;
  }
  if (options_.bag == BagEncoder::abmil) {
    const auto pooled = attention_net_->forward(bag);
    out.attention = pooled.weights.squeeze(0);
    return rho_->forward(pooled.pooled);
  }
  return pool(bag, show, out);
}

at::Tensor FusionNetImpl::encode_vector(const at::Tensor& x) {
  if (options_.vector == VectorEncoder::linear) return x;
  if (options_.vector != VectorEncoder::transformer) return fc_omic_->forward(x);
  return genomics_encoder_->forward_token(genomics_fc_->forward(x));
}

FusionOutput FusionNetImpl::forward(const at::Tensor& bag, const at::Tensor& vector,
                                    bool show_attention) {
  FusionOutput out;
  const auto patches =
      options_.bag == BagEncoder::none ? at::Tensor() : encode_bag(bag, show_attention, out);
  const auto genes = options_.vector == VectorEncoder::none ? at::Tensor() : encode_vector(vector);
  at::Tensor fused = patches.defined() ? patches : genes;
  switch (options_.fusion) {
    case Fusion::none:
      break;
    case Fusion::concat:
      fused = concat_->forward(at::cat({patches, genes}, 1));
      break;
    case Fusion::bilinear:
      fused = bilinear_->forward(patches, genes);
      break;
    case Fusion::kronecker:
      fused = kronecker_->forward({patches, genes});
      break;
  }
  out.logits = classify(fused);
  return out;
}

at::Tensor FusionNetImpl::classify(const at::Tensor& fused) {
  if (pools_logits()) return fused;
  if (classifier_list_) return classifier_list_->forward(fused);
  if (class_heads_.empty()) return classifier_->forward(fused);
  std::vector<at::Tensor> logits;
  for (size_t c = 0; c < class_heads_.size(); ++c)
    logits.push_back(class_heads_[c]->forward(fused.narrow(0, static_cast<int64_t>(c), 1)));
  return at::cat(logits, 1);  // [1, classes]
}

InstanceOutput FusionNetImpl::judge_instances(const FusionOutput& out, int64_t label) {
  TORCH_CHECK(instance_classifiers_ && out.rows.defined(),
              "FusionNet: this bag encoder has no instance branch");
  const at::Tensor weights = out.attention.dim() == 1 ? out.attention.unsqueeze(0) : out.attention;
  return instance_classifiers_->forward(out.rows, weights, label);
}

}  // namespace tractrix::nn
