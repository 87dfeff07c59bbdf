// Names of data sets by which HDF5 feature files are known.
#pragma once

namespace tractrix::data::hdf5 {

// TRIDENT, CLAM, MMP and gene bags; STAMP; STAMP's fall-back for other writers.
constexpr const char* kFeatureNames[] = {"features", "feats", "patch_embeddings"};
constexpr const char* kCoordsName = "coords";
constexpr const char* kTextNames[] = {"gene_names", "ensembl_ids", "case_ids"};

}  // namespace tractrix::data::hdf5
