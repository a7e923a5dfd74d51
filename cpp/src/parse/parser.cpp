#include "parser.hpp"

#include <string>
#include <vector>

#include "number.hpp"
#include "suggest.hpp"

namespace keopsnb::parse {
namespace {

enum Precedence { comparison, inner_product, sum, product, tightest };

struct Infix {
  std::string_view symbol;
  Precedence precedence;
  std::string_view row;
  bool swapped;  // a > b is b < a
};
constexpr Infix infixes[] = {
    {"<", comparison, "LessThan", false},    {"<=", comparison, "LessOrEqual", false},
    {">", comparison, "LessThan", true},     {">=", comparison, "LessOrEqual", true},
    {"==", comparison, "Equal", false},      {"!=", comparison, "NotEqual", false},
    {"|", inner_product, "Scalprod", false}, {"+", sum, "Add", false},
    {"-", sum, "Subtract", false},           {"*", product, "Mult", false},
    {"/", product, "Divide", false},
};

const Infix* find_infix(const Token& token) {
  if (token.kind == Token::Kind::symbol)
    for (const Infix& infix : infixes)
      if (token.is(infix.symbol)) return &infix;
  return nullptr;
}

// Words that Python gives a meaning to, and formulas do not.
struct Keyword {
  std::string_view name;
  const char* advice;
};
constexpr Keyword keywords[] = {
    {"and", "write a * b, where a and b are 0 or 1"},
    {"or", "write Step(a + b - 1), where a and b are 0 or 1"},
    {"not", "write 1 - a, where a is 0 or 1"},
    {"if", "write IfElse(c, a, b) for a where c >= 0, else b"},
    {"else", "write IfElse(c, a, b) for a where c >= 0, else b"},
};

void reject_keyword(const Token& token) {
  if (token.kind == Token::Kind::name)
    for (const auto& [name, advice] : keywords)
      if (token.place.spelling() == name)
        fail(token.place, "There is no " + quote(name) + " in formulas: " + advice + ".");
}

struct Constant {
  std::string_view name;
  std::size_t integers;
  const char* usage;
};
constexpr Constant constants[] = {
    {"IntCst", 1, "IntCst(n)"},
    {"IntInv", 1, "IntInv(n)"},
    {"RatCst", 2, "RatCst(p, q)"},
    {"Zero", 1, "Zero(dimension)"},
};

// All that may stand before a parenthesis.
std::vector<std::string_view> operations() {
  std::vector<std::string_view> names = declaration_names();
  names.push_back("Grad");
  for (const Constant& constant : constants) names.push_back(constant.name);
  for (const Row& row : catalogue()) names.push_back(row.name);
  return names;
}

}  // namespace

Expr Parser::formula() {
  if (lexer_.peek().kind == Token::Kind::end)
    fail(lexer_.peek().place, "The formula is empty. Write one, such as Exp(-SqDist(x, y)) * b.");
  const Expr f = infix(comparison);
  if (lexer_.peek().kind != Token::Kind::end) unexpected("an operator or the end of the formula");
  return f;
}

Expr Parser::infix(int loosest) {
  Expr f = unary();
  while (const Infix* op = find_infix(lexer_.peek())) {
    if (op->precedence < loosest) break;
    const Place at = lexer_.next().place;
    const Expr g = infix(op->precedence + 1);
    if (op->precedence == comparison) reject_chain(f, g);
    f = op->swapped ? build_.infix(op->row, at, g, f) : build_.infix(op->row, at, f, g);
  }
  return f;
}

// f < g was read, and no other comparison may follow.
void Parser::reject_chain(Expr f, Expr g) {
  const Infix* next = find_infix(lexer_.peek());
  if (!next || next->precedence != comparison) return;
  const Place at = lexer_.next().place;
  const Expr h = infix(comparison + 1);
  const auto text = [](Expr first, Expr last) {
    return "(" + std::string(from_to(first->place, last->place).spelling()) + ")";
  };
  fail(at, "Comparisons do not chain: write " + quote(text(f, g) + " * " + text(g, h)) +
               " for both at once.");
}

Expr Parser::unary() {
  if (++depth_ > max_depth) too_deep();
  Expr f = nullptr;
  const Token sign = lexer_.peek();
  if (sign.is("-") || sign.is("+")) {
    lexer_.next();
    f = unary();
    const Place place = from_to(sign.place, f->place);
    if (sign.is("-"))
      f = build_.minus(place, sign.place, f);
    else
      f->place = place;
  } else {
    f = primary();
    if (lexer_.peek().is("**")) {
      const Place at = lexer_.next().place;
      f = build_.power(at, f, unary());
    }
  }
  --depth_;
  return f;
}

Expr Parser::primary() {
  const Token token = lexer_.peek();
  switch (token.kind) {
    case Token::Kind::integer:
    case Token::Kind::real:
      return build_.number(lexer_.next());
    case Token::Kind::name:
      lexer_.next();
      return lexer_.peek().is("(") ? call(token) : alias(token);
    case Token::Kind::symbol:
      if (token.is("(")) {
        lexer_.next();
        const Expr f = infix(comparison);
        if (lexer_.peek().is(","))
          fail(lexer_.peek().place,
               "Found ',' outside the arguments of an operation: write Concat(f, g) to put vectors "
               "one after the other.");
        f->place = from_to(token.place, close(token, "an operator or ')'"));
        return f;
      }
      break;
    case Token::Kind::end:
      break;
  }
  unexpected("a number, a variable, an operation or '('");
}

Expr Parser::alias(const Token& name) {
  const auto position = variables_.find(name.place.spelling());
  if (!position) unknown_variable(name);
  return build_.variable(name.place, *position);
}

Expr Parser::constant(const Token& name, std::size_t count, const char* usage) {
  const auto [n, place] = integers(lexer_, name, usage);
  if (n.size() != count)
    fail(place,
         std::string("Expected ") + usage + ", but found " + counted(n.size(), "integer") + ".");
  const std::string_view kind = name.place.spelling();
  if (kind == "Zero") return build_.zero(place, n[0]);
  if (kind == "IntCst") return build_.literal(place, static_cast<double>(n[0]));
  const i64 p = kind == "IntInv" ? 1 : n[0], q = n.back();
  if (q == 0) fail(place, "The denominator of " + quote(place.spelling()) + " is zero.");
  return build_.literal(place, ratio(p, q));
}

Expr Parser::call(const Token& name) {
  const std::string_view called = name.place.spelling();
  if (const Row* row = find_row(called)) {
    Place place;
    std::vector<Expr> given = arguments(name, place);
    return build_.call(*row, place, name.place, std::move(given));
  }
  if (declares(called)) {
    const auto [position, place] = variables_.in_formula(lexer_, name);
    return build_.variable(place, position);
  }
  if (called == "Grad") {
    Place place;
    const std::vector<Expr> given = arguments(name, place);
    return build_.grad(place, given);
  }
  for (const auto& [constant_name, count, usage] : constants)
    if (called == constant_name) return constant(name, count, usage);
  unknown_operation(name);
}

// `place` becomes that of the whole call.
std::vector<Expr> Parser::arguments(const Token& name, Place& place) {
  const Token open = lexer_.next();
  std::vector<Expr> all;
  if (!lexer_.peek().is(")")) {
    do all.push_back(infix(comparison));
    while (lexer_.accept(","));
  }
  place = from_to(name.place, close(open, "an operator, ',' or ')'"));
  return all;
}

Place Parser::close(const Token& open, const char* expected) {
  const Token token = lexer_.peek();
  if (token.kind == Token::Kind::end) fail(open.place, "This '(' is never closed: write ')'.");
  if (!token.is(")")) unexpected(expected);
  return lexer_.next().place;
}

void Parser::unknown_operation(const Token& name) const {
  const std::string_view called = name.place.spelling();
  reject_keyword(name);
  if (variables_.find(called))
    fail(name.place, quote(called) + " is a variable, not an operation: write " +
                         quote(std::string(called) + " * (...)") + " for a product.");
  fail(name.place,
       "There is no operation " + quote(called) + "." + did_you_mean(called, operations()));
}

void Parser::unknown_variable(const Token& name) const {
  const std::string_view called = name.place.spelling();
  reject_keyword(name);
  if (nearest(called, operations()) == called)
    fail(name.place,
         quote(called) + " is an operation: write its arguments after it, in parentheses.");
  const std::vector<std::string_view> names = variables_.names();
  const std::string hint = did_you_mean(called, names);
  std::vector<std::string> quoted;
  for (const std::string_view known : names) quoted.push_back(quote(known));
  fail(name.place, "There is no variable " + quote(called) + "." +
                       (!hint.empty()        ? hint
                        : quoted.empty()     ? " No alias is declared."
                        : quoted.size() == 1 ? " The only one is " + quoted[0] + "."
                        : quoted.size() <= 8 ? " The variables are " + enumerate(quoted) + "."
                                             : ""));
}

void Parser::too_deep() const {
  fail(lexer_.peek().place, "This formula holds more than " + std::to_string(max_depth) +
                                " parentheses, calls and signs inside one another.");
}

void Parser::unexpected(const char* expected) const {
  const Token& token = lexer_.peek();
  reject_keyword(token);
  if (token.is("=")) fail(token.place, "There is no '=' in formulas: write a == b to compare.");
  fail(token.place, std::string("Expected ") + expected + ", but found " + token.found() + ".");
}

}  // namespace keopsnb::parse
