// The arguments of symbolic matrices, and what they have in common. With the GIL.
#pragma once
#include <vector>

#include "bind/bind.hpp"
#include "expr/node.hpp"

namespace keopsnb {

// Of keopsnb._lazy.variables: (data, ni, nj, batch, dtype). `data` has, of each variable, its
// array; None if it is symbolic; the tuple of Python numbers if it is made of these. Sizes may be a
// tracer's symbols.
struct SymbolicArguments {
  nb::object data = nb::make_tuple(), ni = nb::none(), nj = nb::none(), batch = nb::make_tuple(),
             dtype = nb::none();

  static SymbolicArguments of(nb::handle tuple);
  nb::object object() const;
};

// The sizes and dtype that an array says as the value of a variable.
SymbolicArguments said_by(const expr::Variable& v, const nb::tuple& shape, const nb::object& dtype);

// A formula and its arguments.
struct Operand {
  const expr::Node* formula;
  nb::object arguments;
};

// The arguments of several formulas, each once; `places` are those, among them, of the variables of
// all formulas but the first. Throws ArgumentTypeError and std::invalid_argument where dtypes or
// sizes do not fit.
nb::object merged(const std::vector<Operand>& operands, std::vector<i64>& places);

// The same of one formula whose variables have these values.
nb::object arguments_of(const expr::Node& formula, nb::handle data);

// "rows i of shape (5, 3)", "the number 2.0": variable k of a formula.
std::string described(const expr::Node& formula, std::size_t k, nb::handle data);

// Whether a dtype is of real numbers, NumPy's or torch's.
bool is_floating(nb::handle dtype);

// The class that `SymbolicArguments::object` makes.
void set_arguments_type(nb::handle type);

}  // namespace keopsnb
