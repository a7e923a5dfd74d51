// The arithmetic of cutting work into parts, on CPU and GPU.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb::inline KEOPSNB_TARGET::detail {

constexpr i64 at_least(i64 a, i64 b) { return a > b ? a : b; }
constexpr i64 at_most(i64 a, i64 b) { return a < b ? a : b; }
constexpr i64 parts_of(i64 n, i64 size) { return (n + size - 1) / size; }

}  // namespace keopsnb::inline KEOPSNB_TARGET::detail
