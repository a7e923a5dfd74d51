#include "error.hpp"

#include <algorithm>
#include <vector>

#include "utf8.hpp"

namespace keopsnb::parse {
namespace {

// One entry for each character, as it can be shown.
std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> all;
  for (std::size_t k = 0; k < text.size();) {
    const Character c = character_at(text, k);
    const bool blank = c.code == '\t' || c.code == '\n' || c.code == '\r';
    all.push_back(blank ? " " : printable(c.code) ? text.substr(k, c.bytes) : "?");
    k += c.bytes;
  }
  return all;
}

}  // namespace

std::string quote(std::string_view spelling) {
  constexpr std::size_t longest = 36;
  // Four bytes a character at most: cutting first keeps the cost off long texts.
  const auto shown = characters(spelling.substr(0, 4 * (longest + 1)));
  std::string quoted = "'";
  for (std::size_t k = 0; k < shown.size() && k < longest; ++k) quoted += shown[k];
  return quoted + (shown.size() > longest ? "...'" : "'");
}

void fail(const Span& span, const std::string& message) {
  constexpr std::size_t width = 84;
  const std::string_view text = span.text;
  const std::size_t newline = text.substr(0, span.begin).rfind('\n');
  const std::size_t first = newline == text.npos ? 0 : newline + 1;
  std::string_view line = text.substr(first);
  line = line.substr(0, line.find('\n'));

  const auto shown = characters(line);
  const std::size_t caret = characters(line.substr(0, span.begin - first)).size();
  const std::size_t marked =
      characters(text.substr(0, std::min(span.end, first + line.size())).substr(span.begin)).size();
  // Of a long line, a window in which the caret stands at two thirds.
  const std::size_t start =
      shown.size() > width && caret > width * 2 / 3 ? caret - width * 2 / 3 : 0;
  const std::size_t stop = std::min(shown.size(), start + width);

  std::string what = message + "\n  " + (start > 0 ? "..." : "");
  for (std::size_t k = start; k < stop; ++k) what += shown[k];
  what += stop < shown.size() ? "...\n  " : "\n  ";
  what.append(caret - start + (start > 0 ? 3 : 0), ' ');
  what += '^';
  if (marked > 1) what.append(std::min(marked, std::max(stop, caret + 1) - caret) - 1, '~');
  throw FormulaError(what, static_cast<i64>(caret) + 1);
}

}  // namespace keopsnb::parse
