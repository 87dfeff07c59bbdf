// Options of MUST. U-numbers are the points the paper leaves open, as docs/must.md lists them.
#pragma once

#include <string>
#include <utility>

#include "must_labels.hpp"
#include "tractrix/config/fields.hpp"

namespace tractrix::recipes::must {

struct First {
  std::string input = "pathology";
  ModalityKind kind = ModalityKind::bag;
};
inline void fields(config::Fields& f, First& m) {
  f("input", m.input, "which input of the cohort");
  f("kind", m.kind, "bag of patches, or a vector with gene groups (two genomic modalities)");
}
struct Second {
  std::string input = "genomics";
};
inline void fields(config::Fields& f, Second& m) {
  f("input", m.input, "which vector of the cohort; needs gene groups");
}

struct Attention {
  nn::TransformerEncoderOptions options;
};
inline void fields(config::Fields& f, Attention& a) {
  auto& o = a.options;
  f("layers", o.layers, "of each trunk (U14)", config::at_least(1));
  f("heads", o.heads, "of each layer", config::at_least(1));
  f("feedforward", o.feedforward, "inner width of a layer", config::at_least(1));
  f("dropout", o.dropout, "rate everywhere in a layer", config::from_below(0, 1));
  f("norm_first", o.norm_first, "norms in front of attention and feed-forward");
}
struct Trunk {
  nn::TokenTrunkOptions options;
  Attention attention;
};
inline void fields(config::Fields& f, Trunk& t) {
  auto& o = t.options;
  f("patch_relu", o.patch_relu, "bag: a ReLU behind the patches' Linear (U9)");
  f("patch_dropout", o.patch_dropout, "bag: rate behind it", config::from_below(0, 1));
  f("layer_dropout", o.layer_dropout, "bag: rate behind a TransMIL layer",
    config::from_below(0, 1));
  f("landmarks", o.landmarks, "bag: of a TransMIL layer; 0: dim / 2 (U10)", config::at_least(0));
  f("patch_token_deviation", o.patch_token_deviation, "bag: of class tokens' initial values",
    config::at_least(0));
  f("group_net", o.group_net, "vector: how a gene group becomes a token (U7)");
  f("group_dropout", o.group_dropout, "vector: rate in it", config::from_below(0, 1));
  f.group("attention", t.attention, "vector: self-attention of the trunks");
  f("token_deviation", o.token_deviation, "vector: of class tokens' initial values",
    config::at_least(0));
  f("form", o.form, "operations as written or fewer, equal up to rounding without dropout");
}

struct Cross {
  nn::CrossQuery query = nn::CrossQuery::tokens;
  int64_t heads = 1;
  bool residual = false;
};
inline void fields(config::Fields& f, Cross& c) {
  f("query", c.query, "all tokens ask, or a class token alone without a trunk behind (U12)");
  f("heads", c.heads, "of the cross-attention (U13)", config::at_least(1));
  f("residual", c.residual, "adds the asking tokens to the answers (U13)");
}

struct Space {
  int64_t rank = 64;
  nn::SubspaceKind kind = nn::SubspaceKind::householder;
  double penalty = 0;
};
inline void fields(config::Fields& f, Space& s) {
  f("rank", s.rank, "of the shared subspace; paper: 64 of 16, 32, 64, 128", config::at_least(1));
  f("kind", s.kind, "how its projection is kept idempotent (U1); free: it is not");
  f("penalty", s.penalty, "free: weight of |B^T B - I|^2", config::at_least(0));
}

struct Head {
  int64_t hidden = 256;
  double dropout = 0.25;
};
inline void fields(config::Fields& f, Head& h) {
  f("hidden", h.hidden, "width of the hidden layer; 0: one Linear (U17)", config::at_least(0));
  f("dropout", h.dropout, "rate behind it", config::from_below(0, 1));
}

struct Loss {
  Likelihood nll = Likelihood::full;
  double alpha = 0;
  losses::RowReduction reduction = losses::RowReduction::mean;
  double decomposition = 1, shared = 1, orthogonal = 0.5;
  bool intra = false, smooth = false;
  WarmupHead warmup_head = WarmupHead::slots;
  double warmup_noise = 0.1;
};
inline void fields(config::Fields& f, Loss& l) {
  f("nll", l.nll, "likelihood of the time bin; eq6: as printed, without surviving up to it (U5)");
  f("alpha", l.alpha, "full: extra weight of uncensored patients", config::between(0, 1));
  f("reduction", l.reduction,
    "decomposition and shared: mean over columns, or the paper's sum (U22)");
  f("decomposition", l.decomposition, "weight of |g - (u + c)|^2 (Eq. 13)", config::at_least(0));
  f("shared", l.shared, "weight of |c_P<-G - c_G<-P|^2 (Eq. 14)", config::at_least(0));
  f("orthogonal", l.orthogonal, "weight of |cos| (Eq. 15)", config::at_least(0));
  f("intra", l.intra, "adds the two |cos(u, c)| of Eq. 15; rounding noise unless kind: free (U3)");
  f("smooth", l.smooth, "|cos| with a slope at 0 (U4)");
  f("warmup_head", l.warmup_head,
    "slots: g where its u will be; literal: g first; separate: own heads (U18)");
  f("warmup_noise", l.warmup_noise, "deviation of the other columns (Eq. 12)", config::at_least(0));
}

struct Completion {
  nn::LatentFillOptions options;
  Available available = Available::literal;
  TrainedOn trained_on = TrainedOn::shared;
  enum class Token { parameter, none } token = Token::parameter;
  bool project = true;
  int64_t seed = 0;
};
constexpr std::pair<const char*, Completion::Token> kTokens[] = {
    {"parameter", Completion::Token::parameter}, {"none", Completion::Token::none}};
constexpr auto& names(Completion::Token) { return kTokens; }

inline void denoiser_fields(config::Fields& f, nn::LatentFillOptions& o) {
  f("layout", o.denoiser.layout, "a token each for time, conditions and latent, or one (U28)");
  f("layers", o.denoiser.layers, "of the denoiser", config::at_least(1));
  f("heads", o.denoiser.heads, "of each layer", config::at_least(1));
  f("feedforward", o.denoiser.feedforward, "inner width of a layer", config::at_least(1));
  f("time_hidden", o.denoiser.time_hidden, "inner width of the time embedding (U29)",
    config::at_least(1));
  f("scale", o.scale, "what latents are divided by (U30)");
  f("average", o.average, "moving average of the weights; 0: none (U36)", config::from_below(0, 1));
  f("prediction", o.sampler.prediction, "what the denoiser says");
  f("curve", o.noise.curve, "of the noise (U26)");
  f("times", o.noise.times, "of the noise", config::at_least(2));
  f("first", o.noise.first, "first beta of the linear curves", config::above(0));
  f("last", o.noise.last, "last beta of the linear curves", config::from_below(0, 1));
}
inline void sampler_fields(config::Fields& f, nn::LatentFillOptions& o) {
  f("sampler", o.sampler.kind, "ddim or ddpm");
  f("steps", o.sampler.steps, "of the sampler", config::at_least(1));
  f("spacing", o.sampler.spacing, "of its times (U27)");
  f("eta", o.sampler.eta, "ddim: 0 deterministic, 1 as ddpm", config::between(0, 1));
  f("clip", o.sampler.clip, "bound of estimates of the latent; 0: none (U31)", config::at_least(0));
  f("draws", o.draws, "samples per patient, averaged (U37)", config::at_least(1));
  f.require(o.sampler.steps <= o.noise.times, "steps", "must not be above times");
}
inline void fields(config::Fields& f, Completion& c) {
  f("fill", c.options.fill, "what stands for the own part of a missing modality");
  f("available", c.available, "shared part of the other one: g - u (Eq. 20), or projected (U33)");
  f("trained_on", c.trained_on, "condition in training: c of both, or what tests have (U34)");
  f("token", c.token, "second condition: the missing modality's class token, or none (U15)");
  f("project", c.project, "takes what lies in the subspace off a made-up part (U32)");
  f("seed", c.seed, "of the samples, beside patient and draw", config::at_least(0));
  denoiser_fields(f, c.options);
  sampler_fields(f, c.options);
}

struct Config {
  int64_t dim = 256;
  First pathology;
  Second genomics;
  Trunk trunk;
  Cross cross;
  Space subspace;
  Head head;
  Shared shared = Shared::mean;
  Loss loss;
  Completion missing;
  bool learns_fill() const { return missing.options.fill != nn::Fill::zero; }
};
inline void fields(config::Fields& f, Config& c) {
  f("dim", c.dim, "width of every token", config::at_least(8));
  f.group("pathology", c.pathology, "first modality, P");
  f.group("genomics", c.genomics, "second modality, G");
  f.group("trunk", c.trunk, "from a modality to tokens and vectors");
  f.group("cross", c.cross, "attention between the modalities (Eq. 7)");
  f.group("subspace", c.subspace, "what both share (Eq. 8)");
  f.group("head", c.head, "from [u_P; c; u_G] to hazards (Eq. 11)");
  f("shared", c.shared, "c of complete patients: mean of both, c_P<-G, c_G<-P or zeros (U16)");
  f.group("loss", c.loss, "terms of Eq. 12 to 16");
  f.group("missing", c.missing, "patients that lack a modality");
  f.require(c.subspace.rank <= c.dim, "subspace",
            "has a rank above dim: rank " + std::to_string(c.subspace.rank) + ", dim " +
                std::to_string(c.dim));
  f.require(c.dim % 8 == 0 && c.dim % c.trunk.attention.options.heads == 0 &&
                c.dim % c.cross.heads == 0 && c.dim % c.missing.options.denoiser.heads == 0,
            "dim", "must be a multiple of 8 and of every number of heads");
  f.require(c.pathology.input != c.genomics.input, "genomics", "is the same input as pathology");
}

}  // namespace tractrix::recipes::must
