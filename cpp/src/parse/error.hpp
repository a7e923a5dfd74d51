// Errors in the text of a formula or of an alias, shown with the text itself and a caret.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

#include <keopsnb/config.hpp>

#include "words.hpp"

namespace keopsnb::parse {

// what() is always valid UTF-8, whatever bytes the text holds.
class FormulaError : public std::runtime_error {
 public:
  FormulaError(const std::string& message, i64 column)
      : std::runtime_error(message), column_(column) {}

  // Of the caret in its line of the text: characters, from 1.
  i64 column() const { return column_; }

 private:
  i64 column_;
};

// The bytes [begin, end) of a text, which must outlive it.
struct Span {
  std::string_view text;
  std::size_t begin = 0;
  std::size_t end = 0;

  std::string_view spelling() const { return text.substr(begin, end - begin); }
};

inline Span from_to(const Span& first, const Span& last) {
  return {first.text, first.begin, last.end};
}

[[noreturn]] void fail(const Span& span, const std::string& message);

// The spelling between quotes, printable and not too long.
std::string quote(std::string_view spelling);

}  // namespace keopsnb::parse
