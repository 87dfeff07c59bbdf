#include "tractrix/train/memory.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

namespace tractrix::train {
namespace memory_cases {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

data::Batch bags(const std::vector<std::string>& ids, const std::vector<int64_t>& rows) {
  data::Batch batch;
  batch.ids = ids;
  batch.lengths["pathology"] = rows;
  return batch;
}

// More than any machine has: the allocator itself fails.
void use_too_much(const data::Batch&) { at::empty({int64_t{1} << 50}, at::kDouble); }

std::string failure(MemoryWatch& watch, const data::Batch& batch, bool* dropped = nullptr) {
  try {
    watch.guard(
        batch.ids, [&] { return batch; }, use_too_much,
        [&] {
          if (dropped) *dropped = true;
        },
        [] { return std::string("epoch 3"); });
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

void pass(MemoryWatch& watch, const data::Batch& batch) {
  watch.guard(
      batch.ids, [&] { return batch; }, [](const data::Batch&) {}, [] {},
      [] { return std::string(); });
}

TEST(MemoryWatch, NamesThePatientsTheRowsAndABatchThatFits) {
  MemoryWatch watch(Precision::f32, true);
  pass(watch, bags({"P0", "P1"}, {7000, 4000}));
  bool dropped = false;
  const auto message =
      failure(watch, bags({"P2", "P3", "P4", "P5"}, {9000, 3000, 5000, 1000}), &dropped);
  EXPECT_THAT(message, AllOf(HasSubstr("epoch 3: memory ran out at P2, P3, P4 and 1 more, 18000 "
                                       "rows (9000 of P2); 11000 rows at once went through"),
                             HasSubstr("No patch was dropped"), HasSubstr("train.batch=1")));
  EXPECT_TRUE(dropped);
  pass(watch, bags({"P6", "P7"}, {15000, 10000}));
  EXPECT_THAT(failure(watch, bags({"P2", "P3", "P4", "P5"}, {9000, 8000, 8000, 8000})),
              HasSubstr("train.batch=2"));
}

TEST(MemoryWatch, ASingleBagIsToldWhatNeedsLess) {
  const auto bag = bags({"P2"}, {90000});
  MemoryWatch single(Precision::f32, true), low(Precision::bf16, true),
      predicts(Precision::f32, false);
  EXPECT_THAT(failure(single, bag), AllOf(HasSubstr("90000 rows"), HasSubstr("run.precision=bf16"),
                                          Not(HasSubstr("train.batch"))));
  EXPECT_THAT(failure(low, bag), Not(HasSubstr("run.precision")));
  EXPECT_THAT(failure(predicts, bags({"P1", "P2"}, {1, 2})), Not(HasSubstr("train.batch")));
}

TEST(MemoryWatch, OtherErrorsPass) {
  MemoryWatch watch(Precision::f32, true);
  const auto fail = [](const data::Batch&) { throw Error("file.h5", "is damaged"); };
  EXPECT_THROW(watch.guard(
                   {"P1"}, [] { return bags({"P1"}, {3}); }, fail, [] {}, [] { return ""; }),
               Error);
  EXPECT_FALSE(out_of_memory(Error("file.h5", "is damaged")));
  EXPECT_TRUE(out_of_memory(std::bad_alloc()));
}

}  // namespace memory_cases
}  // namespace tractrix::train
