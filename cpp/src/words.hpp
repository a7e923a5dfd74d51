// Words of messages.
#pragma once
#include <cstddef>
#include <string>

namespace keopsnb {

// "a", "a and b", "a, b and c".
template <class Strings>
std::string enumerate(const Strings& strings) {
  std::string all;
  std::size_t k = 0;
  for (const auto& string : strings) {
    if (k > 0) all += k + 1 == strings.size() ? " and " : ", ";
    all += string;
    ++k;
  }
  return all;
}

// "no arguments", "1 argument", "2 arguments".
inline std::string counted(std::size_t n, const std::string& noun) {
  return (n == 0 ? "no" : std::to_string(n)) + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace keopsnb
