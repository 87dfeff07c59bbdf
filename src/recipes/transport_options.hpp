// Options of nn/transport.hpp in a recipe's section, beside those of nn/coattention_net.hpp.
#pragma once

#include <utility>
#include <vector>

#include "coattention_options.hpp"
#include "tractrix/nn/transport.hpp"

namespace tractrix::nn {

inline const auto& names(Marginals) {
  static const std::vector<std::pair<const char*, Marginals>> all{
      {"unbalanced", Marginals::unbalanced}, {"balanced", Marginals::balanced}};
  return all;
}
inline const auto& names(Regulariser) {
  static const std::vector<std::pair<const char*, Regulariser>> all{
      {"entropy", Regulariser::entropy}, {"kl", Regulariser::kl}};
  return all;
}
inline void fields(config::Fields& f, TransportOptions& t) {
  f("marginals", t.marginals,
    "unbalanced: soft, uniform (published); balanced: kept, by the rows' sums");
  f("regulariser", t.regulariser,
    "unbalanced: entropy (POT to 0.9.4, published) or kl (from 0.9.5)");
  f("reg", t.reg, "weight of the regulariser; published: 0.1, BLCA and LUAD 0.05",
    config::above(0));
  f("tau", t.tau, "unbalanced: weight of the marginals", config::above(0));
}

}  // namespace tractrix::nn
