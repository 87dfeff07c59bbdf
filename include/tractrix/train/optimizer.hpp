// Optimizers whose trajectories equal PyTorch's, with their state under the parameters' names.
//
// SGD, Adam and AdamW: torch.optim 2.11 (documentation pages of SGD, Adam, AdamW). RAdam: Liu et
// al., ICLR 2020, as torch.optim and as TransMIL's MyOptimizer/radam.py and SurvPath's
// custom_optims/radam.py write it (those decay `decoupled`). Lookahead: Zhang et al., NeurIPS 2019,
// with the slow weights of TransMIL's MyOptimizer/lookahead.py by default.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "tractrix/config/fields.hpp"
#include "tractrix/tensor/tensors.hpp"

namespace tractrix::train {

enum class OptimizerKind { sgd, adam, adamw, radam };
const std::vector<std::pair<const char*, OptimizerKind>>& names(OptimizerKind);

struct LookaheadOptions {
  int64_t k = 0;  // steps between two synchronisations; 0: no Lookahead
  double alpha = 0.5;
  // false: the slow weights are taken at the first synchronisation, which therefore changes nothing
  // (TransMIL's code); true: they are the initial weights (the paper).
  bool from_start = false;
};
void fields(config::Fields& f, LookaheadOptions& o);

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adam;
  double momentum = 0, dampening = 0;  // sgd
  bool nesterov = false;               // sgd
  std::vector<double> betas{0.9, 0.999};
  double eps = 1e-8;
  bool amsgrad = false;    // adam, adamw
  bool decoupled = false;  // radam: decay as in adamw
  double weight_decay = 0;
  bool decay_vectors = true;  // false: tensors of at most one dimension are not decayed
  LookaheadOptions lookahead;
};
void fields(config::Fields& f, OptimizerOptions& o);

struct Parameter {
  std::string name;
  at::Tensor value;  // a contiguous leaf; updated in place
  bool decay = true;
};

class Optimizer {
 public:
  // All parameters share one device and one floating type; names are unique.
  Optimizer(OptimizerOptions options, std::vector<Parameter> parameters);

  // One update. Parameters without a gradient are left alone, moments and step count included, as
  // in PyTorch: one that joins late starts its own bias correction.
  void step(double lr);

  // Drops the gradients; the next backward pass stores its own tensors instead of adding to zeros.
  void zero_grad();

  // The gradients that are there, in the order of the parameters.
  std::vector<at::Tensor> gradients() const;
  // Names of parameters whose gradient holds a NaN or an infinity (reads all of them: for
  // messages).
  std::vector<std::string> not_finite() const;

  // optimizer/steps; per parameter optimizer/step/NAME and, as the kind needs them,
  // optimizer/exp_avg/NAME, exp_avg_sq, max_exp_avg_sq, momentum_buffer, slow and syncs. The
  // buffers are the living ones, not copies.
  Tensors state() const;

  // Copies a state() in place; keys without the prefix optimizer/ are ignored. Throws an Error that
  // lists every entry that is missing, left over or of another shape or type; nothing is changed
  // then.
  void restore(const Tensors& state);

  const OptimizerOptions& options() const { return options_; }

 private:
  struct Slot {
    Parameter parameter;
    int64_t step = 0;                   // updates this parameter has taken part in
    int64_t syncs = 0;                  // Lookahead synchronisations it has seen
    at::Tensor first, second, largest;  // momentum_buffer or exp_avg; exp_avg_sq; max_exp_avg_sq
    at::Tensor slow;
  };
  static Tensors buffers(const OptimizerOptions& options, const Slot& slot);
  void synchronise();

  OptimizerOptions options_;
  std::vector<Slot> slots_;
  int64_t steps_ = 0;
};

}  // namespace tractrix::train
