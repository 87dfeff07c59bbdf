// Everything a fold learns from its training patients before the model does: bin edges, scalers,
// gene order. Saved in the header of every checkpoint, so that another cohort can be predicted with
// it.
#pragma once

#include <string>
#include <vector>

#include "tractrix/core/json.hpp"
#include "tractrix/data/batch.hpp"
#include "tractrix/data/cohort.hpp"
#include "tractrix/data/scaler.hpp"
#include "tractrix/data/withheld.hpp"

namespace tractrix::data {

struct VectorPreparation {
  ColumnChoice choice;
  Scaler scaler;        // mean 0 and scale 1 when standardise is off
  bool impute = false;  // missing cells become the training mean
};

struct Preparation {
  std::vector<double> edges;  // K + 1 bin edges
  Named<VectorPreparation> vectors;
  Named<Width> bags;                      // with the pathways of gene bags
  Named<std::vector<std::string>> genes;  // names of a gene bag's rows, in order

  // From the training patients only (bins.fit: cohort takes all patients for the edges, as MCAT
  // does).
  // Nothing is learnt from what is withheld. Throws an Error when no training patient has an input.
  static Preparation fit(const Cohort& cohort, const std::vector<std::string>& train,
                         const Withheld& withheld = {});
  static Preparation from_json(const Json& json, const std::string& where);
  Json to_json() const;

  Schema schema() const;
  // Bin of a time; times beyond the outer edges belong to the first and the last bin.
  int64_t bin(double time) const;
};

}  // namespace tractrix::data
