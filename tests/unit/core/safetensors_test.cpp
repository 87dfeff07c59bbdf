#include "tractrix/core/safetensors.hpp"

#include <gmock/gmock.h>

#include <cstring>

#include "support/folder.hpp"
#include "support/messages.hpp"
#include "tractrix/core/file.hpp"

namespace tractrix {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::TemporaryFolder;

std::string file_of(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

std::string refusal(const std::string& header, const std::string& data) {
  return message_of([&] { Safetensors::parse(file_of(header, data), "x.safetensors"); });
}

TEST(Safetensors, RoundTrip) {
  TemporaryFolder folder;
  const double numbers[] = {1, 2.5, -3};
  const uint8_t flags[] = {1, 0};
  write_safetensors(folder / "a.safetensors",
                    {{"w", {Dtype::f64, {3, 1}, {reinterpret_cast<const char*>(numbers), 24}}},
                     {"flags", {Dtype::boolean, {2}, {reinterpret_cast<const char*>(flags), 2}}},
                     {"empty", {Dtype::f32, {0, 4}, {}}}},
                    {{"who", "me"}});
  const auto file = Safetensors::read(folder / "a.safetensors");
  EXPECT_EQ(file.metadata().at("who"), "me");
  EXPECT_EQ(file.tensors().at("w").shape, (std::vector<int64_t>{3, 1}));
  EXPECT_EQ(0, std::memcmp(file.tensors().at("w").bytes.data(), numbers, 24));
  EXPECT_EQ(file.tensors().at("flags").dtype, Dtype::boolean);
  EXPECT_EQ(file.tensors().at("empty").elements(), 0);
}

TEST(Safetensors, RefusesWhatDoesNotTileTheData) {
  const std::string a = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  EXPECT_THAT(refusal(a + "}", "1234"), HasSubstr("truncated"));
  EXPECT_THAT(refusal(a + "}", "123456789"), HasSubstr("1 bytes follow the last tensor"));
  EXPECT_THAT(refusal(a + R"(,"b":{"dtype":"U8","shape":[1],"data_offsets":[9,10]}})",
                      std::string(10, 'x')),
              HasSubstr("hole"));
  EXPECT_THAT(
      refusal(a + R"(,"b":{"dtype":"U8","shape":[1],"data_offsets":[7,8]}})", std::string(8, 'x')),
      HasSubstr("overlaps"));
  EXPECT_THAT(
      refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", std::string(8, 'x')),
      HasSubstr("ends before"));
  EXPECT_THAT(
      refusal(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", std::string(8, 'x')),
      HasSubstr("its shape needs 12"));
}

TEST(Safetensors, RefusesBrokenHeaders) {
  EXPECT_THAT(refusal("[1]", ""), HasSubstr("no JSON object"));
  EXPECT_THAT(refusal("{", ""), HasSubstr("no valid JSON"));
  EXPECT_THAT(refusal(R"({"a":1,"a":2})", ""), HasSubstr("twice"));
  EXPECT_THAT(refusal(R"({"a":{"dtype":"F99","shape":[],"data_offsets":[0,4]}})", "1234"),
              HasSubstr("unknown dtype"));
  EXPECT_THAT(refusal(R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", "1"),
              HasSubstr("whole number >= 0"));
  EXPECT_THAT(
      refusal(R"({"a":{"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,1]}})", "1"),
      HasSubstr("overflow"));
  EXPECT_THAT(message_of([] { Safetensors::parse(std::string(8, '\xff'), "x"); }),
              HasSubstr("header of"));
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::string whole =
      file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "12345678");
  for (size_t n = 0; n < whole.size(); ++n)
    EXPECT_THROW(Safetensors::parse(whole.substr(0, n), "x"), Error) << n;
}

}  // namespace
}  // namespace tractrix
