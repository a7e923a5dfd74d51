#include "user_header.hpp"

#include <cctype>
#include <stdexcept>
#include <string_view>

namespace keopsnb::parse {
namespace {

// The text with comments, strings and characters blanked.
std::string without_comments(const std::string& text) {
  std::string out = text;
  const auto blank = [&](std::size_t from, std::size_t to) {
    for (std::size_t k = from; k < to && k < out.size(); ++k)
      if (out[k] != '\n') out[k] = ' ';
  };
  for (std::size_t k = 0; k + 1 < text.size(); ++k) {
    std::size_t end = k;
    if (text.compare(k, 2, "//") == 0) {
      end = std::min(text.find('\n', k), text.size());
    } else if (text.compare(k, 2, "/*") == 0) {
      const std::size_t close = text.find("*/", k + 2);
      end = close == std::string::npos ? text.size() : close + 2;
    } else if (text[k] == '"') {
      for (end = k + 1; end < text.size() && text[end] != '"' && text[end] != '\n'; ++end)
        if (text[end] == '\\') ++end;
      ++end;
    }
    if (end > k) {
      blank(k, end);
      k = end - 1;
    }
  }
  return out;
}

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Reads the words of one row, from after its '(' on.
class Row {
 public:
  Row(const std::string& text, std::size_t at, std::string_view macro)
      : text_(text), at_(at), macro_(macro) {}

  std::string name() {
    skip_blanks();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (in_name(text_[at_]) || text_[at_] == ':')) ++at_;
    const std::string word = text_.substr(begin, at_ - begin);
    skip_blanks();
    if (word.empty() || std::isdigit(static_cast<unsigned char>(word[0])) || at_ >= text_.size() ||
        (text_[at_] != ',' && text_[at_] != ')'))
      throw std::invalid_argument("header has a row " + std::string(macro_) +
                                  "(...) whose arguments do not begin with two names: that of " +
                                  "formulas and that of C++.");
    ++at_;
    return word;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  const std::string& text_;
  std::size_t at_;
  std::string_view macro_;
};

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

}  // namespace

UserHeader read_user_header(const std::string& source) {
  const std::string text = without_comments(source);
  UserHeader header;
  for (std::size_t at = text.find("KEOPSNB_"); at != std::string::npos;
       at = text.find("KEOPSNB_", at + 1)) {
    for (const auto& [macro, operands] : macros) {
      const std::size_t open = at + macro.size();
      if (text.compare(at, macro.size(), macro) != 0 || open >= text.size() || text[open] != '(')
        continue;
      Row row(text, open + 1, macro);
      const std::string name = row.name(), call = row.name();
      if (operands > 0) {
        header.operations.push_back({name, call, operands, 0});
        continue;
      }
      const std::string gives = row.name();
      if (gives != "values" && gives != "indices" && gives != "both")
        throw std::invalid_argument("header says that the reduction '" + name + "' gives '" +
                                    gives + "'; write values, indices or both.");
      header.reductions.push_back({name, call, gives != "indices", gives != "values"});
    }
  }
  return header;
}

}  // namespace keopsnb::parse
