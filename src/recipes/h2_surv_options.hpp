// Options of recipes/h2_surv.cpp. The method's paper leaves much open; every such point is a key
// whose default is our proposal (docs/h2_surv.md lists them).
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tractrix/losses/hierarchy.hpp"
#include "tractrix/losses/time_ranking.hpp"
#include "tractrix/nn/hyperbolic_survival_net.hpp"
#include "transport_options.hpp"

namespace tractrix::nn {

inline const auto& names(TreeSkeleton) {
  static const std::vector<std::pair<const char*, TreeSkeleton>> all{
      {"motcat_tangent", TreeSkeleton::motcat_tangent},
      {"gyromid", TreeSkeleton::gyromid},
      {"einstein", TreeSkeleton::einstein}};
  return all;
}
inline const auto& names(GenePooling) {
  static const std::vector<std::pair<const char*, GenePooling>> all{
      {"attention", GenePooling::attention},
      {"mean", GenePooling::mean},
      {"snn", GenePooling::snn}};
  return all;
}
inline const auto& names(RiskHead) {
  static const std::vector<std::pair<const char*, RiskHead>> all{
      {"linear", RiskHead::linear},
      {"ideal_point", RiskHead::ideal_point},
      {"regression", RiskHead::regression}};
  return all;
}
inline const auto& names(FeatureScale) {
  static const std::vector<std::pair<const char*, FeatureScale>> all{
      {"learned", FeatureScale::learned},
      {"layer_norm", FeatureScale::layer_norm},
      {"clip", FeatureScale::clip}};
  return all;
}

}  // namespace tractrix::nn

namespace tractrix::losses {

inline const auto& names(Entailment) {
  static const std::vector<std::pair<const char*, Entailment>> all{
      {"pathway_to_wsi", Entailment::cone_of_pathway},
      {"wsi_to_pathway", Entailment::cone_of_wsi},
      {"align", Entailment::align}};
  return all;
}
inline const auto& names(Reduce) {
  static const std::vector<std::pair<const char*, Reduce>> all{
      {"mean", Reduce::mean}, {"max", Reduce::max}, {"sum", Reduce::sum}};
  return all;
}
inline const auto& names(Censoring) {
  static const std::vector<std::pair<const char*, Censoring>> all{
      {"lower_bound", Censoring::lower_bound},
      {"events_only", Censoring::events_only},
      {"ignore", Censoring::ignore}};
  return all;
}

}  // namespace tractrix::losses

namespace tractrix::recipes::h2_surv {

template <class E>
using Names = std::vector<std::pair<const char*, E>>;

enum class Objective { cox, bins };
enum class RiskSet { window, bank };
enum class GeneKind { scalar, bag };
enum class Cost { euclidean, hyperbolic };
enum class Projection { linear, relu };
enum class Precision { float64, model };
enum class Patches { all, random, attended };
enum class Form { rince_in, rince_out, rnc, survrnc };
enum class MissingInput { error, zero_token };

inline const auto& names(Objective) {
  static const Names<Objective> all{{"cox", Objective::cox}, {"bins", Objective::bins}};
  return all;
}
inline const auto& names(RiskSet) {
  static const Names<RiskSet> all{{"window", RiskSet::window}, {"bank", RiskSet::bank}};
  return all;
}
inline const auto& names(GeneKind) {
  static const Names<GeneKind> all{{"scalar", GeneKind::scalar}, {"bag", GeneKind::bag}};
  return all;
}
inline const auto& names(Cost) {
  static const Names<Cost> all{{"euclidean", Cost::euclidean}, {"hyperbolic", Cost::hyperbolic}};
  return all;
}
inline const auto& names(Projection) {
  static const Names<Projection> all{{"linear", Projection::linear}, {"relu", Projection::relu}};
  return all;
}
inline const auto& names(Precision) {
  static const Names<Precision> all{{"float64", Precision::float64}, {"model", Precision::model}};
  return all;
}
inline const auto& names(Patches) {
  static const Names<Patches> all{
      {"all", Patches::all}, {"random", Patches::random}, {"attended", Patches::attended}};
  return all;
}
inline const auto& names(Form) {
  static const Names<Form> all{{"rince_in", Form::rince_in},
                               {"rince_out", Form::rince_out},
                               {"rnc", Form::rnc},
                               {"survrnc", Form::survrnc}};
  return all;
}
inline const auto& names(MissingInput) {
  static const Names<MissingInput> all{{"error", MissingInput::error},
                                       {"zero_token", MissingInput::zero_token}};
  return all;
}

struct Genes {
  GeneKind kind = GeneKind::scalar;
  nn::GenePooling pooling = nn::GenePooling::attention;
};
inline void fields(config::Fields& f, Genes& g) {
  f("kind", g.kind,
    "of omics.input; scalar: a vector, each value times a learned gene embedding; bag: a row of "
    "features per gene (GeneFormer)");
  f("pooling", g.pooling,
    "genes to pathway; snn: MOTCAT's networks of scalar values, no gene nodes");
}

struct Map {
  bool enabled = true;
  nn::TreeSkeleton skeleton = nn::TreeSkeleton::motcat_tangent;
  Cost cost = Cost::euclidean;
  double curvature = 1, lowest = 0.1, highest = 10, node_scale = 0.5, feature_norm = 2.3,
         radius = 20;
  bool learn = true;
  nn::FeatureScale scale = nn::FeatureScale::learned;
  Projection projection = Projection::linear;
  Precision precision = Precision::float64;
};
inline void fields(config::Fields& f, Map& m) {
  f("enabled", m.enabled, "false: MOTCAT's network as it is, in Euclidean space");
  f("skeleton", m.skeleton,
    "motcat_tangent: MOTCAT on tangent vectors; gyromid, einstein: attention-weighted midpoints");
  f("cost", m.cost, "of the transport plan: squared distances of the vectors or of the nodes");
  f("curvature", m.curvature, "c of the ball, at first", config::above(0));
  f("learn", m.learn, "false: c stays");
  f("lowest", m.lowest, "smallest c, as part of the first one", config::between(1e-12, 1));
  f("highest", m.highest, "largest c, as a multiple of the first one", config::between(1, 1e12));
  f("scale", m.scale,
    "before exp0; learned: a factor of at most 1 per kind of node; layer_norm: behind a LayerNorm; "
    "clip: vectors shortened to feature_norm");
  f("node_scale", m.node_scale,
    "first factor of WSI and pathways, as a part of the leaves': LayerNorms make them longer",
    config::above(0));
  f("feature_norm", m.feature_norm, "scale clip: largest norm", config::above(0));
  f("radius", m.radius, "largest sqrt(c) times distance of a node from the origin",
    config::between(1, 300));
  f("projection", m.projection, "of patches and genes; relu: MOTCAT's, with dropout");
  f("precision", m.precision, "of nodes in the losses");
}

struct H2m {
  double weight = 0.01, margin = 0.1, k = 0.1, aperture = 1, leaf_aperture = 1.2;
  bool intra = true, inter = true, soft = false, patient_cone = false, leaf_cone = false;
  Patches patches = Patches::all;
  int64_t sample = 1024;
  losses::Entailment direction = losses::Entailment::cone_of_pathway;
  losses::Reduce reduce = losses::Reduce::mean;
};
inline void fields(config::Fields& f, H2m& h) {
  f("weight", h.weight, "lambda; 0: off", config::at_least(0));
  f("intra", h.intra, "patches and genes lie further from the patient than WSI and pathways");
  f("margin", h.margin, "intra: by how much", config::at_least(0));
  f("soft", h.soft, "intra: softplus for the hinge");
  f("patches", h.patches, "intra: all, `sample` drawn at each step, or those with most attention");
  f("sample", h.sample, "intra: number of patches", config::at_least(1));
  f("inter", h.inter, "WSI in the cones of the pathways");
  f("direction", h.direction, "inter: whose cone; align: distance instead");
  f("k", h.k, "inter: K of the half-aperture asin(2 K / sinh(sqrt(c) d))", config::above(0));
  f("aperture", h.aperture, "inter: factor on the half-aperture (HyCoCLIP: 0.7)", config::above(0));
  f("reduce", h.reduce, "inter: over pathways");
  f("patient_cone", h.patient_cone, "inter: also WSI and pathways in the patient's cone");
  f("leaf_cone", h.leaf_cone, "inter: also patches in the WSI's cone, genes in their pathways'");
  f("leaf_aperture", h.leaf_aperture, "inter: factor for leaf_cone", config::above(0));
}

struct Tocl {
  double weight = 0.1, near = 0.5, tau_first = 0.2, tau_last = 0.4;
  Form form = Form::rince_in;
  int64_t ranks = 3, least = 16, bank = 256;
  losses::Censoring censoring = losses::Censoring::lower_bound;
  bool live = true;
};
inline void fields(config::Fields& f, Tocl& t) {
  f("weight", t.weight, "beta; 0: off", config::at_least(0));
  f("form", t.form, "contrast of patients by time");
  f("ranks", t.ranks, "rince: of positives, nearest times first", config::at_least(1));
  f("near", t.near, "rince: part of the comparable events that are positives",
    config::between(0.01, 0.99));
  f("least", t.least, "rince: comparable events that a patient needs", config::at_least(1));
  f("tau_first", t.tau_first, "temperature of the first rank, or of rnc and survrnc",
    config::above(0));
  f("tau_last", t.tau_last, "rince: temperature of the last rank", config::above(0));
  f("censoring", t.censoring,
    "lower_bound: censored patients are far from those with earlier events; survrnc has its own");
  f("bank", t.bank, "patients kept from earlier steps, without gradient; also of risk_set bank",
    config::at_least(1));
  f("live", t.live, "patients of the step are compared with each other, too");
}

struct Config : coattention::Options {
  Objective objective = Objective::cox;
  RiskSet risk_set = RiskSet::window;
  nn::RiskHead risk_head = nn::RiskHead::linear;
  Genes genes;
  nn::TransportOptions transport;
  Map hymap;
  H2m h2m;
  Tocl tocl;
  std::filesystem::path hierarchy;
  std::vector<std::string> families;  // "family > pathway"
  MissingInput missing = MissingInput::error;
  bool diagnostics = true;

  bool has_cox() const { return objective == Objective::cox; }
  bool has_h2m() const { return hymap.enabled && h2m.weight > 0; }
  bool has_tocl() const { return tocl.weight > 0; }
  bool has_bank() const { return has_tocl() || (has_cox() && risk_set == RiskSet::bank); }
};

}  // namespace tractrix::recipes::h2_surv
