#include "parser.hpp"

#include <string>
#include <utility>
#include <vector>

#include "number.hpp"
#include "suggest.hpp"

namespace keopsnb::parse {

enum Precedence {
  disjunction,
  conjunction,
  negated,
  comparison,
  inner_product,
  sum,
  product,
};

struct Infix {
  enum class Kind { row, swapped, modulo };

  std::string_view symbol;
  Precedence precedence;
  std::string_view row;
  Kind kind = Kind::row;
};

namespace {

constexpr Infix infixes[] = {
    {"or", disjunction, "Or"},
    {"and", conjunction, "And"},
    {"<", comparison, "LessThan"},
    {"<=", comparison, "LessOrEqual"},
    {">", comparison, "LessThan", Infix::Kind::swapped},  // a > b is b < a
    {">=", comparison, "LessOrEqual", Infix::Kind::swapped},
    {"==", comparison, "Equal"},
    {"!=", comparison, "NotEqual"},
    {"|", inner_product, "Scalprod"},
    {"+", sum, "Add"},
    {"-", sum, "Subtract"},
    {"*", product, "Mult"},
    {"/", product, "Divide"},
    {"%", product, "Mod", Infix::Kind::modulo},
    {"//", product, "FloorDivide"},
};

const Infix* find_infix(const Token& token) {
  if (token.kind == Token::Kind::symbol || token.kind == Token::Kind::name)
    for (const Infix& infix : infixes)
      if (token.span.spelling() == infix.symbol) return &infix;
  return nullptr;
}

bool is_not(const Token& token) {
  return token.kind == Token::Kind::name && token.span.spelling() == "not";
}

// Words that Python gives a meaning to, where formulas do not, or not there.
struct Keyword {
  std::string_view name;
  const char* advice;
};
constexpr Keyword keywords[] = {
    {"and", "'and' stands between two formulas: write a and b."},
    {"or", "'or' stands between two formulas: write a or b."},
    {"not",
     "'not' stands before a formula, and in parentheses after another operator: write "
     "a * (not b)."},
    {"if", "There is no 'if' in formulas: write IfElse(c, a, b) for a where c >= 0, else b."},
    {"else", "There is no 'else' in formulas: write IfElse(c, a, b) for a where c >= 0, else b."},
    {"is", "There is no 'is' in formulas: write a == b to compare."},
    {"xor", "There is no 'xor' in formulas: write Xor(a, b)."},
};

void reject_keyword(const Token& token) {
  if (token.kind == Token::Kind::name)
    for (const auto& [name, advice] : keywords)
      if (token.span.spelling() == name) fail(token.span, advice);
}

}  // namespace

expr::Expr Parser::text() {
  while (defines()) definition();
  if (lexer_.peek().kind == Token::Kind::end)
    fail(lexer_.peek().span,
         names_.empty() ? "The formula is empty. Write one, such as Exp(-SqDist(x, y)) * b."
                        : "Names are given here, and no formula follows: write one that has them.");
  const Parsed f = infix(disjunction);
  if (lexer_.peek().kind != Token::Kind::end) unexpected("an operator or the end of the formula");
  if (!unread_.empty())
    fail(unread_.begin()->second.span,
         quote(unread_.begin()->first) +
             " is given here, and no formula has it. Put a formula that goes on over several lines "
             "in parentheses.");
  return f.formula;
}

// Whether "name =" comes next.
bool Parser::defines() const {
  if (lexer_.peek().kind != Token::Kind::name) return false;
  Lexer ahead = lexer_;
  ahead.next();
  return ahead.peek().is("=");
}

void Parser::definition() {
  const Token name = lexer_.next();
  const std::string_view called = name.span.spelling();
  lexer_.next();
  reject_keyword(name);
  if (variables_.find(called) || names_.contains(called))
    fail(name.span, "There is a " + std::string(names_.contains(called) ? "formula" : "variable") +
                        " " + quote(called) +
                        " already: choose another name, or write a == b to compare.");
  by_line_ = true;
  Parsed f = infix(disjunction);
  by_line_ = false;
  const Token& next = lexer_.peek();
  if (!lexer_.accept(";") && !next.after_line && next.kind != Token::Kind::end)
    unexpected("an operator, ';' or a new line");
  names_.emplace(called, std::move(f));
  unread_.emplace(called, name);
}

// The operator that goes on with the formula that is being read.
const Infix* Parser::infix_next() const {
  return line_ended() ? nullptr : find_infix(lexer_.peek());
}

bool Parser::line_ended() const { return by_line_ && lexer_.peek().after_line; }

Parsed Parser::infix(int loosest) {
  Parsed f = loosest <= negated && is_not(lexer_.peek()) ? negation() : unary();
  while (const Infix* op = infix_next()) {
    if (op->precedence < loosest) break;
    const Span at = lexer_.next().span;
    const Parsed g = infix(op->precedence + 1);
    if (op->precedence == comparison) reject_chain(f, g);
    f = combine(*op, at, f, g);
  }
  return f;
}

Parsed Parser::combine(const Infix& op, const Span& at, const Parsed& f, const Parsed& g) {
  switch (op.kind) {
    case Infix::Kind::swapped:
      return build_.swapped(op.row, at, f, g);
    case Infix::Kind::modulo:
      return build_.modulo(at, f, g);
    case Infix::Kind::row:
      break;
  }
  return build_.infix(op.row, at, f, g);
}

// f < g was read, and no other comparison may follow.
void Parser::reject_chain(const Parsed& f, const Parsed& g) {
  const Infix* next = infix_next();
  if (!next || next->precedence != comparison) return;
  const Span at = lexer_.next().span;
  const Parsed h = infix(comparison + 1);
  const auto text = [](const Parsed& first, const Parsed& last) {
    return std::string(from_to(first.span, last.span).spelling());
  };
  fail(at, "Comparisons do not chain: write " + quote(text(f, g) + " and " + text(g, h)) +
               " for both at once.");
}

Parsed Parser::negation() {
  if (++depth_ > expr::max_depth) too_deep();
  const Span at = lexer_.next().span;
  const Parsed f = build_.negation(at, infix(negated));
  --depth_;
  return f;
}

Parsed Parser::unary() {
  if (++depth_ > expr::max_depth) too_deep();
  Parsed f;
  const Token sign = lexer_.peek();
  if (sign.is("-") || sign.is("+")) {
    lexer_.next();
    f = unary();
    const Span span = from_to(sign.span, f.span);
    if (sign.is("-"))
      f = build_.minus(span, sign.span, f);
    else
      f.span = span;
  } else {
    f = primary();
    if (lexer_.peek().is("**") && !line_ended()) {
      const Span at = lexer_.next().span;
      f = build_.power(at, f, unary());
    }
  }
  --depth_;
  return f;
}

Parsed Parser::primary() {
  const Token token = lexer_.peek();
  switch (token.kind) {
    case Token::Kind::integer:
    case Token::Kind::real:
      return build_.number(lexer_.next());
    case Token::Kind::name:
      lexer_.next();
      return lexer_.peek().is("(") && !line_ended() ? call(token) : named(token);
    case Token::Kind::symbol:
      if (token.is("(")) return parenthesis();
      break;
    case Token::Kind::end:
      break;
  }
  unexpected("a number, a variable, an operation or '('");
}

Parsed Parser::parenthesis() {
  const bool tuple = lexer_.peek().span.begin == tuple_;
  const Token open = lexer_.next();
  const bool by_line = std::exchange(by_line_, false);
  std::vector<Parsed> formulas{infix(disjunction)};
  if (lexer_.peek().is(",") && !tuple)
    fail(lexer_.peek().span,
         "Found ',' outside the arguments of an operation: write Concat(f, g) to put vectors one "
         "after the other.");
  while (lexer_.accept(",")) formulas.push_back(infix(disjunction));
  const Span span = from_to(open.span, close(open, "an operator or ')'"));
  by_line_ = by_line;
  if (formulas.size() > 1) return build_.tuple(span, std::move(formulas));
  formulas[0].span = span;
  return formulas[0];
}

Parsed Parser::named(const Token& name) {
  if (const auto known = names_.find(name.span.spelling()); known != names_.end()) {
    Parsed f = known->second;
    unread_.erase(name.span.spelling());
    f.span = name.span;
    f.integer = {};
    return f;
  }
  const auto position = variables_.find(name.span.spelling());
  if (!position) unknown_variable(name);
  return build_.variable(name.span, *position);
}

Parsed Parser::constant(const Token& name, std::size_t count, const char* usage) {
  const auto [n, span] = integers(lexer_, name, usage);
  if (n.size() != count)
    fail(span,
         std::string("Expected ") + usage + ", but found " + counted(n.size(), "integer") + ".");
  const std::string_view kind = name.span.spelling();
  if (kind == "Zero") return build_.zero(span, n[0]);
  if (kind == "IntCst") return build_.literal(span, static_cast<double>(n[0]));
  const i64 p = kind == "IntInv" ? 1 : n[0], q = n.back();
  if (q == 0) fail(span, "The denominator of " + quote(span.spelling()) + " is zero.");
  return build_.literal(span, ratio(p, q));
}

Parsed Parser::call(const Token& name) {
  const std::string_view called = name.span.spelling();
  Span span;
  if (const OperationRow* row = operations_.find(called)) {
    std::vector<Parsed> given = arguments(name, span);
    return build_.call(*row, span, name.span, std::move(given));
  }
  if (declares(called)) {
    const auto [position, declaration] = variables_.in_formula(lexer_, name);
    return build_.variable(declaration, position);
  }
  if (const expr::Differential* row = expr::find_differential(called)) {
    const std::vector<Parsed> given = arguments(name, span, true);
    return build_.differential(*row, span, given);
  }
  for (const Factorization& row : factorizations())
    if (called == row.name) {
      const std::vector<Parsed> given = arguments(name, span);
      return build_.factorization(row, span, given);
    }
  for (const auto& [constant_name, count, usage] : constants())
    if (called == constant_name) return constant(name, count, usage);
  unknown_operation(name);
}

// `span` becomes that of the whole call; `tuples` says whether an argument may be one.
std::vector<Parsed> Parser::arguments(const Token& name, Span& span, bool tuples) {
  const bool by_line = std::exchange(by_line_, false);
  const Token open = lexer_.next();
  std::vector<Parsed> all;
  if (!lexer_.peek().is(")")) do {
      if (lexer_.peek().is("[")) {
        all.push_back(list());
        if (!lexer_.peek().is(",") && !lexer_.peek().is(")")) unexpected("',' or ')'");
      } else {
        tuple_ = tuples ? lexer_.peek().span.begin : no_tuple;
        all.push_back(infix(disjunction));
      }
    } while (lexer_.accept(","));
  span = from_to(name.span, close(open, "an operator, ',' or ')'"));
  by_line_ = by_line;
  return all;
}

Parsed Parser::list() {
  const Token open = lexer_.next();
  std::vector<i64> integers;
  if (!lexer_.peek().is("]")) do {
      const bool negative = lexer_.accept("-");
      const Token token = lexer_.peek();
      const auto n = to_integer(token.span.spelling());
      if (token.kind != Token::Kind::integer || !n)
        fail(token.span, "A list holds integers, as in [0, 2], but found " + token.found() +
                             ". Write Concat(f, g) to put vectors one after the other.");
      lexer_.next();
      integers.push_back(negative ? -*n : *n);
    } while (lexer_.accept(","));
  if (!lexer_.peek().is("]")) unexpected("',' or ']'");
  return build_.list(from_to(open.span, lexer_.next().span), std::move(integers));
}

Span Parser::close(const Token& open, const char* expected) {
  const Token token = lexer_.peek();
  if (token.kind == Token::Kind::end) fail(open.span, "This '(' is never closed: write ')'.");
  if (!token.is(")")) unexpected(expected);
  return lexer_.next().span;
}

void Parser::unknown_operation(const Token& name) const {
  const std::string_view called = name.span.spelling();
  reject_keyword(name);
  if (variables_.find(called))
    fail(name.span, quote(called) + " is a variable, not an operation: write " +
                        quote(std::string(called) + " * (...)") + " for a product.");
  fail(name.span,
       "There is no operation " + quote(called) + "." + did_you_mean(called, operations_.names()));
}

void Parser::unknown_variable(const Token& name) const {
  const std::string_view called = name.span.spelling();
  reject_keyword(name);
  if (nearest(called, operations_.names()) == called)
    fail(name.span,
         quote(called) + " is an operation: write its arguments after it, in parentheses.");
  const std::vector<std::string_view> names = variables_.names();
  const std::string hint = did_you_mean(called, names);
  std::vector<std::string> quoted;
  for (const std::string_view known : names) quoted.push_back(quote(known));
  fail(name.span, "There is no variable " + quote(called) + "." +
                      (!hint.empty()        ? hint
                       : quoted.empty()     ? " No alias is declared."
                       : quoted.size() == 1 ? " The only one is " + quoted[0] + "."
                       : quoted.size() <= 8 ? " The variables are " + enumerate(quoted) + "."
                                            : ""));
}

void Parser::too_deep() const {
  fail(lexer_.peek().span, "This formula holds more than " + std::to_string(expr::max_depth) +
                               " parentheses, calls and signs inside one another.");
}

void Parser::unexpected(const char* expected) const {
  const Token& token = lexer_.peek();
  reject_keyword(token);
  if (token.is("[") || token.is("]"))
    fail(token.span,
         "There is no " + token.found() +
             " here: write Elem(f, index) for one component of f, Extract(f, start, d) for d of "
             "them, and Concat(f, g) to put vectors one after the other.");
  if (token.is("=")) fail(token.span, "There is no '=' in formulas: write a == b to compare.");
  fail(token.span, std::string("Expected ") + expected + ", but found " + token.found() + ".");
}

}  // namespace keopsnb::parse
