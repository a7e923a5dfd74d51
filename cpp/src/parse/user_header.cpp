#include "user_header.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>

namespace keopsnb::parse {
namespace {

struct Macro {
  std::string_view name;
  int operands;  // 0: a reduction
};
constexpr Macro macros[] = {
    {"KEOPSNB_UNARY_OPERATION", 1},
    {"KEOPSNB_BINARY_OPERATION", 2},
    {"KEOPSNB_TERNARY_OPERATION", 3},
    {"KEOPSNB_REDUCTION", 0},
};

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }
bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)); }

// Lines that a backslash ends are joined with the next.
std::string joined(std::string_view text) {
  std::string out;
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (text[k] == '\\' && text.substr(k + 1, 2) == "\r\n")
      k += 2;
    else if (text[k] == '\\' && text.substr(k + 1, 1) == "\n")
      ++k;
    else
      out += text[k];
  }
  return out;
}

// The words of a C++ text, one after another: names, numbers, and characters on their own.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  // "" at the end.
  std::string_view next() {
    skip();
    const std::size_t begin = at_;
    if (at_ == text_.size()) return {};
    line_begins_ = false;
    if (is_digit(text_[at_])) {
      number();
    } else if (in_name(text_[at_])) {
      while (in_name(peek())) ++at_;
      constexpr std::string_view raw[] = {"R", "LR", "uR", "UR", "u8R"};
      if (peek() == '"' && std::ranges::count(raw, text_.substr(begin, at_ - begin)) > 0) {
        raw_string();
        return next();
      }
    } else {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void to(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    at_ = found == std::string_view::npos ? text_.size() : found + end.size();
  }

  // Blanks, comments, lines of directives, strings and characters.
  void skip() {
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == '\n') line_begins_ = true;
      if (is_blank(c)) {
        ++at_;
      } else if (c == '/' && peek(1) == '*') {
        at_ += 2;
        to("*/");
      } else if ((c == '/' && peek(1) == '/') || (c == '#' && line_begins_)) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '"' || c == '\'') {
        line_begins_ = false;
        quoted(c);
      } else {
        return;
      }
    }
  }
  void quoted(char quote) {
    for (++at_; at_ < text_.size() && peek() != quote && peek() != '\n'; ++at_)
      if (peek() == '\\') ++at_;
    at_ = std::min(at_ + 1, text_.size());
  }
  // R"end(...)end"
  void raw_string() {
    const std::size_t begin = at_ + 1, open = std::min(text_.find('(', begin), text_.size());
    at_ = open;
    to(")" + std::string(text_.substr(begin, open - begin)) + "\"");
  }
  // In 1'000 an apostrophe begins no character.
  void number() {
    while (in_name(peek()) || peek() == '.' || (peek() == '\'' && in_name(peek(1)))) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool line_begins_ = true;
};

// The first words of a row, each up to a comma or the closing parenthesis.
std::string argument(Words& words, std::string_view macro) {
  std::string name;
  std::string_view word = words.next();
  for (; word == ":" || (!word.empty() && in_name(word[0])); word = words.next()) name += word;
  if (name.empty() || is_digit(name[0]) || (word != "," && word != ")"))
    throw std::invalid_argument("header has a row " + std::string(macro) +
                                "(...) whose arguments do not begin with two names: that of "
                                "formulas and that of C++.");
  return name;
}

}  // namespace

std::string with_bare_rows(const std::string& header) {
  std::string text = "#include <keopsnb/user.hpp>\n";
  for (const Macro& macro : macros) text += "#undef " + std::string(macro.name) + "\n";
  return text + rows_begin + "\n#line 1 \"header\"\n" + header + "\n";
}

UserHeader read_user_header(const std::string& source) {
  const std::string text = joined(source);
  Words words(text);
  UserHeader header;
  for (std::string_view word = words.next(); !word.empty();) {
    const Macro* const macro = std::ranges::find(macros, word, &Macro::name);
    word = words.next();
    if (macro == std::end(macros) || word != "(") continue;
    const std::string name = argument(words, macro->name), call = argument(words, macro->name);
    if (macro->operands > 0) {
      header.operations.push_back({name, call, macro->operands, 0});
      continue;
    }
    const std::string gives = argument(words, macro->name);
    if (gives != "values" && gives != "indices" && gives != "both")
      throw std::invalid_argument("header says that the reduction '" + name + "' gives '" + gives +
                                  "'; write values, indices or both.");
    header.reductions.push_back({name, call, gives != "indices", gives != "values"});
  }
  return header;
}

}  // namespace keopsnb::parse
