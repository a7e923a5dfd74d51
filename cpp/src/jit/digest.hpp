// SHA-256 (FIPS 180-4), and keys made with it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keopsnb::jit {

class Sha256 {
 public:
  void update(std::string_view bytes);
  std::string hex();  // 64 lower-case digits; ends the digest

 private:
  void block(const unsigned char* bytes);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> tail_{};
  std::uint64_t size_ = 0;
};

std::string sha256(std::string_view bytes);

// Digest of a tuple of strings. Each field is preceded by its length, so that no two different
// tuples feed the same bytes: ("ab", "c") and ("a", "bc") have different keys.
class Key {
 public:
  Key& field(std::string_view value);
  std::string hex() { return digest_.hex(); }

 private:
  Sha256 digest_;
};

}  // namespace keopsnb::jit
