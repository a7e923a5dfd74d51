#include "bind/arguments.hpp"

#include <utility>

#include "bind/arrays.hpp"
#include "bind/sizes.hpp"
#include "launch/fit.hpp"

namespace keopsnb {
namespace {

using expr::Category;
using expr::Variable;

PyObject* type_of_arguments = nullptr;  // a NamedTuple, set once

nb::object item(nb::handle tuple, std::size_t k) {
  PyObject* const found = PyTuple_GetItem(tuple.ptr(), static_cast<Py_ssize_t>(k));
  if (!found) throw nb::python_error();
  return nb::borrow(found);
}

std::string shown(nb::handle h) {
  // A torch.Size is a tuple with a name.
  if (PyTuple_Check(h.ptr()) && !PyTuple_CheckExact(h.ptr())) return shown(nb::tuple(nb::list(h)));
  return nb::cast<std::string>(nb::repr(h));
}

std::string dtype_text(nb::handle dtype) {
  const auto text = nb::cast<std::string>(nb::str(dtype));
  return text.starts_with("torch.") ? text.substr(6) : text;
}

// Whether torch's autocast brings dtypes together, as it does for the reduction itself.
bool autocasts(nb::handle array) {
  if (nb::hasattr(array.attr("dtype"), "kind")) return false;  // NumPy's
  const nb::object context = nb::module_::import_("keopsnb.torch._context");
  return nb::cast<bool>(context.attr("autocasts")(array.attr("device")));
}

bool same_numbers(nb::handle a, nb::handle b) {
  if (a.is(b)) return true;
  return shown(a) == shown(b);  // 0.0 and -0.0 are two
}

// Whether two variables are one argument.
bool same(const Variable& u, nb::handle a, const Variable& v, nb::handle b) {
  if (u.position >= 0 || v.position >= 0)
    return u.category == v.category && u.dim == v.dim && u.position == v.position;
  if (u.constant || v.constant) return u.constant && v.constant && same_numbers(a, b);
  return u.category == v.category && a.is(b);
}

// The sizes and dtype that one variable says.
SymbolicArguments said_by(const Variable& v, nb::handle array) {
  if (array.is_none() || v.constant) return {};
  return keopsnb::said_by(v, nb::tuple(array.attr("shape")), array.attr("dtype"));
}

std::vector<nb::object> sizes_of(nb::handle batch) {
  std::vector<nb::object> sizes;
  for (nb::handle n : batch) sizes.push_back(nb::borrow(n));
  return sizes;
}

// Both batch dimensions, broadcast; false if they do not fit.
bool broadcast(nb::object& batch, nb::handle more) {
  if (batch.is(more) || nb::len(more) == 0 || batch.equal(more)) return true;
  if (nb::len(batch) == 0) {
    batch = nb::borrow(more);
    return true;
  }
  std::vector<nb::object> sizes = sizes_of(batch);
  const std::vector<nb::object> other = sizes_of(more);
  if (!detail::broadcast<ObjectRule>(sizes, {other.data(), static_cast<int>(other.size())},
                                     other.size()))
    return false;
  nb::list all;
  for (const nb::object& n : sizes) all.append(n);
  batch = nb::tuple(all);
  return true;
}

// The part that does not fit, of two that are joined.
enum class Fit { all, no_dtype, no_rows, no_columns, no_batch };

// NumPy holds float64 to be equal to None.
bool join(nb::object& known, const nb::object& found) {
  if (found.is_none() || known.is(found)) return true;
  if (!known.is_none()) return ObjectRule::equal(known, found);
  known = found;
  return true;
}

Fit join(SymbolicArguments& all, const SymbolicArguments& more) {
  if (!join(all.dtype, more.dtype)) return Fit::no_dtype;
  if (!join(all.ni, more.ni)) return Fit::no_rows;
  if (!join(all.nj, more.nj)) return Fit::no_columns;
  return broadcast(all.batch, more.batch) ? Fit::all : Fit::no_batch;
}

[[noreturn]] void refuse_rows(const nb::object& known, const nb::object& found, char index) {
  const int less = PyObject_RichCompareBool(found.ptr(), known.ptr(), Py_LT);
  if (less < 0) throw nb::python_error();
  throw std::invalid_argument("The matrices have " + ObjectRule::text(less == 1 ? found : known) +
                              " and " + ObjectRule::text(less == 1 ? known : found) +
                              " rows along " + index + "; both must have the same number.");
}

// Joins what variable k of a formula says; it is named where it does not fit.
void join(SymbolicArguments& all, SymbolicArguments one, nb::handle array,
          const expr::Node& formula, std::size_t k) {
  Fit fit = join(all, one);
  if (fit == Fit::no_dtype && autocasts(array)) {
    all.dtype = one.dtype;
    fit = join(all, one);
  }
  if (fit == Fit::no_dtype)
    throw ArgumentTypeError("An operand is " + dtype_text(one.dtype) + " (" +
                            described(formula, k, array) + "), and those before it are " +
                            dtype_text(all.dtype) + "; all must have one dtype.");
  if (fit == Fit::no_rows) refuse_rows(all.ni, one.ni, 'i');
  if (fit == Fit::no_columns) refuse_rows(all.nj, one.nj, 'j');
  if (fit == Fit::no_batch)
    throw std::invalid_argument("An operand (" + described(formula, k, array) +
                                ") has the batch dimensions " + shown(one.batch) +
                                ", and those before it " + shown(all.batch) +
                                "; they must be equal or 1, from the last one on.");
}

const Variable& variable_at(const expr::Node& formula, std::size_t k) {
  return formula.variables.at(k)->variable;
}

std::size_t count(const Operand& operand) {
  const std::size_t data = nb::len(item(operand.arguments, 0));
  if (data != operand.formula->variables.size())
    throw std::logic_error("A formula and its arguments are not of the same variables.");
  return data;
}

}  // namespace

bool is_floating(nb::handle dtype) {
  static auto& known = *new std::vector<std::pair<PyObject*, bool>>;  // of some, that are kept
  for (const auto& [object, floating] : known)
    if (object == dtype.ptr()) return floating;
  const nb::object kind = nb::getattr(dtype, "kind", nb::none());
  const bool floating = kind.is_none() ? nb::cast<bool>(dtype.attr("is_floating_point"))
                                       : nb::cast<std::string>(kind) == "f";
  if (known.size() < 32) known.emplace_back(nb::borrow(dtype).release().ptr(), floating);
  return floating;
}

SymbolicArguments SymbolicArguments::of(nb::handle tuple) {
  return {item(tuple, 0), item(tuple, 1), item(tuple, 2), item(tuple, 3), item(tuple, 4)};
}

nb::object SymbolicArguments::object() const {
  auto* const type = reinterpret_cast<PyTypeObject*>(type_of_arguments);
  nb::object made = nb::steal(PyType_GenericAlloc(type, 5));
  if (!made) throw nb::python_error();
  Py_ssize_t k = 0;
  for (const nb::object* one : {&data, &ni, &nj, &batch, &dtype})
    PyTuple_SetItem(made.ptr(), k++, nb::object(*one).release().ptr());
  return made;
}

SymbolicArguments said_by(const Variable& v, const nb::tuple& shape, const nb::object& dtype) {
  SymbolicArguments one;
  const bool rows = v.category != Category::parameter;
  const std::size_t own = rows ? 2 : 1;
  if (nb::len(shape) < own)
    throw std::invalid_argument("An operand has shape " + shown(shape) + ".");
  const std::size_t batches = nb::len(shape) - own;
  if (batches > 0)
    one.batch = nb::steal(PyTuple_GetSlice(shape.ptr(), 0, static_cast<Py_ssize_t>(batches)));
  if (rows) (v.category == Category::i ? one.ni : one.nj) = item(shape, batches);
  if (is_floating(dtype)) one.dtype = dtype;
  return one;
}

std::string described(const expr::Node& formula, std::size_t k, nb::handle data) {
  const Variable& v = variable_at(formula, k);
  if (v.constant) {
    std::string text = "the number ";
    for (nb::handle n : data) text += (text.size() > 11 ? ", " : "") + shown(n);
    return text;
  }
  const char* const name[] = {"rows i", "rows j", "a parameter"};
  const std::string rows = name[static_cast<int>(v.category)];
  if (v.position >= 0)
    return "the symbolic variable " + std::to_string(v.position) + " (" + rows + ")";
  return rows + " of shape " + shown(nb::tuple(data.attr("shape")));
}

nb::object arguments_of(const expr::Node& formula, nb::handle data) {
  SymbolicArguments all;
  all.data = nb::tuple(nb::borrow(data));
  for (std::size_t k = 0; k < formula.variables.size(); ++k) {
    const nb::object array = item(all.data, k);
    join(all, said_by(variable_at(formula, k), array), array, formula, k);
  }
  return all.object();
}

nb::object merged(const std::vector<Operand>& operands, std::vector<i64>& places) {
  if (operands.empty()) throw std::invalid_argument("There is no formula to merge.");
  nb::object known = operands[0].arguments;
  std::vector<std::pair<const Variable*, PyObject*>> all;
  const auto add = [&](const Operand& operand, std::size_t k) {
    all.emplace_back(&variable_at(*operand.formula, k), item(item(operand.arguments, 0), k).ptr());
  };
  for (std::size_t k = 0; k < count(operands[0]); ++k) add(operands[0], k);
  SymbolicArguments common;
  bool changed = false;
  for (std::size_t n = 1; n < operands.size(); ++n) {
    const Operand& operand = operands[n];
    const nb::object data = item(operand.arguments, 0);
    const std::size_t before = all.size(), own = count(operand);
    std::vector<std::size_t> added;
    for (std::size_t k = 0; k < own; ++k) {
      const Variable& v = variable_at(*operand.formula, k);
      const nb::object array = item(data, k);
      std::size_t at = 0;
      while (at < all.size() && !same(*all[at].first, all[at].second, v, array)) ++at;
      places.push_back(static_cast<i64>(at));
      if (at < all.size()) continue;
      add(operand, k);
      added.push_back(k);
    }
    if (added.empty()) continue;
    if (before == 0 && added.size() == own) {
      known = operand.arguments;
      continue;
    }
    if (!changed) common = SymbolicArguments::of(known);
    changed = true;
    const SymbolicArguments as_it_was = common;
    if (join(common, SymbolicArguments::of(operand.arguments)) == Fit::all) continue;
    common = as_it_was;  // one by one, to name what does not fit
    for (const std::size_t k : added) {
      const nb::object array = item(data, k);
      join(common, said_by(variable_at(*operand.formula, k), array), array, *operand.formula, k);
    }
  }
  if (!changed) return known;
  common.data = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(all.size())));
  for (std::size_t k = 0; k < all.size(); ++k)
    PyTuple_SetItem(common.data.ptr(), static_cast<Py_ssize_t>(k),
                    nb::borrow(all[k].second).release().ptr());
  return common.object();
}

void set_arguments_type(nb::handle type) { type_of_arguments = nb::borrow(type).release().ptr(); }

}  // namespace keopsnb
