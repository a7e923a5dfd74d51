// What a law keeps beside a result: a number of a row, or one of each component of the formula.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

enum class Keep { of_row, of_component };

}  // namespace keopsnb::inline KEOPSNB_TARGET
