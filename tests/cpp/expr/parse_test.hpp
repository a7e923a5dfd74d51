// Questions of the parser's tests: means(text, code, dimension), fails(text, column, words).
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "expr/emit.hpp"
#include "parse/formula.hpp"
#include "parse/utf8.hpp"

using namespace keopsnb;
using namespace keopsnb::parse;
using keopsnb::expr::all_named_from;
using keopsnb::expr::max_dim;
using keopsnb::expr::named_from;
using std::string;
using std::string_view;

// v0 ... v4.
inline const std::vector<string> aliases{"x = Vi(3)", "y=Vj(3)", "b = Vj(2)", "p = Pm(1)",
                                         "s=Vi(1)"};

inline Program read(string_view text, const std::vector<string>& names = aliases) {
  return parse::parse(names, std::array{Source{.text = string(text)}});
}

inline void law(bool holds, const string& what) {
  ++checks_made;
  if (holds) return;
  ++checks_failed;
  std::fprintf(stderr, "fails: %s\n", what.c_str());
}

struct Outcome {
  string code, message;
  i64 dim = 0, column = 0;
};

inline Outcome outcome(string_view text, const std::vector<string>& names = aliases) {
  try {
    const Program program = read(text, names);
    return {program.formulas[0].code, "", program.formulas[0].dim, 0};
  } catch (const FormulaError& error) {
    return {"", error.what(), 0, error.column()};
  }
}

inline void means(string_view text, string_view code, i64 dim) {
  const Outcome found = outcome(text);
  law(found.code == code && found.dim == dim,
      string(text) + " means " + string(code) + ", not " + found.code + found.message);
}

// The caret stands at the column, and the message holds the words.
inline void fails(string_view text, i64 column, string_view words,
                  const std::vector<string>& names = aliases) {
  const Outcome found = outcome(text, names);
  law(!found.message.empty() && found.column == column && found.message.find(words) != string::npos,
      string(text) + " fails at " + std::to_string(column) + " and says " + string(words) +
          ", not " + std::to_string(found.column) + ": " + found.message + found.code);
}

// UTF-8 without control characters but for new lines.
inline bool well_formed(string_view text) {
  for (std::size_t k = 0; k < text.size();) {
    const Character c = character_at(text, k);
    if (!c.valid() || (c.code < 0x20 && c.code != '\n')) return false;
    k += c.bytes;
  }
  return true;
}
