// The nodes of one patient's tree in hyperbolic space: patch -> WSI, gene -> pathway (-> family of
// pathways), {WSI, pathways} -> patient.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace tractrix::nn {

// Tangent vectors at the origin in Lorentz scaling (geometry/tangent.hpp): a node lies at distance
// |u| from the origin. Undefined where a model has no such nodes or the patient lacks the modality.
struct HierarchyNodes {
  at::Tensor patches;   // [N, D]
  at::Tensor genes;     // [G, D]
  at::Tensor wsi;       // [1, D]
  at::Tensor pathways;  // [K, D]
  at::Tensor families;  // [F, D]
  at::Tensor patient;   // [1, D]
};

// Children of each pathway (rows of genes) and of each family (rows of pathways). A gene may be in
// several pathways.
struct HierarchyGroups {
  std::vector<std::vector<int64_t>> pathways, families;
};

}  // namespace tractrix::nn
