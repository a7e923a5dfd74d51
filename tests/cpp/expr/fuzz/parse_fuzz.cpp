// The parser on any bytes: a formula, with aliases in front where there are some,
//
//   x = Vi(3); y = Vj(3); Exp(-SqDist(x, y))
//
// gives either code made of a few harmless characters, or a printable message at a place in the
// text. Anything else ends the program, as do errors of memory under sanitizers.
#include <cstdint>
#include <cstdlib>

#include "../parse_test.hpp"

namespace {

void hold(bool law, const char* what, const string& found) {
  if (law) return;
  std::fprintf(stderr, "false: %s\n%s\n", what, found.c_str());
  std::abort();
}

void check_code(const string& code, string_view marks) {
  int open = 0;
  for (const char c : code) {
    const bool name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    hold(name || marks.find(c) != string_view::npos, "code is harmless", code);
    open += (c == '(') - (c == ')');
    hold(open >= 0, "parentheses match", code);
  }
  hold(open == 0, "code is whole", code);
}

void check_message(const FormulaError& error, std::size_t size) {
  hold(well_formed(error.what()), "messages are printable", error.what());
  hold(error.column() >= 1 && error.column() <= static_cast<i64>(size) + 1,
       "columns are in the text", error.what());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<string> names;
  for (std::size_t end; (end = text.find(';')) != text.npos; text.remove_prefix(end + 1))
    names.emplace_back(text.substr(0, end));
  static const std::array own{UserOperation{"Mine", "mine", 2, 1}};
  try {
    const Program program = parse::parse(names.empty() ? aliases : names,
                                         std::array{Source{.text = string(text)}}, own);
    const Formula& f = program.formulas[0];
    hold(f.dim >= 1 && f.dim <= max_dim, "dimensions are in range", f.code);
    hold(!f.code.empty(), "there is code", f.code);
    check_code(f.code, "_<>(), :-");
    check_code(program.parts, "_<>(), :-;\n");
    hold(program.formulas[0].depends.size() == program.variables.size(), "variables are all known",
         program.formulas[0].code);
  } catch (const FormulaError& error) {
    check_message(error, size);
  }
  return 0;
}
