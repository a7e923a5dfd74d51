// The index of a variable.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// Rows i, columns j, or none: a parameter.
enum class Category { i = 0, j = 1, parameter = 2 };
constexpr Category opposite(Category c) { return c == Category::i ? Category::j : Category::i; }

}  // namespace keopsnb::inline KEOPSNB_TARGET
