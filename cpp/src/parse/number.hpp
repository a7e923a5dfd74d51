// Numbers of a formula, each the float64 nearest to what the text says, and exact from there on.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <keopsnb/config.hpp>

namespace keopsnb::parse {

// Digits only; none beyond int64.
std::optional<i64> to_integer(std::string_view digits);

// Python's decimal notation, whatever the locale; none beyond float64.
std::optional<double> to_double(std::string_view decimal);

// The double nearest to p / q, ties to even; q is not 0.
double ratio(i64 p, i64 q);

}  // namespace keopsnb::parse
