#include "utf8.hpp"

namespace keopsnb::parse {

Character character_at(std::string_view text, std::size_t begin) {
  constexpr Character malformed{0xFFFD, 1};
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[begin + k]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - begin < bytes) return malformed;
  std::uint32_t code = lead & (0xFFu >> (bytes + 1));
  for (std::size_t k = 1; k < bytes; ++k) {
    if ((byte(k) & 0xC0) != 0x80) return malformed;
    code = code << 6 | (byte(k) & 0x3Fu);
  }
  // Overlong forms, surrogates and codes past the last are malformed.
  const std::uint32_t least = bytes == 4 ? 0x10000 : bytes == 3 ? 0x800 : 0x80;
  if (code < least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return malformed;
  return {code, bytes};
}

bool printable(std::uint32_t code) {
  if (code < 0x7F) return code >= 0x20;
  return code >= 0xA0 && code != 0xAD && code != 0xFEFF && code != 0xFFFD &&
         !(code >= 0x2000 && code <= 0x206F && !(code >= 0x2010 && code <= 0x2027));
}

}  // namespace keopsnb::parse
