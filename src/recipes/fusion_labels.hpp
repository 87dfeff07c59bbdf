// Labels of the options of nn/fusion_net.hpp, found beside the enums.
#pragma once

#include <utility>
#include <vector>

#include "tractrix/nn/fusion_net.hpp"
#include "tractrix/nn/init.hpp"

namespace tractrix::nn {
template <class E>
using Names = std::vector<std::pair<const char*, E>>;

inline const Names<BagEncoder>& names(BagEncoder) {
  using enum BagEncoder;
  static const Names<BagEncoder> all{
      {"none", none},           {"mean", mean},         {"max", max},         {"abmil", abmil},
      {"abmil_lab", abmil_lab}, {"transmil", transmil}, {"clam_sb", clam_sb}, {"clam_mb", clam_mb}};
  return all;
}
inline const Names<Slice>& names(Slice) {
  static const Names<Slice> all{{"tail", Slice::tail}, {"head", Slice::head}};
  return all;
}
inline const Names<PoolAt>& names(PoolAt) {
  static const Names<PoolAt> all{{"logits", PoolAt::logits}, {"features", PoolAt::features}};
  return all;
}
inline const Names<VectorEncoder>& names(VectorEncoder) {
  using enum VectorEncoder;
  static const Names<VectorEncoder> all{
      {"none", none}, {"linear", linear}, {"snn", snn}, {"mlp", mlp}, {"transformer", transformer}};
  return all;
}
inline const Names<Fusion>& names(Fusion) {
  using enum Fusion;
  static const Names<Fusion> all{
      {"none", none}, {"concat", concat}, {"bilinear", bilinear}, {"kronecker", kronecker}};
  return all;
}
inline const Names<Init>& names(Init) {
  using enum Init;
  static const Names<Init> all{
      {"torch", torch_default}, {"xavier_normal", xavier_normal}, {"max_weights", max_weights}};
  return all;
}

}  // namespace tractrix::nn
