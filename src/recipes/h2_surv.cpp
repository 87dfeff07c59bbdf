// H2-Surv (CVPR 2026), reconstructed from what its authors made public: no code, no full text.
// Patches and genes in one hyperbolic space (HyMap), MOTCAT on tangent vectors as the skeleton,
// losses on a patient's tree (H2M) and on the order of patients in time (TOCL), a Cox head.
// docs/h2_surv.md says which parts are our reconstruction. With hymap off, h2m and tocl without
// weight and objective bins it is MOTCAT, bit for bit.
#include <ATen/ATen.h>

#include "h2_surv_build.hpp"
#include "h2_surv_nodes.hpp"
#include "tractrix/core/log.hpp"
#include "tractrix/geometry/pair_distance.hpp"
#include "tractrix/losses/cox.hpp"
#include "tractrix/nn/memory_bank.hpp"

namespace tractrix::recipes::h2_surv {

class H2SurvRecipe final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) { return contract_of(c); }
  H2SurvRecipe(const Config& config, const data::Schema& schema)
      : config_(config), net_(options_of(config, schema)) {
    for (const auto& [pathway, rows] : schema.inputs.at(config.omics.input).groups)
      groups_.pathways.push_back(rows);
    groups_.families =
        family_rows(config.families, schema.inputs.at(config.omics.input).groups.names());
    if (config.has_bank())
      bank_ = net_->register_module("bank", nn::MemoryBank(config.tocl.bank, config.dim));
  }
  torch::nn::Module& module() override { return *net_; }
  // Decay would pull curvature and scales towards values that mean nothing.
  std::vector<recipe::Stage> stages() override {
    return {{"main",
             this,
             nullptr,
             {{"hymap.curvature", config_.hymap.learn, geometry::Curvature::kDecay},
              {"hymap.log_scale", true, false}}}};
  }

  // logits [1, classes]; risk [1]; patient [1, dim]; node.* in the losses' precision, Lorentz
  // scaling; attention.pathology [groups, N].
  Tensors forward(const data::Batch& batch) override {
    const bool bag = config_.genes.kind == GeneKind::bag;
    const auto& omics = config_.omics.input;
    refuse_absent(batch);
    const at::Tensor genes = !batch.has(omics) ? at::Tensor()
                             : bag             ? batch.bag(omics)
                                               : batch.inputs.at(omics);
    auto found =
        net_->forward(batch.has("pathology") ? batch.bag("pathology") : at::Tensor(), genes);
    Tensors out{{"logits", found.logits}, {"attention.pathology", found.attention}};
    if (!found.attention.defined()) out.erase("attention.pathology");
    if (config_.has_cox()) out["risk"] = found.logits.squeeze(1);
    const bool wide = config_.hymap.enabled && config_.hymap.precision == Precision::float64;
    for (size_t i = 0; i < std::size(kNodes); ++i)
      if (at::Tensor& value = node(found.nodes, i); value.defined())
        out[std::string("node.") + kNodes[i]] = wide ? value.to(at::kDouble) : value;
    out["patient"] = wide ? found.nodes.patient.to(at::kDouble) : found.nodes.patient;
    if (found.clipped.defined()) out["clipped"] = found.clipped;
    return out;
  }

  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    recipe::Terms terms;
    if (!config_.has_cox())
      terms = coattention::terms_of(config_, *net_, out.at("logits"), batch.targets.at("bin"),
                                    batch.targets.at("event"));
    else if (config_.l1 > 0)
      terms.push_back({"l1", nn::l1_norm(*net_), config_.l1});
    if (!config_.hymap.enabled) return terms;
    const nn::HierarchyNodes nodes = nodes_of(out);
    const at::Tensor c = curvature_like(nodes.patient);
    if (config_.has_h2m()) add_h2m(nodes, c, out, batch, terms);
    // Of training: in validation they would double the log's line.
    if (config_.diagnostics && net_->is_training())
      add_diagnostics(nodes, c, out.at("clipped"), config_.h2m.k, terms);
    return terms;
  }

  std::vector<std::string> coupled() const override {
    std::vector<std::string> names;
    if (config_.has_cox()) names.emplace_back("risk");
    if (config_.has_tocl()) names.emplace_back("patient");
    return names;
  }

  recipe::Terms window_loss(const Tensors& rows, const data::Batch& window) override {
    recipe::Terms terms;
    const auto now = rows_of(rows, window);
    const auto past = bank_ ? bank_->rows() : nn::BankRows{};
    if (config_.has_cox()) terms.push_back({"cox", cox_loss(now, past)});
    if (config_.has_tocl()) terms.push_back({"tocl", tocl_loss(now, past), config_.tocl.weight});
    return terms;
  }

  void after_step(const Tensors& rows, const data::Batch& window) override {
    if (bank_) bank_->push(rows_of(rows, window));
    if (!config_.hymap.enabled || !net_->map()->clamp() || warned_) return;
    warned_ = true;  // once per model is enough: nothing that is learnt depends on it
    log::warn(
        "h2_surv: the curvature reached a bound and stays there; see recipe.hymap.lowest "
        "and highest, or lower the weights of h2m and tocl");
  }

  Tensors predict(const data::Batch& batch) override {
    Tensors out = forward(batch), kept;
    for (const auto& [name, value] : out)
      if (name.starts_with("node.")) kept["embedding." + name.substr(5)] = value;
    if (out.has("attention.pathology")) kept["attention.pathology"] = out["attention.pathology"];
    if (!config_.has_cox())
      kept["survival"] = losses::curve(out.at("logits").to(at::kDouble)).survival;
    kept["risk"] = config_.has_cox() ? out.at("risk") : losses::risk_of(kept.at("survival"));
    return kept;
  }

 private:
  void refuse_absent(const data::Batch& batch) const {
    if (config_.missing == MissingInput::zero_token) return;
    for (const std::string& name : {std::string("pathology"), config_.omics.input})
      if (!batch.has(name))
        throw Error("patient " + enumerate(batch.ids), "has no '" + name + "'",
                    "recipe.missing: zero_token puts zeros in its place");
  }

  at::Tensor curvature_like(const at::Tensor& nodes) {
    return net_->map()->curvature().to(nodes.scalar_type());
  }

  void add_h2m(nn::HierarchyNodes nodes, const at::Tensor& c, const Tensors& out,
               const data::Batch& batch, recipe::Terms& terms) const {
    const H2m& o = config_.h2m;
    if (nodes.patches.defined())
      nodes.patches =
          chosen(nodes.patches, out.at("attention.pathology"), o, batch.seeds.at(0).at("patches"));
    if (o.intra)
      terms.push_back(
          {"h2m_intra", losses::intra_margin(nodes, groups_, c, {o.margin, o.soft}), o.weight});
    const losses::InterOptions inter{o.direction,    o.reduce,    {o.k, o.aperture},
                                     o.patient_cone, o.leaf_cone, o.leaf_aperture};
    if (o.inter)
      terms.push_back({"h2m_inter", losses::inter_entailment(nodes, groups_, c, inter), o.weight});
  }

  nn::BankRows rows_of(const Tensors& rows, const data::Batch& window) const {
    const auto& target = window.targets;
    const at::Tensor& event = target.at("event");
    const auto n = static_cast<int64_t>(window.ids.size());
    const auto or_zeros = [&](const Tensors& from, const char* name, at::IntArrayRef shape) {
      return from.has(name) ? from.at(name) : at::zeros(shape, event.options());
    };
    std::vector<int64_t> ids;
    for (const auto& id : window.ids) ids.push_back(static_cast<int64_t>(Seed::hash(id)));
    return {or_zeros(rows, "patient", {n, config_.dim}), or_zeros(rows, "risk", {n}),
            or_zeros(target, "time", {n}), event, at::tensor(ids, at::kLong).to(event.device())};
  }

  at::Tensor cox_loss(const nn::BankRows& now, const nn::BankRows& past) const {
    if (config_.risk_set == RiskSet::window) return losses::cox(now.risk, now.time, now.event);
    const at::Tensor other =
        (past.id.unsqueeze(1) == now.id.unsqueeze(0)).any(1).logical_not().nonzero().squeeze(1);
    const auto both = [&](const at::Tensor& a, const at::Tensor& b) {
      return at::cat({a, b.index_select(0, other).to(a.options())});
    };
    return losses::cox(both(now.risk, past.risk), both(now.time, past.time),
                       both(now.event, past.event));
  }

  at::Tensor tocl_loss(const nn::BankRows& now, const nn::BankRows& past) {
    const Tocl& o = config_.tocl;
    const auto join = [&](const at::Tensor& a, const at::Tensor& b) {
      return o.live ? at::cat({a, b.to(a.options())}) : b.to(a.options());
    };
    // Times as the bank holds them, so that ties stay ties.
    const auto type = past.time.scalar_type();
    const losses::Cases from{now.id, now.time.to(type), now.event},
        to{join(now.id, past.id), join(from.time, past.time), join(now.event, past.event)};
    const at::Tensor others = join(now.vector, past.vector);
    if (others.size(0) == 0) return at::zeros({}, now.vector.options());
    // cdist's form without a matrix product: near vectors keep their digits.
    const at::Tensor distance =
        config_.hymap.enabled
            ? geometry::pair_distance(now.vector, others, curvature_like(now.vector))
            : at::cdist(now.vector, others, 2, 2);
    if (o.form == Form::rnc)
      return losses::rank_n_contrast(-distance / o.tau_first, from, to, o.censoring);
    if (o.form == Form::survrnc)
      return losses::survival_rank_n_contrast(-distance / o.tau_first, from, to);
    const auto plan = losses::plan_ranks(from, to, {o.ranks, o.near, o.least, o.censoring});
    const auto form = o.form == Form::rince_in ? losses::Rince::in : losses::Rince::out;
    return losses::rince(-distance, plan, {form, o.tau_first, o.tau_last});
  }

  Config config_;
  nn::HyperbolicSurvivalNet net_;
  nn::MemoryBank bank_{nullptr};
  nn::HierarchyGroups groups_;
  bool warned_ = false;
};

}  // namespace tractrix::recipes::h2_surv

TRACTRIX_RECIPE(h2_surv, "H2-Surv: patches, genes and patients as a tree in hyperbolic space",
                tractrix::recipes::h2_surv::H2SurvRecipe, tractrix::recipes::h2_surv::Config)
