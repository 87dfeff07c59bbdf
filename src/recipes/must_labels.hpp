// Labels of the options of MUST, found beside the enums.
#pragma once

#include <utility>

#include "tractrix/losses/decomposition.hpp"
#include "tractrix/nn/latent_fill.hpp"
#include "tractrix/nn/must_net.hpp"

namespace tractrix::nn {
constexpr std::pair<const char*, GroupNet> kGroupNets[] = {
    {"snn", GroupNet::snn}, {"relu", GroupNet::relu}, {"linear", GroupNet::linear}};
constexpr auto& names(GroupNet) { return kGroupNets; }
constexpr std::pair<const char*, CrossQuery> kCrossQueries[] = {{"tokens", CrossQuery::tokens},
                                                                {"class", CrossQuery::class_token}};
constexpr auto& names(CrossQuery) { return kCrossQueries; }
constexpr std::pair<const char*, SubspaceKind> kSubspaceKinds[] = {
    {"householder", SubspaceKind::householder},
    {"qr", SubspaceKind::qr},
    {"stiefel", SubspaceKind::stiefel},
    {"free", SubspaceKind::free}};
constexpr auto& names(SubspaceKind) { return kSubspaceKinds; }
constexpr std::pair<const char*, Fill> kFills[] = {{"diffusion", Fill::diffusion},
                                                   {"regression", Fill::regression},
                                                   {"mean", Fill::mean},
                                                   {"zero", Fill::zero}};
constexpr auto& names(Fill) { return kFills; }
constexpr std::pair<const char*, LatentScale> kLatentScales[] = {{"scalar", LatentScale::scalar},
                                                                 {"columns", LatentScale::columns},
                                                                 {"none", LatentScale::none}};
constexpr auto& names(LatentScale) { return kLatentScales; }
constexpr std::pair<const char*, DenoiserLayout> kDenoiserLayouts[] = {
    {"tokens", DenoiserLayout::tokens}, {"concat", DenoiserLayout::concat}};
constexpr auto& names(DenoiserLayout) { return kDenoiserLayouts; }
constexpr std::pair<const char*, Prediction> kPredictions[] = {
    {"noise", Prediction::noise}, {"velocity", Prediction::velocity}, {"start", Prediction::start}};
constexpr auto& names(Prediction) { return kPredictions; }
constexpr std::pair<const char*, BetaCurve> kBetaCurves[] = {
    {"linear", BetaCurve::linear},
    {"scaled_linear", BetaCurve::scaled_linear},
    {"cosine", BetaCurve::cosine}};
constexpr auto& names(BetaCurve) { return kBetaCurves; }
constexpr std::pair<const char*, Spacing> kSpacings[] = {{"trailing", Spacing::trailing},
                                                         {"leading", Spacing::leading},
                                                         {"linspace", Spacing::linspace}};
constexpr auto& names(Spacing) { return kSpacings; }
constexpr std::pair<const char*, Sampler> kSamplers[] = {{"ddim", Sampler::ddim},
                                                         {"ddpm", Sampler::ddpm}};
constexpr auto& names(Sampler) { return kSamplers; }
}  // namespace tractrix::nn

namespace tractrix::losses {
constexpr std::pair<const char*, RowReduction> kRowReductions[] = {
    {"recommended", RowReduction::mean}, {"paper", RowReduction::sum}};
constexpr auto& names(RowReduction) { return kRowReductions; }
}  // namespace tractrix::losses

namespace tractrix::recipes::must {

enum class ModalityKind { bag, vector };
constexpr std::pair<const char*, ModalityKind> kModalityKinds[] = {
    {"bag", ModalityKind::bag}, {"vector", ModalityKind::vector}};
constexpr auto& names(ModalityKind) { return kModalityKinds; }
enum class Likelihood { full, eq6 };
constexpr std::pair<const char*, Likelihood> kLikelihoods[] = {{"full", Likelihood::full},
                                                               {"eq6", Likelihood::eq6}};
constexpr auto& names(Likelihood) { return kLikelihoods; }
enum class WarmupHead { slots, literal, separate };
constexpr std::pair<const char*, WarmupHead> kWarmupHeads[] = {{"slots", WarmupHead::slots},
                                                               {"literal", WarmupHead::literal},
                                                               {"separate", WarmupHead::separate}};
constexpr auto& names(WarmupHead) { return kWarmupHeads; }
enum class Shared { mean, p, g, zero };
constexpr std::pair<const char*, Shared> kShareds[] = {
    {"mean", Shared::mean}, {"p", Shared::p}, {"g", Shared::g}, {"zero", Shared::zero}};
constexpr auto& names(Shared) { return kShareds; }
enum class Available { literal, projected };
constexpr std::pair<const char*, Available> kAvailables[] = {{"literal", Available::literal},
                                                             {"projected", Available::projected}};
constexpr auto& names(Available) { return kAvailables; }
enum class TrainedOn { shared, available };
constexpr std::pair<const char*, TrainedOn> kTrainedOns[] = {{"shared", TrainedOn::shared},
                                                             {"available", TrainedOn::available}};
constexpr auto& names(TrainedOn) { return kTrainedOns; }

}  // namespace tractrix::recipes::must
