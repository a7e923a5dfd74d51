// Numbers of mathematics that several functions need.
#pragma once

namespace keopsnb {

inline constexpr double pi = 3.141592653589793, pi_rest = 1.2246467991473532e-16;

}  // namespace keopsnb
