// Losses that order the nodes of a patient's tree in hyperbolic space, reconstructed from the
// description of H2-Surv (CVPR 2026, no code released): intra, a margin between a level and its
// leaves as seen from the patient's node; inter, entailment cones (geometry/cone.hpp) between
// pathways and the WSI. Curvature c: one positive number with gradient, of the nodes' type.
#pragma once

#include <ATen/core/Tensor.h>

#include "tractrix/geometry/cone.hpp"
#include "tractrix/nn/hierarchy_nodes.hpp"

namespace tractrix::losses {

struct IntraOptions {
  double margin = 0.1;
  bool soft = false;  // log(1 + exp(x)) for the hinge
};

// mean over patches of [d(patient, wsi) - d(patient, patch) + margin]_+, plus mean over pathways of
// the mean over their genes of the same, plus that of families and their pathways; what is
// undefined is left out.
at::Tensor intra_margin(const nn::HierarchyNodes& nodes, const nn::HierarchyGroups& groups,
                        const at::Tensor& c, const IntraOptions& options);

// cone_of_pathway: the WSI lies in every pathway's cone (H2-Surv). cone_of_wsi: the other way
// round. align: no cones, the distance between them.
enum class Entailment { cone_of_pathway, cone_of_wsi, align };
enum class Reduce { mean, max, sum };

struct InterOptions {
  Entailment direction = Entailment::cone_of_pathway;
  Reduce reduce = Reduce::mean;  // over pathways
  geometry::ConeOptions cone;
  bool patient = false;        // also: pathways and WSI lie in the patient's cone
  bool leaves = false;         // also: patches in the WSI's cone, genes in their pathways'
  double leaf_aperture = 1.2;  // factor on those cones' half-aperture (HyCoCLIP's within modality)
};

// Needs WSI and pathways; 0 without one of them.
at::Tensor inter_entailment(const nn::HierarchyNodes& nodes, const nn::HierarchyGroups& groups,
                            const at::Tensor& c, const InterOptions& options);

// Part of the nodes [n, D] so near the origin that their cone is a half-space: a diagnostic [].
at::Tensor clamped_apertures(const at::Tensor& nodes, const at::Tensor& c, double k);

}  // namespace tractrix::losses
