// From the options of recipes/h2_surv.cpp and a Schema to its network.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "h2_surv_options.hpp"
#include "tractrix/core/csv.hpp"

namespace tractrix::recipes::h2_surv {

// "family > pathway" of a CSV with a column per family that lists its pathways.
inline std::vector<std::string> read_families(const std::filesystem::path& file) {
  const CsvTable table = CsvTable::read(file);
  std::vector<std::string> all;
  for (int64_t column = 0; column < table.columns(); ++column)
    for (int64_t row = 0; row < table.rows(); ++row)
      if (!table.at(row, column).empty())
        all.push_back(table.header()[static_cast<size_t>(column)] + " > " +
                      std::string(table.at(row, column)));
  return all;
}

// Rows of the pathways of each family, families in order of their first line.
inline std::vector<std::vector<int64_t>> family_rows(const std::vector<std::string>& families,
                                                     const std::vector<std::string>& pathways) {
  Named<std::vector<int64_t>> rows;
  Errors errors;
  for (const std::string& line : families) {
    const size_t cut = line.find(" > ");
    const std::string pathway = cut == std::string::npos ? line : line.substr(cut + 3);
    const auto found = std::find(pathways.begin(), pathways.end(), pathway);
    const std::string near = nearest(pathway, pathways);
    if (cut == std::string::npos)
      errors.add("recipe.families", "'" + line + "' is not of the form 'family > pathway'");
    else if (found == pathways.end())
      errors.add(
          "recipe.families", "'" + pathway + "' is no pathway of the input",
          near.empty() ? "there are " + enumerate(pathways) : "did you mean '" + near + "'?");
    else
      rows[line.substr(0, cut)].push_back(found - pathways.begin());
  }
  errors.raise();
  std::vector<std::vector<int64_t>> all;
  for (const auto& [family, list] : rows) all.push_back(list);
  return all;
}

inline void fields(config::Fields& f, Config& c) {
  coattention::fields(f, c);
  f("objective", c.objective, "cox: one log risk; bins: hazards of time bins by `head`");
  f("risk_set", c.risk_set, "cox: patients of the step, or also the last tocl.bank ones, detached");
  f("risk_head", c.risk_head, "on the patient's node; a Euclidean network has only linear");
  f.group("genes", c.genes, "nodes of genes");
  f.group("transport", c.transport, "plan between patches and pathways; it has no gradient");
  f.group("hymap", c.hymap, "map into the ball");
  f.group("h2m", c.h2m, "order of a patient's nodes");
  f.group("tocl", c.tocl, "order of patients by time");
  f("hierarchy", c.hierarchy,
    "CSV with a column per family of pathways; empty: no level between pathways and patient");
  if (!c.hierarchy.empty() && !f.given("families")) c.families = read_families(c.hierarchy);
  f("families", c.families,
    "lines 'family > pathway'; read from `hierarchy` where it is not given");
  f("missing", c.missing, "a patient without slides or genes; zero_token: zeros stand for them");
  f("diagnostics", c.diagnostics, "log curvature, radii, clamped cones and cut nodes");
  const bool plain = !c.hymap.enabled;
  f.require(!plain || c.genes.kind == GeneKind::scalar, "genes", "kind bag needs hymap");
  f.require(!plain || c.risk_head == nn::RiskHead::linear, "risk_head", "needs hymap");
  f.require(!plain || c.families.empty(), "families", "needs hymap");
  const bool snn = c.genes.pooling == nn::GenePooling::snn;
  f.require(!snn || c.genes.kind == GeneKind::scalar, "genes", "pooling snn needs kind scalar");
  f.require(!snn || c.hymap.skeleton == nn::TreeSkeleton::motcat_tangent, "genes",
            "pooling snn needs skeleton motcat_tangent");
}

// The recipe's defaults are checked by the trainer, too: time is asked for only where it is used.
inline recipe::Contract contract_of(const Config& c) {
  recipe::Contract contract;
  const bool optional = c.missing == MissingInput::zero_token;
  contract.inputs = {
      {"pathology", data::Kind::bag, optional},
      {c.omics.input, c.genes.kind == GeneKind::bag ? data::Kind::bag : data::Kind::vector,
       optional}};
  contract.targets = {"event"};
  if (!c.has_cox()) contract.targets.insert(contract.targets.begin(), "bin");
  if (c.has_cox() || c.has_tocl()) contract.targets.emplace_back("time");
  contract.min_window = c.has_cox() && c.risk_set == RiskSet::window ? 2 : 1;
  return contract;
}

inline nn::HyMapOptions map_of(const Config& c, const data::Schema& schema) {
  nn::HyMapOptions map;
  map.patch_columns = schema.inputs.at("pathology").columns;
  map.dim = c.dim;
  map.genes = c.genes.kind == GeneKind::bag ? nn::GeneInput::bag : nn::GeneInput::scalar;
  map.gene_columns = schema.inputs.at(c.omics.input).columns;
  map.relu = c.hymap.projection == Projection::relu;
  map.dropout = c.dropout;
  map.scale = c.hymap.scale;
  map.node_scale = c.hymap.node_scale;
  map.feature_norm = c.hymap.feature_norm;
  map.radius = c.hymap.radius;
  map.curvature.initial = c.hymap.curvature;
  map.curvature.learn = c.hymap.learn;
  map.curvature.lowest = c.hymap.lowest;
  map.curvature.highest = c.hymap.highest;
  return map;
}

inline nn::HyperbolicSurvivalOptions options_of(const Config& c, const data::Schema& schema) {
  nn::HyperbolicSurvivalOptions options;
  options.net = coattention::options_of(c, schema);
  options.net.transport = c.transport;
  if (c.has_cox()) options.net.classes = 1;
  for (const auto& [pathway, rows] : schema.inputs.at(c.omics.input).groups)
    if (rows.empty())
      throw Error("data.inputs." + c.omics.input, "pathway '" + pathway + "' has no gene",
                  "leave it out of the signatures");
  if (!c.hymap.enabled) return options;
  options.hymap = map_of(c, schema);
  options.skeleton = c.hymap.skeleton;
  options.pooling = c.genes.pooling;
  options.hyperbolic_cost = c.hymap.cost == Cost::hyperbolic;
  options.head = c.risk_head;
  options.families = family_rows(c.families, schema.inputs.at(c.omics.input).groups.names());
  return options;
}

}  // namespace tractrix::recipes::h2_surv
