// One bag encoder, one vector encoder, one fusion: the network behind the simple survival
// baselines. Children keep the names of the references' files, so that their weights load
// unchanged: MCAT models/model_genomic.py (SNN) and models/model_set_mil.py (AMIL), commit b9cca63;
// MambaMIL models/Mean_Max_MIL.py, 9aea39e, and models/ABMIL.py (abmil_lab), 7e0133f; the genomics
// branch of CMTA, 31340f6; TransMIL models/TransMIL.py, 9d6aee5; CLAM's survival form in MOTCat
// models/model_clam.py, fe70abc.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <vector>

#include "tractrix/nn/attention_net.hpp"
#include "tractrix/nn/bilinear_fusion.hpp"
#include "tractrix/nn/gene_tokens.hpp"
#include "tractrix/nn/instance_branch.hpp"
#include "tractrix/nn/kronecker_fusion.hpp"
#include "tractrix/nn/mlp.hpp"
#include "tractrix/nn/snn_block.hpp"
#include "tractrix/nn/trans_layer.hpp"

namespace tractrix::nn {

// abmil: MCAT's, with a layer (rho) behind the pooling. abmil_lab: MambaMIL's, without it and with
// no dropout inside the attention. clam_sb, clam_mb: one attention for all classes or one for each,
// with an instance branch. transmil: class token of two Nystrom layers around PPEG.
enum class BagEncoder { none, mean, max, abmil, abmil_lab, transmil, clam_sb, clam_mb };
enum class PoolAt { logits, features };  // of mean and max
enum class VectorEncoder { none, linear, snn, mlp, transformer };
enum class Fusion { none, concat, bilinear, kronecker };

struct FusionNetOptions {
  BagEncoder bag = BagEncoder::none;
  PoolAt pool_at = PoolAt::logits;
  int64_t bag_columns = 0, hidden = 512, attention = 256, bag_out = 256;
  bool gated = true;
  double bag_dropout = 0.25;
  Slice slice = Slice::tail;      // transmil; head: as package 0.0.9 did (specs D-01)
  Form form = Form::reference;    // transmil, transformer
  double token_deviation = 1e-6;  // transmil; 1 in its own repository, 1e-6 in MambaMIL
  int64_t instances = 8;          // clam: patches of each kind
  bool subtyping = false;         // clam: see InstanceBranch
  VectorEncoder vector = VectorEncoder::none;
  int64_t vector_columns = 0;
  std::vector<std::vector<int64_t>> groups;  // transformer: columns of each gene group
  std::vector<int64_t> widths{256, 256, 256, 256};
  int64_t token_hidden = 1024;
  double vector_dropout = 0.25;
  Fusion fusion = Fusion::none;
  int64_t classes = 4;
};

struct FusionOutput {
  at::Tensor logits;  // [B, classes]
  // What the encoder takes from each patch: [N], clam_mb [classes, N]; and where it is asked for,
  // transmil [heads, N] (the class token's row of its last layer; not with slice head), mean [N]
  // (1/N), max [logits, N] (1 for the patch a logit comes from; of pooled features [N], their
  // share).
  at::Tensor attention;
  at::Tensor rows;  // [N, hidden], clam only: the patches its instance branch sees
};

class FusionNetImpl : public torch::nn::Module {
 public:
  explicit FusionNetImpl(const FusionNetOptions& options);
  // bag [N, D] or undefined, vector [B, G] or undefined (B = 1 beside a bag).
  // show_attention: also that of encoders which do not compute it on their way.
  FusionOutput forward(const at::Tensor& bag, const at::Tensor& vector,
                       bool show_attention = false);
  // clam only: what the instance branch says of the patches of a bag with this label.
  InstanceOutput judge_instances(const FusionOutput& out, int64_t label);

 private:
  bool is_clam() const;
  bool pools_logits() const;
  int64_t make_lab_attention();
  at::Tensor encode_lab(const at::Tensor& bag, FusionOutput& out);
  int64_t make_clam();
  int64_t make_transmil();
  void make_classifier(int64_t width);
  at::Tensor classify(const at::Tensor& fused);
  int64_t make_bag_encoder();  // -> width of its vector
  int64_t make_vector_encoder();
  int64_t make_fusion(int64_t bag, int64_t vector);
  at::Tensor encode_bag(const at::Tensor& bag, bool show, FusionOutput& out);
  at::Tensor encode_transmil(const at::Tensor& bag, bool show, FusionOutput& out);
  at::Tensor pool(const at::Tensor& bag, bool show, FusionOutput& out);
  at::Tensor encode_vector(const at::Tensor& x);

  FusionNetOptions options_;
  AttentionNet attention_net_{nullptr};
  Mlp rho_{nullptr}, head_{nullptr}, concat_{nullptr};
  Mlp feature_{nullptr}, attention_{nullptr}, attention_gate_{nullptr};  // abmil_lab
  torch::nn::Linear attention_weights_{nullptr};
  Snn fc_omic_{nullptr};
  GeneTokens genomics_fc_{nullptr};
  TokenEncoder genomics_encoder_{nullptr};
  BilinearFusion bilinear_{nullptr};
  KroneckerFusion kronecker_{nullptr};
  TokenEncoder transmil_{nullptr};  // its parts are registered one level up
  torch::nn::Linear classifier_{nullptr};
  std::vector<torch::nn::Linear> class_heads_;  // clam_mb: "classifiers.c"
  InstanceBranch instance_classifiers_{nullptr};
  Mlp classifier_list_{nullptr};  // abmil_lab alone: "classifier.0"
};
TORCH_MODULE(FusionNet);

}  // namespace tractrix::nn
