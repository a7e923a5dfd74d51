// Text to tokens.
#pragma once
#include <string_view>

#include "error.hpp"

namespace keopsnb::parse {

struct Token {
  enum class Kind { end, name, integer, real, symbol };

  Kind kind = Kind::end;
  Span span;
  bool after_line = false;  // a new line stands before it

  bool is(std::string_view symbol) const {
    return kind == Kind::symbol && span.spelling() == symbol;
  }
  // For "..., found 'x'".
  std::string found() const;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) { advance(); }

  const Token& peek() const { return token_; }
  Token next() {
    const Token token = token_;
    advance();
    return token;
  }
  // Takes the symbol if it comes next.
  bool accept(std::string_view symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }
  std::string_view text() const { return text_; }

 private:
  void advance();
  void number();
  [[noreturn]] void stray() const;

  std::string_view text_;
  std::size_t at_ = 0;  // of the first byte after token_
  Token token_;
};

}  // namespace keopsnb::parse
