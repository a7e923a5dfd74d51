// Digests of 256 bits by BLAKE2b (RFC 7693), and keys made with it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "vendor/blake2/blake2.h"

namespace keopsnb::jit {

class Digest {
 public:
  Digest();
  void update(std::string_view bytes);
  std::string hex();  // 64 lower-case digits; ends the digest

 private:
  blake2b_state state_;
};

std::string digest_of(std::string_view bytes);

// Digest of a tuple of strings. Each field is preceded by its length, so that no two different
// tuples feed the same bytes: ("ab", "c") and ("a", "bc") have different keys.
class Key {
 public:
  Key& field(std::string_view value);
  std::string hex() { return digest_.hex(); }

 private:
  Digest digest_;
};

}  // namespace keopsnb::jit
