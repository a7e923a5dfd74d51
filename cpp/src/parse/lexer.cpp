#include "lexer.hpp"

#include <cstdint>
#include <cstdio>
#include <string>

#include "utf8.hpp"

namespace keopsnb::parse {
namespace {

// The locale has no say in what a letter is.
bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Longest first.
constexpr std::string_view symbols[] = {"**", "//", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%",
                                        "|",  "<",  ">",  "=",  "(",  ")",  "[", "]", ",", ";"};

// Python's and other notations that formulas do not have, and what to write instead.
struct Advice {
  std::string_view symbol;
  const char* advice;
};
constexpr Advice advices[] = {
    {"||", "write a or b"},
    {"^", "write a**b for a power"},
    {"@", "write a | b for an inner product, or MatVecMult(a, b)"},
    {"&", "write a and b"},
    {"~", "write not a"},
    {"!", "write not a, or a != b to compare"},
    {".", "write Exp(x), not x.exp(), and 0.5 or .5 for a number"},
    {"'", "a formula holds no strings, write names without quotes"},
    {"\"", "a formula holds no strings, write names without quotes"},
    {"#", "a formula holds no comments"},
};

struct Lookalike {
  std::uint32_t code;
  const char* ascii;
};
constexpr Lookalike lookalikes[] = {
    {0x00A0, "a blank"}, {0x00B2, "**2"}, {0x00B3, "**3"}, {0x00B7, "*"},  {0x00D7, "*"},
    {0x00F7, "/"},       {0x2013, "-"},   {0x2014, "-"},   {0x2212, "-"},  {0x2215, "/"},
    {0x2223, "|"},       {0x22C5, "*"},   {0x2260, "!="},  {0x2264, "<="}, {0x2265, ">="},
};

}  // namespace

std::string Token::found() const {
  return kind == Kind::end ? "the end of the text" : quote(span.spelling());
}

void Lexer::advance() {
  bool after_line = false;
  for (; at_ < text_.size() && blank(text_[at_]); ++at_) after_line |= text_[at_] == '\n';
  const std::size_t begin = at_;
  token_ = {Token::Kind::end, {text_, begin, begin}, after_line};
  if (begin == text_.size()) return;
  const std::string_view rest = text_.substr(begin);
  if (letter(rest[0])) {
    while (at_ < text_.size() && (letter(text_[at_]) || digit(text_[at_]))) ++at_;
    token_.kind = Token::Kind::name;
  } else if (digit(rest[0]) || (rest[0] == '.' && rest.size() > 1 && digit(rest[1]))) {
    number();
  } else {
    if (rest.starts_with("||")) stray();
    for (const std::string_view symbol : symbols)
      if (rest.starts_with(symbol)) {
        at_ += symbol.size();
        token_.kind = Token::Kind::symbol;
        break;
      }
    if (token_.kind == Token::Kind::end) stray();
  }
  token_.span.end = at_;
}

void Lexer::number() {
  const std::size_t begin = at_;
  const auto digits = [&] {
    const std::size_t first = at_;
    while (at_ < text_.size() && digit(text_[at_])) ++at_;
    return at_ > first;
  };
  const auto take = [&](std::string_view any) {
    const bool here = at_ < text_.size() && any.find(text_[at_]) != any.npos;
    at_ += here;
    return here;
  };
  token_.kind = Token::Kind::integer;
  digits();
  if (take(".")) {
    token_.kind = Token::Kind::real;
    digits();
  }
  const std::size_t mantissa = at_;
  if (take("eE")) {
    token_.kind = Token::Kind::real;
    take("+-");
    if (!digits()) at_ = mantissa;  // "2exp" or "1e": said below
  }
  if (at_ == text_.size() || (!letter(text_[at_]) && text_[at_] != '.')) return;
  const std::size_t end = at_;
  while (at_ < text_.size() && (letter(text_[at_]) || digit(text_[at_]) || text_[at_] == '.'))
    ++at_;
  const std::string_view number = text_.substr(begin, end - begin);
  const std::string_view name = text_.substr(end, at_ - end);
  fail({text_, begin, at_},
       quote(text_.substr(begin, at_ - begin)) +
           " is not a number. Write numbers as 2, 0.5, .5 or "
           "1e-3" +
           (name.find('.') == name.npos
                ? ", and " + quote(std::string(number) + " * " + std::string(name)) +
                      " for a product."
                : "."));
}

void Lexer::stray() const {
  const std::string_view rest = text_.substr(at_);
  for (const auto& [symbol, advice] : advices)
    if (rest.starts_with(symbol))
      fail({text_, at_, at_ + symbol.size()}, "There is no " +
                                                  (symbol[0] == '\'' ? "\"'\"" : quote(symbol)) +
                                                  " in formulas: " + advice + ".");
  const Character c = character_at(text_, at_);
  const Span span{text_, at_, at_ + c.bytes};
  for (const auto& [code, ascii] : lookalikes)
    if (c.code == code)
      fail(span, "Found " + quote(span.spelling()) + ", which is not an ASCII character: write " +
                     ascii + " instead.");
  char name[16];
  std::snprintf(name, sizeof name, c.valid() ? "U+%04X" : "byte 0x%02X",
                c.valid() ? c.code : static_cast<unsigned char>(text_[at_]));
  fail(span,
       "Found " + (printable(c.code) ? quote(span.spelling()) + " (" + name + ")" : name) +
           ", which has no meaning in a formula. Formulas are made of ASCII letters, digits, "
           "'_', parentheses, commas and the operators + - * / // % ** | < <= > >= == != and or "
           "not.");
}

}  // namespace keopsnb::parse
