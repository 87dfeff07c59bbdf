// MUST (Kim & Hwang, arXiv 2603.26071): survival from two modalities of which one may be missing.
// Each modality is split into a shared and an own part; latent diffusion makes up the own part of
// the missing one. No code was published: docs/must.md says what is our reading.
// nn/must_net.hpp holds the network, nn/latent_fill.hpp the third stage.
#include <ATen/ATen.h>

#include "must_stages.hpp"

namespace tractrix::recipes::must {

// Stage two (Eq. 13 to 16) and predictions.
class Must final : public recipe::Recipe {
 public:
  static recipe::Contract contract(const Config& c) {
    const bool bag = c.pathology.kind == ModalityKind::bag;
    recipe::Contract contract;
    contract.inputs = {{c.pathology.input, bag ? data::Kind::bag : data::Kind::vector, true},
                       {c.genomics.input, data::Kind::vector, true}};
    contract.targets = {"bin", "event"};
    contract.stages = {"warmup", "main"};
    if (c.learns_fill()) contract.stages.push_back("fill");
    contract.max_batch = bag ? 1 : 256;
    return contract;
  }
  Must(const Config& config, const data::Schema& schema)
      : core_(config, schema), warmup_(core_), latents_(core_), completing_(core_) {}
  torch::nn::Module& module() override { return *core_.model; }

  std::vector<recipe::Stage> stages() override {
    // U19: the first stage trains what Eq. 12 reaches.
    recipe::Stage first{"warmup", &warmup_, nullptr, {{"", false}}};
    for (const auto& prefix : core_.model->net->warmup_prefixes())
      first.rules.push_back({"net." + prefix});
    std::vector<recipe::Stage> all{first, {"main", this, nullptr, {{"fill_", false}}}};
    if (!core_.config.learns_fill()) return all;
    recipe::Stage last{"fill", &completing_, &latents_, {{"", false}}};
    for (const auto& item : core_.model->named_parameters()) {
      const auto& name = item.key();
      // No decay of norms and biases; averages are not trained.
      if (name.starts_with("fill_p.net.") || name.starts_with("fill_g.net."))
        last.rules.push_back({name, true, item.value().dim() > 1});
    }
    // The mean has no networks: its stage only looks at the latents, and no gradient reaches this.
    if (last.rules.size() == 1) last.rules.push_back({"net.subspace.", true, false});
    all.push_back(last);
    return all;
  }

  void at(const recipe::Progress&) override { core_.training = true; }
  void after_step(const Tensors&, const data::Batch&) override {
    core_.model->net->subspace()->retract();
  }

  // Complete: logits and all parts. Otherwise logits alone, the missing own part made of zeros
  // (supplement 8.2), so that nothing but the survival loss is asked of such a patient.
  Tensors forward(const data::Batch& batch) override {
    auto x = parts_of(batch);
    auto& net = core_.model->net;
    if (x.c_pg.defined()) {
      return {{"logits", net->classify(x.u_p, core_.shared(x), x.u_g)},
              {"g_p", x.g_p},
              {"u_p", x.u_p},
              {"c_gp", x.c_gp},
              {"g_g", x.g_g},
              {"u_g", x.u_g},
              {"c_pg", x.c_pg}};
    }
    const bool missing_p = !x.g_p.defined();
    const at::Tensor c = core_.available(missing_p ? x.g_g : x.g_p, missing_p ? x.u_g : x.u_p);
    (missing_p ? x.u_p : x.u_g) = at::zeros_like(c);
    return {{"logits", net->classify(x.u_p, c, x.u_g)}};
  }

  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    recipe::Terms terms{{"nll", core_.nll(out.at("logits"), batch)}};
    const auto& [kind, alpha, reduction, decomposition, shared, orthogonal, intra, smooth, head,
                 noise] = core_.config.loss;
    const auto& space = core_.config.subspace;
    if (space.kind == nn::SubspaceKind::free)
      terms.push_back({"basis", core_.model->net->subspace()->penalty(), space.penalty});
    if (!out.has("c_pg")) return terms;
    const auto &g_p = out.at("g_p"), &u_p = out.at("u_p"), &c_gp = out.at("c_gp"),
               &g_g = out.at("g_g"), &u_g = out.at("u_g"), &c_pg = out.at("c_pg");
    terms.push_back({"decomposition",
                     losses::squared_distance(g_p, u_p + c_gp, reduction) +
                         losses::squared_distance(g_g, u_g + c_pg, reduction),
                     decomposition});
    terms.push_back({"shared", losses::squared_distance(c_pg, c_gp, reduction), shared});
    terms.push_back({"orthogonal", losses::absolute_cosine(u_p, u_g, smooth), orthogonal});
    // Without weight they are only logged: rounding noise with an idempotent projection.
    terms.push_back(
        {"intra",
         losses::absolute_cosine(u_p, c_pg, smooth) + losses::absolute_cosine(u_g, c_gp, smooth),
         intra ? orthogonal : 0});
    const auto watch = [&](const char* name, const at::Tensor& a, const at::Tensor& b) {
      terms.push_back({name, at::cosine_similarity(a.detach(), b.detach(), 1).mean(), 0});
    };
    watch("cos_c", c_pg, c_gp);
    watch("cos_g", g_p, g_g);
    watch("cos_fit_p", g_p, u_p + c_gp);
    watch("cos_fit_g", g_g, u_g + c_pg);
    return terms;
  }

  Tensors predict(const data::Batch& batch) override {
    auto x = parts_of(batch);
    at::Tensor c;
    if (x.c_pg.defined()) {
      c = core_.shared(x);
    } else {
      const bool missing_p = !x.g_p.defined();
      c = core_.available(missing_p ? x.g_g : x.g_p, missing_p ? x.u_g : x.u_p);
      (missing_p ? x.u_p : x.u_g) = complete(c, batch, missing_p);
    }
    const at::Tensor logits = core_.model->net->classify(x.u_p, c, x.u_g);
    const at::Tensor survival = losses::curve(logits.to(at::kDouble)).survival;
    return {{"logits", logits}, {"survival", survival}, {"risk", losses::risk_of(survival)}};
  }

 private:
  nn::MustParts parts_of(const data::Batch& batch) {
    const at::Tensor p = core_.input(batch, true), g = core_.input(batch, false);
    if (!p.defined() && !g.defined())
      throw Error("patient " + enumerate(batch.ids),
                  "has neither '" + core_.config.pathology.input + "' nor '" +
                      core_.config.genomics.input + "': there is nothing to predict from",
                  "leave such patients out");
    return core_.model->net->forward(p, g);
  }

  // The own part of the missing modality, off the subspace as a true one (Eq. 9, U32).
  at::Tensor complete(const at::Tensor& c, const data::Batch& batch, bool missing_p) {
    auto& fill = missing_p ? core_.model->fill_p : core_.model->fill_g;
    if (!fill->ready()) {
      if (core_.training) return at::zeros_like(c);
      const auto& lacked = missing_p ? core_.config.pathology.input : core_.config.genomics.input;
      throw Error("patient " + batch.ids.front(),
                  "lacks '" + lacked + "', and this model was saved before its stage 'fill'",
                  "train that stage, take the last epoch, or set recipe.missing.fill: zero");
    }
    std::vector<Seed> seeds;
    for (const auto& seed : batch.seeds)
      seeds.push_back(seed.at("fill", static_cast<uint64_t>(core_.config.missing.seed)));
    const at::Tensor u = fill->complete(core_.conditions(c, missing_p), seeds);
    return core_.config.missing.project ? nn::project_off(core_.model->net->subspace()->basis(), u)
                                        : u;
  }

  Core core_;
  Warmup warmup_;
  Latents latents_;
  Completing completing_;
};

}  // namespace tractrix::recipes::must

TRACTRIX_RECIPE(must,
                "MUST: shared and own parts of two modalities; diffusion makes up a missing one",
                tractrix::recipes::must::Must, tractrix::recipes::must::Config)
