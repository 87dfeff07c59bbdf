// Stages one and three of MUST, and what all of them share.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "must_options.hpp"
#include "tractrix/losses/discrete_survival.hpp"
#include "tractrix/recipe/registry.hpp"

namespace tractrix::recipes::must {

inline nn::TokensOf tokens_of(const std::string& input, bool bag, const data::Schema& schema) {
  const auto& width = schema.inputs.at(input);
  nn::TokensOf of{width.columns, {}};
  if (bag) return of;
  for (const auto& [group, columns] : width.groups) of.groups.push_back(columns);
  if (of.groups.empty())
    throw Error("recipe must",
                "makes a token of each gene group, the input '" + input + "' has none",
                "data.inputs." + input + ".select: signatures");
  return of;
}

inline nn::MustOptions options_of(const Config& c, const data::Schema& schema) {
  for (const auto& [name, width] : schema.inputs)
    if (name != c.pathology.input && name != c.genomics.input)
      throw Error("recipe must",
                  "takes two modalities, '" + c.pathology.input + "' and '" + c.genomics.input +
                      "'; the cohort also has '" + name + "'",
                  "remove data.inputs." + name);
  nn::MustOptions o;
  o.trunk = c.trunk.options;
  o.trunk.attention = c.trunk.attention.options;
  o.trunk.dim = c.dim;
  o.p = tokens_of(c.pathology.input, c.pathology.kind == ModalityKind::bag, schema);
  o.g = tokens_of(c.genomics.input, false, schema);
  o.query = c.cross.query;
  o.cross_heads = c.cross.heads;
  o.cross_residual = c.cross.residual;
  o.rank = c.subspace.rank;
  o.subspace = c.subspace.kind;
  o.head_hidden = c.head.hidden;
  o.head_dropout = c.head.dropout;
  o.warmup_heads = c.loss.warmup_head == WarmupHead::separate;
  o.classes = schema.bins();
  return o;
}

inline nn::LatentFillOptions fill_of(const Config& c) {
  auto o = c.missing.options;
  o.denoiser.dim = c.dim;
  o.denoiser.conditions = c.missing.token == Completion::Token::none ? 1 : 2;
  return o;
}

struct ModelImpl : torch::nn::Module {
  ModelImpl(const Config& c, const data::Schema& schema)
      : net(register_module("net", nn::MustNet(options_of(c, schema)))),
        fill_p(register_module("fill_p", nn::LatentFill(fill_of(c)))),
        fill_g(register_module("fill_g", nn::LatentFill(fill_of(c)))) {}
  nn::MustNet net;
  nn::LatentFill fill_p, fill_g;  // of a missing P, of a missing G
};
TORCH_MODULE(Model);

// What the stages share.
class Core {
 public:
  Core(const Config& c, const data::Schema& schema) : config(c), model(c, schema) {}

  at::Tensor input(const data::Batch& batch, bool is_p) const {
    const auto& name = is_p ? config.pathology.input : config.genomics.input;
    if (!batch.has(name)) return {};
    return is_p && config.pathology.kind == ModalityKind::bag ? batch.bag(name)
                                                              : batch.inputs.at(name);
  }
  at::Tensor nll(const at::Tensor& logits, const data::Batch& batch) const {
    const auto &bin = batch.targets.at("bin"), &event = batch.targets.at("event");
    return config.loss.nll == Likelihood::eq6
               ? losses::nll_as_printed(logits, bin, event)
               : losses::nll_survival(logits, bin, event, config.loss.alpha);
  }
  // c~, the shared part of the one modality there is (Eq. 20).
  at::Tensor available(const at::Tensor& g, const at::Tensor& u) {
    return config.missing.available == Available::literal
               ? g - u
               : nn::project_onto(model->net->subspace()->basis(), g);
  }
  std::vector<at::Tensor> conditions(const at::Tensor& c, bool missing_p) const {
    if (config.missing.token == Completion::Token::none) return {c};
    return {c, model->net->token_u(missing_p).expand_as(c)};
  }
  at::Tensor shared(const nn::MustParts& x) const {
    switch (config.shared) {
      case Shared::mean:
        return (x.c_pg + x.c_gp) / 2;
      case Shared::p:
        return x.c_pg;
      case Shared::g:
        return x.c_gp;
      default:
        return at::zeros_like(x.c_pg);
    }
  }

  Config config;
  Model model;
  bool training = false;  // in this process: a missing part may be zeros until it is learnt
};

// Stage one (Eq. 12): each modality's g alone, noise in the other columns.
class Warmup final : public recipe::Objective {
 public:
  explicit Warmup(Core& core) : core_(core) {}
  void at(const recipe::Progress&) override { core_.training = true; }
  Tensors forward(const data::Batch& batch) override {
    const auto x =
        core_.model->net->forward_whole(core_.input(batch, true), core_.input(batch, false));
    Tensors out;
    if (x.g_p.defined()) out["logits_p"] = logits(x.g_p, true);
    if (x.g_g.defined()) out["logits_g"] = logits(x.g_g, false);
    return out;
  }
  recipe::Terms loss(const Tensors& out, const data::Batch& batch) override {
    recipe::Terms terms;
    for (const auto& [name, value] : out)
      terms.push_back({name == "logits_p" ? "nll_p" : "nll_g", core_.nll(value, batch)});
    return terms;
  }

 private:
  at::Tensor logits(const at::Tensor& g, bool is_p) {
    const auto& loss = core_.config.loss;
    const at::Tensor noise = at::randn({g.size(0), 2 * g.size(1)}, g.options()) * loss.warmup_noise;
    const bool first = is_p || loss.warmup_head != WarmupHead::slots;
    return core_.model->net->classify_warmup(
        first ? at::cat({g, noise}, 1) : at::cat({noise, g}, 1), is_p);
  }
  Core& core_;
};

// Rows of the cached stage: each own part and the condition it is made up from. [B, dim], has [B]
class Latents final : public recipe::Objective {
 public:
  explicit Latents(Core& core) : core_(core) {}
  Tensors forward(const data::Batch& batch) override {
    const auto x = core_.model->net->forward(core_.input(batch, true), core_.input(batch, false));
    const at::Tensor of_p = x.g_p.defined() ? core_.available(x.g_p, x.u_p) : at::Tensor();
    const at::Tensor of_g = x.g_g.defined() ? core_.available(x.g_g, x.u_g) : at::Tensor();
    const bool exact = core_.config.missing.trained_on == TrainedOn::shared && x.c_pg.defined();
    const at::Tensor none = at::zeros_like(of_p.defined() ? of_p : of_g);
    const auto has = [&](const at::Tensor& u) {
      return at::full({none.size(0)}, u.defined() ? 1.0 : 0.0, none.options());
    };
    // A patient that has P alone still shows what P looks like given its own c~ (supplement 8.2).
    const at::Tensor for_g = exact ? x.c_gp : of_p.defined() ? of_p : of_g;
    const at::Tensor for_p = exact ? x.c_pg : of_g.defined() ? of_g : of_p;
    return {{"u_p", x.u_p.defined() ? x.u_p : none},
            {"u_g", x.u_g.defined() ? x.u_g : none},
            {"for_p", for_p},
            {"for_g", for_g},
            {"has_p", has(x.u_p)},
            {"has_g", has(x.u_g)}};
  }
  recipe::Terms loss(const Tensors&, const data::Batch&) override { return {}; }

 private:
  Core& core_;
};

// Stage three: one network per modality that may be missing, on frozen latents.
class Completing final : public recipe::Objective {
 public:
  explicit Completing(Core& core) : core_(core) {}
  void at(const recipe::Progress&) override { core_.training = true; }
  void begin(const Tensors& table) override {
    for (const bool is_p : {true, false}) {
      const char* which = is_p ? "p" : "g";
      const auto kept = rows_with(table, which);
      const auto& input = is_p ? core_.config.pathology.input : core_.config.genomics.input;
      fill(is_p)->fit(table.at(std::string("u_") + which).index_select(0, kept),
                      "own part of '" + input + "'");
    }
  }
  Tensors forward(const data::Batch& batch) override { return batch.inputs; }
  recipe::Terms loss(const Tensors& out, const data::Batch&) override {
    recipe::Terms terms;
    if (core_.config.missing.options.fill == nn::Fill::mean) return terms;
    for (const bool is_p : {true, false}) {
      const std::string which = is_p ? "p" : "g";
      const auto kept = rows_with(out, which.c_str());
      if (kept.numel() == 0) continue;
      const auto pick = [&](const std::string& name) { return out.at(name).index_select(0, kept); };
      terms.push_back(
          {"fill_" + which,
           fill(is_p)->loss(pick("u_" + which), core_.conditions(pick("for_" + which), is_p))});
    }
    return terms;
  }
  void after_step(const Tensors&, const data::Batch&) override {
    core_.model->fill_p->after_step();
    core_.model->fill_g->after_step();
  }

 private:
  nn::LatentFill& fill(bool is_p) { return is_p ? core_.model->fill_p : core_.model->fill_g; }
  static at::Tensor rows_with(const Tensors& rows, const char* which) {
    return rows.at(std::string("has_") + which).nonzero().flatten();
  }
  Core& core_;
};

}  // namespace tractrix::recipes::must
