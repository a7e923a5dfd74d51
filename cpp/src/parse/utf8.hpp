// Just enough UTF-8 to point at characters of a text that may hold any bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keopsnb::parse {

struct Character {
  std::uint32_t code = 0;  // 0xFFFD for a byte that begins no well-formed character
  std::size_t bytes = 1;

  bool valid() const { return code != 0xFFFD; }
};

// The character that begins at a byte of a text.
Character character_at(std::string_view text, std::size_t begin);

// Takes up one column on a screen and moves no other: no control, no mark that changes direction.
bool printable(std::uint32_t code);

}  // namespace keopsnb::parse
