// Made-up examples of any recipe's contract, for timing and nothing else.
#pragma once

#include <string>
#include <vector>

#include "tractrix/data/reader.hpp"
#include "tractrix/recipe/recipe.hpp"

namespace tractrix::bench {

struct Shape {
  int64_t patients = 1, patches = 1024, patch_columns = 1024;
  int64_t groups = 6, genes = 100;  // six groups as the MCAT lineage has them; genes per group
  int64_t bins = 4;
};

class MadeUp final : public data::Reader {
 public:
  MadeUp(const recipe::Contract& contract, const Shape& shape, at::ScalarType type);

  const data::Schema& schema() const { return schema_; }
  std::vector<std::string> ids() const;
  std::vector<std::string> present(const std::string& id) const override;
  data::Batch read(const std::vector<std::string>& ids, const Seed& seed) const override;

 private:
  Shape shape_;
  at::ScalarType type_;
  data::Schema schema_;
  Tensors inputs_;  // one patient's; all patients share them
};

}  // namespace tractrix::bench
