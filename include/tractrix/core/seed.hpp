// A tree of counter-keyed random streams: run -> fold -> stage -> step -> purpose. Children never
// depend on siblings, so adding a fold, a metric or a patient changes no other stream.
#pragma once

#include <cstdint>
#include <string_view>

namespace tractrix {

class Seed {
 public:
  constexpr explicit Seed(uint64_t run) : key_(mix(run)) {}

  constexpr Seed at(std::string_view label, uint64_t index = 0) const {
    return Seed(mix(key_ ^ mix(hash(label) + kGolden * (index + 1))), Key{});
  }
  constexpr Seed at(std::string_view label, std::string_view id) const { return at(label).at(id); }

  constexpr uint64_t key() const { return key_; }

  // The i-th uniform number in [0, 1) of this stream, with 53 random bits.
  constexpr double uniform(uint64_t i) const {
    return static_cast<double>(mix(key_ + kGolden * (i + 1)) >> 11) * 0x1.0p-53;
  }

  // FNV-1a and the finaliser of SplitMix64; also the fill of the golden cases.
  static constexpr uint64_t hash(std::string_view text) {
    uint64_t h = 0xcbf29ce484222325ull;
    for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    return h;
  }
  static constexpr uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  static constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ull;

 private:
  struct Key {};
  constexpr Seed(uint64_t key, Key) : key_(key) {}
  uint64_t key_;
};

}  // namespace tractrix
