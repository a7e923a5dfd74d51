#include "bind/buffer.hpp"

#include <string_view>

namespace keopsnb {
namespace {

// The letter of a buffer's numbers, in this machine's order of bytes; more for others.
std::string_view format_of(const Py_buffer& buffer) {
  std::string_view f = buffer.format ? buffer.format : "B";
  constexpr bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
  if (f.size() == 2 && (f[0] == '@' || f[0] == '=' || f[0] == (little ? '<' : '>')))
    f.remove_prefix(1);
  return f;
}

}  // namespace

std::optional<Dtype> dtype_of(const Py_buffer& buffer) {
  const std::string_view f = format_of(buffer);
  if (f.size() != 1) return std::nullopt;
  return find_dtype([&](const DtypeFacts& known) {
    return known.bytes == buffer.itemsize && known.letters.find(f[0]) != f.npos;
  });
}

std::optional<Dtype> integers_for(const Py_buffer& buffer) {
  const std::string_view f = format_of(buffer);
  if (f.size() != 1) return std::nullopt;
  for (const TakenDtype& taken : taken_dtypes)
    if (taken.letters.find(f[0]) != f.npos) return taken.as;
  return std::nullopt;
}

bool holds_truth_values(const Py_buffer& buffer) { return format_of(buffer) == "?"; }

}  // namespace keopsnb
