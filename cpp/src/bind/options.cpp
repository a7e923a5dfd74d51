// Reductions from the options of a front end's `Genred`, checked once for all of them.
#include <nanobind/stl/variant.h>

#include <algorithm>

#include "bind/bind.hpp"
#include "bind/routine.hpp"
#include "reduction/reduction.hpp"

namespace keopsnb {
namespace {

// A value as errors show it; Python refuses to write very long integers.
std::string shown(nb::handle value) {
  const nb::object text = nb::steal(PyObject_Repr(value.ptr()));
  if (text) return nb::cast<std::string>(text);
  PyErr_Clear();
  if (!PyLong_Check(value.ptr())) return "too long";
  return "an integer of " + nb::cast<std::string>(nb::str(value.attr("bit_length")())) + " bits";
}

std::string text_of(nb::handle value, const std::string& name) {
  Py_ssize_t size = 0;
  if (const char* const text = PyUnicode_AsUTF8AndSize(value.ptr(), &size))
    return {text, static_cast<std::size_t>(size)};
  const nb::python_error error;
  throw std::invalid_argument(name + " is " + shown(value) + ", where character " +
                              std::to_string(nb::cast<i64>(error.value().attr("start"))) +
                              " is half of one; write ASCII.");
}

FormulaOrText formula_of(nb::handle value, const char* name) {
  if (nb::isinstance<expr::Expr>(value)) return nb::cast<expr::Expr>(value);
  if (!PyUnicode_Check(value.ptr()))
    throw ArgumentTypeError(std::string(name) + " is a " +
                            nb::cast<std::string>(value.type().attr("__name__")) +
                            "; write it as a string.");
  return text_of(value, name);
}

std::vector<std::string> aliases_of(nb::handle value) {
  static const auto* sequence =
      new nb::object(nb::module_::import_("collections.abc").attr("Sequence"));
  const bool listed = nb::isinstance(value, *sequence) && !PyUnicode_Check(value.ptr());
  const nb::tuple items = listed ? nb::tuple(nb::borrow(value)) : nb::tuple();
  if (!listed || !std::all_of(items.begin(), items.end(),
                              [](nb::handle item) { return PyUnicode_Check(item.ptr()) != 0; }))
    throw ArgumentTypeError("aliases is " + shown(value) +
                            "; write a list of strings, as ['x = Vi(3)'].");
  std::vector<std::string> aliases;
  for (nb::handle item : items)
    aliases.push_back(text_of(item, "alias " + std::to_string(aliases.size())));
  return aliases;
}

// 0 or 1, of integers of any kind; else -1.
int index_of(nb::handle value) {
  const nb::object index = nb::steal(PyNumber_Index(value.ptr()));
  PyErr_Clear();
  if (!index || PyBool_Check(value.ptr())) return -1;
  int beyond = 0;
  const long long found = PyLong_AsLongLongAndOverflow(index.ptr(), &beyond);
  return found == 0 && !beyond ? 0 : found == 1 ? 1 : -1;
}

Axis axis_of(nb::handle value) {
  if (const int index = index_of(value); index >= 0) return static_cast<Axis>(index);
  if (nb::isinstance<nb::tuple>(value) && nb::len(value) == 2 && index_of(value[0]) == 0 &&
      index_of(value[1]) == 1)
    return Axis::both;
  throw std::invalid_argument(
      "axis is " + shown(value) +
      "; write axis=1 to reduce over j, with a result indexed by i, or axis=0 to reduce over i, "
      "with a result indexed by j; axis=(0, 1) is both.");
}

const ReductionRow* row_of(const std::string& name) {
  for (const ReductionRow& row : reduction_catalogue())
    if (row.name == name) return &row;
  return nullptr;
}

std::string one_of(nb::handle value, const char* name, std::initializer_list<const char*> allowed) {
  std::string choices;
  for (const char* const choice : allowed) {
    if (PyUnicode_Check(value.ptr()) && PyUnicode_CompareWithASCIIString(value.ptr(), choice) == 0)
      return choice;
    choices += (choices.empty() ? "'" : ", '") + std::string(choice) + "'";
  }
  throw std::invalid_argument(std::string(name) + " is " + shown(value) + "; write one of " +
                              choices + ".");
}

bool truth_of(nb::handle value, const char* name) {
  if (PyBool_Check(value.ptr())) return value.ptr() == Py_True;
  const int truth = nb::hasattr(value, "__len__") ? -1 : PyObject_IsTrue(value.ptr());
  PyErr_Clear();
  if (truth < 0)
    throw ArgumentTypeError(std::string(name) + " is " + shown(value) + "; write True or False.");
  return truth == 1;
}

// Whether every term is summed without error.
bool compensated(const std::string& reduction, nb::handle dtype_acc, nb::handle use_double_acc,
                 nb::handle sum_scheme) {
  const std::string dtype =
      one_of(dtype_acc, "dtype_acc", {"auto", "float16", "float32", "float64"});
  const std::string scheme =
      one_of(sum_scheme, "sum_scheme", {"auto", "direct_sum", "block_sum", "kahan_scheme"});
  const bool wide = truth_of(use_double_acc, "use_double_acc");
  if (wide && dtype != "auto" && dtype != "float64")
    throw std::invalid_argument("use_double_acc=True contradicts dtype_acc='" + dtype +
                                "'; give one.");
  const ReductionRow* const row = row_of(reduction);
  const auto only_of_sums = [&](bool given, const char* name, nb::handle value) {
    if (given && !(row && row->sums))
      throw std::invalid_argument(std::string(name) + " is " + shown(value) +
                                  ", which is for sums, and reduction_op is '" + reduction +
                                  "'; leave it out.");
  };
  only_of_sums(scheme == "block_sum" || scheme == "kahan_scheme", "sum_scheme", sum_scheme);
  only_of_sums(dtype != "auto", "dtype_acc", dtype_acc);
  only_of_sums(wide, "use_double_acc", use_double_acc);
  return wide || dtype == "float64" || scheme == "kahan_scheme";
}

Reduction* reduction_of(nb::handle formula, nb::handle aliases, nb::handle reduction_op,
                        nb::handle axis, nb::handle opt_arg, nb::handle formula2,
                        nb::handle dtype_acc, nb::handle use_double_acc, nb::handle sum_scheme,
                        nb::handle use_fast_math, nb::handle header) {
  RoutineSpec spec{};
  spec.formula = source_of(formula_of(formula, "formula"));
  if (!formula2.is_none()) spec.weight = source_of(formula_of(formula2, "formula2"));
  spec.aliases = aliases_of(aliases);
  spec.axis = axis_of(axis);
  if (!PyUnicode_Check(reduction_op.ptr()))
    throw ArgumentTypeError("reduction_op is " + shown(reduction_op) +
                            "; write the name of a reduction, such as 'Sum'.");
  spec.reduction = text_of(reduction_op, "reduction_op");
  const ReductionRow* const row = row_of(spec.reduction);
  if (spec.axis == Axis::both && row && picks(*row))
    throw std::invalid_argument("reduction_op is '" + spec.reduction +
                                "', which picks terms along one axis; write axis=1 to reduce over "
                                "j, or axis=0 to reduce over i.");
  if (!opt_arg.is_none()) spec.option = integer_of(opt_arg, "opt_arg");
  spec.compensated = compensated(spec.reduction, dtype_acc, use_double_acc, sum_scheme);
  spec.fast_math = truth_of(use_fast_math, "use_fast_math");
  spec.header = text_of(header, "header");
  return new Reduction(std::move(spec));
}

}  // namespace

void bind_options(nb::module_& m) {
  m.def("reduction", &reduction_of, nb::rv_policy::take_ownership, nb::arg("formula").none(),
        nb::arg("aliases").none(), nb::arg("reduction_op").none(), nb::arg("axis").none(),
        nb::arg("opt_arg").none(), nb::arg("formula2").none(), nb::arg("dtype_acc").none(),
        nb::arg("use_double_acc").none(), nb::arg("sum_scheme").none(),
        nb::arg("use_fast_math").none(), nb::arg("header"),
        nb::sig("def reduction(formula: typing.Any, aliases: typing.Any, reduction_op: typing.Any, "
                "axis: typing.Any, opt_arg: typing.Any, formula2: typing.Any, dtype_acc: "
                "typing.Any, use_double_acc: typing.Any, sum_scheme: typing.Any, use_fast_math: "
                "typing.Any, header: str) -> Reduction"),
        "The reduction of a `Genred` with these options, which are checked.");
}

}  // namespace keopsnb
