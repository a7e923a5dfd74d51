// Numbers of mathematics that several functions need.
#pragma once
#include <keopsnb/config.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

inline constexpr double pi = 3.141592653589793, pi_rest = 1.2246467991473532e-16;

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
