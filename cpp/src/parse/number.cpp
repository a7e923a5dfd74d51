#include "number.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <locale>
#include <sstream>

namespace keopsnb::parse {

std::optional<i64> to_integer(std::string_view digits) {
  i64 n = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, n);
  if (error != std::errc() || stop != end) return std::nullopt;
  return n;
}

std::optional<double> to_double(std::string_view decimal) {
  // Not from_chars, which libc++ long lacked for floating point, nor strtod, which asks the locale.
  std::istringstream stream{std::string(decimal)};
  stream.imbue(std::locale::classic());
  double value = 0;
  stream >> value;
  // Some libraries also report underflow as a failure: there the value is right all the same.
  if (!std::isfinite(value) || (stream.fail() && std::abs(value) > 1)) return std::nullopt;
  return value;
}

double ratio(i64 p, i64 q) {
  __extension__ using u128 = unsigned __int128;
  if (p == 0) return 0;
  const auto size = [](i64 n) { return n < 0 ? 0 - static_cast<u128>(n) : static_cast<u128>(n); };
  // A quotient above 2^64 whose last bit says whether anything lies below: it rounds as p / q does.
  const int shift = 64 + std::countl_zero(static_cast<unsigned long long>(size(p)));
  const u128 dividend = size(p) << shift;
  const u128 quotient = dividend / size(q) | (dividend % size(q) != 0);
  const double magnitude = std::ldexp(static_cast<double>(quotient), -shift);
  return (p < 0) != (q < 0) ? -magnitude : magnitude;
}

}  // namespace keopsnb::parse
