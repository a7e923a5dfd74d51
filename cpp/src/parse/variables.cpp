#include "variables.hpp"

#include "expr/build.hpp"
#include "number.hpp"
#include "operations.hpp"
#include "suggest.hpp"

namespace keopsnb::parse {
namespace {

struct Declarator {
  std::string_view name;
  std::optional<Category> category;  // Var takes it as its last argument
};
constexpr Declarator declarators[] = {
    {"Var", std::nullopt},       {"Vi", Category::i}, {"Vj", Category::j},
    {"Pm", Category::parameter}, {"Vx", Category::i}, {"Vy", Category::j},
};

const Declarator* find_declarator(std::string_view name) {
  for (const Declarator& declarator : declarators)
    if (declarator.name == name) return &declarator;
  return nullptr;
}

constexpr char alias_forms[] =
    "Write an alias as 'x = Vi(3)', 'y = Vj(3)', 'p = Pm(3)' or "
    "'x = Var(position, dimension, category)'.";

i64 integer(Lexer& lexer, const std::string& usage) {
  const Token first = lexer.peek();
  const bool negative = lexer.accept("-");
  if (!negative) lexer.accept("+");
  const Token token = lexer.next();
  const auto n = to_integer(token.span.spelling());
  if (token.kind != Token::Kind::integer)
    fail(token.span, "Expected an integer, as in " + usage + ", but found " + token.found() + ".");
  if (!n)
    fail(from_to(first.span, token.span),
         quote(from_to(first.span, token.span).spelling()) + " does not fit a 64-bit integer.");
  return negative ? -*n : *n;
}

}  // namespace

const std::vector<std::string_view>& declaration_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Declarator& declarator : declarators) all.push_back(declarator.name);
    return all;
  }();
  return names;
}

bool declares(std::string_view name) { return find_declarator(name) != nullptr; }

std::string describe(const Variable& variable) {
  const char* kind = variable.category == Category::i   ? "an i-variable"
                     : variable.category == Category::j ? "a j-variable"
                                                        : "a parameter";
  return kind + (" of dimension " + std::to_string(variable.dim));
}

Integers integers(Lexer& lexer, const Token& name, const std::string& usage) {
  if (!lexer.peek().is("("))
    fail(lexer.peek().span, "Expected '(' after " + quote(name.span.spelling()) + ", as in " +
                                usage + ", but found " + lexer.peek().found() + ".");
  lexer.next();
  std::vector<i64> values;
  if (!lexer.peek().is(")")) {
    do values.push_back(integer(lexer, usage));
    while (lexer.accept(","));
  }
  const Token close = lexer.peek();
  if (!close.is(")"))
    fail(close.span, "Expected ',' or ')', as in " + usage + ", but found " + close.found() + ".");
  lexer.next();
  return {values, from_to(name.span, close.span)};
}

Variables::Declared Variables::declare(Lexer& lexer, const Token& name, const Token& first,
                                       std::optional<i64> rank) {
  const Declarator& declarator = *find_declarator(name.span.spelling());
  const std::string spelling(declarator.name);
  const std::string usage = !declarator.category ? spelling + "(position, dimension, category)"
                            : rank               ? spelling + "(dimension)"
                                                 : spelling + "(position, dimension)";
  auto [values, call] = integers(lexer, name, usage);
  if (declarator.category && values.size() == 1 && rank) values.insert(values.begin(), *rank);
  if (declarator.category && values.size() == 1) {
    const std::string dim = std::to_string(values[0]);
    fail(call, "In a formula a variable needs its position: write " + spelling + "(position, " +
                   dim + "), or declare an alias 'x = " + spelling + "(" + dim + ")' and write x.");
  }
  if (values.size() != (declarator.category ? 2 : 3))
    fail(call,
         "Expected " + usage +
             (rank && declarator.category ? " or " + spelling + "(position, dimension)" : "") +
             ", but found " + counted(values.size(), "integer") + ".");
  if (declarator.category) values.push_back(static_cast<i64>(*declarator.category));
  const i64 position = values[0], dim = values[1], category = values[2];
  if (position < 0)
    fail(call, "The position of a variable is counted from 0, but this one is " +
                   std::to_string(position) + ".");
  if (dim < 1 || dim > expr::max_dim)
    fail(call, "The dimension of a variable lies between 1 and " + std::to_string(expr::max_dim) +
                   ", but this one is " + std::to_string(dim) + ".");
  if (category < 0 || category > 2)
    fail(call,
         "The category of a variable is 0 (i-variable), 1 (j-variable) or 2 (parameter), but "
         "this one is " +
             std::to_string(category) + ".");

  const Span span = from_to(first.span, call);
  Variable variable;
  variable.dim = dim;
  variable.category = static_cast<Category>(category);
  const auto [entry, added] = declared_.try_emplace(position, Declaration{variable, span});
  const Variable& known = entry->second.variable;
  if (!added && (known.dim != dim || known.category != variable.category))
    fail(span, "Variable " + std::to_string(position) + " is declared twice: " +
                   quote(entry->second.span.spelling()) + " makes it " + describe(known) +
                   ", and " + quote(span.spelling()) + " " + describe(variable) + ".");
  return {position, call};
}

i64 Variables::alias(std::string_view text, i64 rank) {
  Lexer lexer(text);
  const Token first = lexer.next();
  if (first.kind != Token::Kind::name)
    fail(first.span,
         "Expected the name of a variable, but found " + first.found() + ". " + alias_forms);
  const bool named = lexer.accept("=");
  if (named && is_operator(first.span.spelling()))
    fail(first.span, quote(first.span.spelling()) +
                         " is an operator of formulas: give the variable another name.");
  const Token declarator = named ? lexer.next() : first;
  if (!declares(declarator.span.spelling())) {
    if (!named && declarator.kind == Token::Kind::name && !lexer.peek().is("("))
      fail(lexer.peek().span, "Expected '=' after " + quote(first.span.spelling()) +
                                  ", but found " + lexer.peek().found() + ". " + alias_forms);
    fail(declarator.span, "Expected Vi, Vj, Pm or Var, but found " + declarator.found() + "." +
                              did_you_mean(declarator.span.spelling(), declaration_names()) + " " +
                              alias_forms);
  }
  const i64 position = declare(lexer, declarator, first, rank).position;
  if (lexer.peek().kind != Token::Kind::end)
    fail(lexer.peek().span,
         "Expected the end of the alias, but found " + lexer.peek().found() + ". " + alias_forms);
  if (!named) return position;
  const std::string_view name = first.span.spelling();
  for (const Alias& known : aliases_)
    if (known.name == name)
      fail(first.span, "Two aliases are named " + quote(name) + ": " + quote(known.text) + " and " +
                           quote(text) + ". Give one of them another name.");
  aliases_.push_back({name, text, position});
  Variable& variable = declared_.at(position).variable;
  if (variable.name.empty()) variable.name = name;
  return position;
}

Variables::Declared Variables::in_formula(Lexer& lexer, const Token& name) {
  return declare(lexer, name, name, std::nullopt);
}

std::optional<i64> Variables::find(std::string_view name) const {
  for (const Alias& alias : aliases_)
    if (alias.name == name) return alias.position;
  return std::nullopt;
}

std::vector<std::string_view> Variables::names() const {
  std::vector<std::string_view> all;
  for (const Alias& alias : aliases_) all.push_back(alias.name);
  return all;
}

i64 Variables::append(i64 dim, Category category) {
  Variable variable;
  variable.dim = dim;
  variable.category = category;
  appended_.push_back(variable);
  return -static_cast<i64>(appended_.size());
}

std::vector<expr::Expr> Variables::settled(const std::vector<expr::Expr>& formulas) const {
  return expr::substituted(formulas, [this](const expr::Variable& v) {
    expr::Variable settled = v;
    if (v.number < 0) settled.number = static_cast<i64>(declared_.size()) - 1 - v.number;
    return expr::variable(settled);
  });
}

std::vector<Variable> Variables::finish() const {
  std::vector<Variable> all;
  for (const auto& [position, declaration] : declared_) {
    if (position != static_cast<i64>(all.size()))
      fail(declaration.span,
           "Positions of variables are 0, 1, 2, ... with none left out, but variable " +
               std::to_string(position) + " is declared and variable " +
               std::to_string(all.size()) + " is not.");
    all.push_back(declaration.variable);
  }
  all.insert(all.end(), appended_.begin(), appended_.end());
  return all;
}

}  // namespace keopsnb::parse
