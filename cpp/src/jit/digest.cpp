#include "digest.hpp"

#include <array>
#include <cstdint>

namespace keopsnb::jit {
namespace {

using Bytes = std::array<std::uint8_t, 32>;

std::string big_endian64(std::uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

}  // namespace

Digest::Digest() { blake2b_init(&state_, Bytes().size()); }

void Digest::update(std::string_view bytes) {
  blake2b_update(&state_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string Digest::hex() {
  Bytes bytes;
  blake2b_final(&state_, bytes.data(), bytes.size());
  std::string digits;
  for (const std::uint8_t byte : bytes)
    for (const int shift : {4, 0}) digits += "0123456789abcdef"[byte >> shift & 15];
  return digits;
}

std::string digest_of(std::string_view bytes) {
  Digest digest;
  digest.update(bytes);
  return digest.hex();
}

Key& Key::field(std::string_view value) {
  digest_.update(big_endian64(value.size()));
  digest_.update(value);
  return *this;
}

}  // namespace keopsnb::jit
