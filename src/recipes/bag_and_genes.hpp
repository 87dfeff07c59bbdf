// What the recipes over a bag of patches and a vector of genes share: contract, gene groups, the
// loss on hazards of time bins, predictions.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <utility>
#include <vector>

#include "tractrix/core/error.hpp"
#include "tractrix/losses/discrete_survival.hpp"
#include "tractrix/recipe/registry.hpp"

namespace tractrix::recipes::paired {

template <class E>
using Names = std::vector<std::pair<const char*, E>>;

enum class Fusion { concat, bilinear };
enum class Head { nll, ce };

inline const Names<Fusion>& names(Fusion) {
  static const Names<Fusion> all{{"concat", Fusion::concat}, {"bilinear", Fusion::bilinear}};
  return all;
}
inline const Names<Head>& names(Head) {
  static const Names<Head> all{{"nll", Head::nll}, {"ce", Head::ce}};
  return all;
}

struct Loss {
  Head head = Head::nll;
  double alpha = 0;
};
// Beside the recipe's own options, not as a group.
inline void fields(config::Fields& f, Loss& l) {
  f("head", l.head, "loss on the hazards of time bins");
  f("alpha", l.alpha, "extra weight of uncensored patients", config::between(0, 1));
}

inline recipe::Contract contract_of(const std::string& genes) {
  recipe::Contract contract;
  contract.inputs = {{"pathology", data::Kind::bag}, {genes, data::Kind::vector}};
  contract.targets = {"bin", "event"};
  return contract;
}

// Columns of each gene group. who: "CMTA makes a token".
inline std::vector<std::vector<int64_t>> groups_of(const data::Schema& schema,
                                                   const std::string& genes,
                                                   const std::string& who) {
  std::vector<std::vector<int64_t>> groups;
  for (const auto& [group, columns] : schema.inputs.at(genes).groups) groups.push_back(columns);
  if (groups.empty())
    throw Error("recipe.omics.input", who + " of each gene group, the input has none",
                "data.inputs." + genes + ".select: signatures");
  return groups;
}

// Of logits [B, classes], bins and events [B].
inline recipe::Term term_of(const Loss& loss, const at::Tensor& logits, const at::Tensor& bin,
                            const at::Tensor& event) {
  if (loss.head == Head::nll) return {"nll", losses::nll_survival(logits, bin, event, loss.alpha)};
  return {"ce", losses::ce_survival(logits, bin, event, loss.alpha)};
}
inline recipe::Term term_of(const Loss& loss, const at::Tensor& logits, const data::Batch& batch) {
  return term_of(loss, logits, batch.targets.at("bin"), batch.targets.at("event"));
}

// logits, survival, risk.
inline Tensors predictions_of(const at::Tensor& logits) {
  const at::Tensor survival = losses::curve(logits.to(at::kDouble)).survival;
  return {{"logits", logits}, {"survival", survival}, {"risk", losses::risk_of(survival)}};
}

}  // namespace tractrix::recipes::paired
