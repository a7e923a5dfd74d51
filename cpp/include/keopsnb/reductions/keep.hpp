// Kinds of numbers that a law keeps beside a result: of a row, or of each component of the formula.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

enum class Keep { of_row, of_component };

}  // namespace keopsnb::inline KEOPSNB_TARGET
