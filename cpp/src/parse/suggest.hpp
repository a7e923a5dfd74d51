// "Did you mean ...?"
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace keopsnb::parse {

// The candidate equal but for case, else the nearest one a slip or two of typing away, else "".
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates);

// " Did you mean 'Exp'?", or "" when no candidate is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace keopsnb::parse
