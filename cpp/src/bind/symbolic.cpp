// Symbolic matrices made of each other the short way, without a function of Python.
//
// `make` of plain operands finds the formula that this operation gave before. Whatever is not plain
// goes the long way, keopsnb._lazy.base.Lazy._make, which lifts operands and says what is wrong.
#include "bind/arguments.hpp"

#include <structmember.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "bind/graph.hpp"
#include "expr/build.hpp"

namespace keopsnb {
namespace {

// The attributes of a symbolic matrix, which are slots.
enum Slot { form, args, ranges, backend, waiting, slot_count };
constexpr std::array<std::string_view, slot_count> slot_names = {"form", "args", "ranges",
                                                                 "backend", "waiting"};
std::array<Py_ssize_t, slot_count> offsets;
PyTypeObject* lazy = nullptr;

PyObject*& slot(PyObject* matrix, Slot which) {
  return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(matrix) + offsets[which]);
}
// One that has been deleted is no None.
bool is_none(PyObject* matrix, Slot which) { return slot(matrix, which) == Py_None; }

PyObject* new_reference(PyObject* object) {
  Py_INCREF(object);
  return object;
}

// A matrix of this formula; what it is reduced over and where, as its parents say.
PyObject* new_matrix(PyTypeObject* type, i64 number, nb::object arguments, PyObject* const* parents,
                     std::size_t count) {
  PyObject* const made = PyType_GenericAlloc(type, 0);
  if (!made) throw nb::python_error();
  slot(made, form) = PyLong_FromLongLong(number);
  slot(made, args) = arguments.release().ptr();
  slot(made, waiting) = new_reference(Py_None);
  for (const Slot which : {ranges, backend}) {
    PyObject* inherited = Py_None;
    for (std::size_t k = 0; k < count && inherited == Py_None; ++k)
      if (PyObject_TypeCheck(parents[k], lazy) && slot(parents[k], which))
        inherited = slot(parents[k], which);
    slot(made, which) = new_reference(inherited);
  }
  return made;
}

struct Hash {
  std::size_t operator()(const std::vector<i64>& key) const {
    std::size_t hash = key.size();
    for (const i64 n : key) hash = hash * 0x9e3779b97f4a7c15ULL + static_cast<std::size_t>(n) + 1;
    return hash ^ (hash >> 32);
  }
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// So many operations are remembered; a program has tens.
constexpr std::size_t remembered = 4096;

i64 operation_number(std::string_view name) {
  static auto& numbers = *new std::unordered_map<std::string, i64, Hash, std::equal_to<>>;
  const auto found = numbers.find(name);
  if (found != numbers.end()) return found->second;
  return numbers.emplace(name, static_cast<i64>(numbers.size())).first->second;
}

i64 found_again(std::string_view operation, const std::vector<i64>& forms,
                const std::vector<i64>& places) {
  static auto& known = *new std::unordered_map<std::vector<i64>, i64, Hash>;
  static auto& key = *new std::vector<i64>;  // with the GIL
  key = {operation_number(operation), static_cast<i64>(forms.size())};
  key.insert(key.end(), forms.begin(), forms.end());
  key.insert(key.end(), places.begin(), places.end());
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  const i64 made = apply({std::string(operation), forms, places});
  if (known.size() >= remembered) known.clear();
  known.emplace(key, made);
  return made;
}

// The formula of a number, which is an argument, and no constant of a kernel's text.
i64 number_form() {
  static const i64 form = number_of(expr::variable({0, 1, expr::Category::parameter, -1, true}));
  return form;
}

// An operand that needs no function of Python to be read.
std::optional<i64> plain_form(PyObject* self, PyObject* part) {
  if (PyFloat_CheckExact(part)) return number_form();
  if (Py_TYPE(part) != Py_TYPE(self) || !is_none(part, waiting)) return std::nullopt;
  if (!slot(part, form) || !PyLong_CheckExact(slot(part, form)) || !slot(part, args))
    return std::nullopt;
  return PyLong_AsLongLong(slot(part, form));
}
nb::object arguments_at(PyObject* part) {
  if (!PyFloat_CheckExact(part)) return nb::borrow(slot(part, args));
  SymbolicArguments one;
  one.data = nb::make_tuple(nb::make_tuple(nb::handle(part)));
  return one.object();
}

constexpr std::size_t most_operands = 4;

// The operation given[0] of `self` and of given[1], ...; null where one is not plain.
PyObject* make_at_once(PyObject* self, PyObject* const* given, std::size_t count, bool swapped) {
  if (count == 0 || count > most_operands || (swapped && count != 2)) return nullptr;
  Py_ssize_t length = 0;
  const char* const name = PyUnicode_AsUTF8AndSize(given[0], &length);
  if (!name) throw nb::python_error();
  std::array<PyObject*, most_operands> parts = {self};
  for (std::size_t k = 1; k < count; ++k) parts[k] = given[k];
  if (swapped) std::swap(parts[0], parts[1]);
  std::vector<i64> forms, places;
  for (std::size_t k = 0; k < count; ++k) {
    const std::optional<i64> one = plain_form(self, parts[k]);
    if (!one) return nullptr;
    forms.push_back(*one);
  }
  nb::object arguments = arguments_at(parts[0]);
  if (count > 1) {
    std::vector<Operand> operands;
    for (std::size_t k = 0; k < count; ++k)
      operands.push_back({formula_at(forms[k]).get(), arguments_at(parts[k])});
    arguments = merged(operands, places);
  }
  const i64 made = found_again({name, static_cast<std::size_t>(length)}, forms, places);
  return new_matrix(Py_TYPE(self), made, arguments, parts.data(), count);
}

// `order` = (1, 0) and nothing else.
bool swaps(PyObject* names, PyObject* const* values) {
  if (PyTuple_Size(names) != 1) return false;
  if (PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "order") != 0) return false;
  static PyObject* const order = nb::make_tuple(1, 0).release().ptr();
  const int equal = PyObject_RichCompareBool(values[0], order, Py_EQ);
  if (equal < 0) throw nb::python_error();
  return equal == 1;
}

PyObject* make_the_long_way(PyObject* self, PyObject* const* given, Py_ssize_t count,
                            PyObject* names) {
  const nb::object positional = nb::steal(PyTuple_New(count));
  for (Py_ssize_t k = 0; k < count; ++k)
    PyTuple_SetItem(positional.ptr(), k, new_reference(given[k]));
  nb::dict named;
  for (Py_ssize_t k = 0; names && k < PyTuple_Size(names); ++k)
    named[nb::handle(PyTuple_GetItem(names, k))] = nb::handle(given[count + k]);
  const nb::object method = nb::handle(self).attr("_make");
  PyObject* const made = PyObject_Call(method.ptr(), positional.ptr(), named.ptr());
  if (made) return made;
  // The frame of the long way goes too, where it is the only one left in the traceback.
  const nb::python_error error;
  const nb::object frame = error.value().attr("__traceback__");
  if (!frame.is_none() && frame.attr("tb_next").is_none())
    PyException_SetTraceback(error.value().ptr(), Py_None);
  PyErr_SetObject(error.type().ptr(), error.value().ptr());
  return nullptr;
}

PyObject* make(PyObject* self, PyObject* const* given, Py_ssize_t count, PyObject* names) {
  try {
    const bool swapped = names && swaps(names, given + count);
    if (!names || swapped) {
      try {
        PyObject* const made = make_at_once(self, given, static_cast<std::size_t>(count), swapped);
        if (made) return made;
      } catch (const std::exception&) {  // the long way says what is wrong
      }
    }
    return make_the_long_way(self, given, count, names);
  } catch (nb::python_error& error) {
    error.restore();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

// Slots of a class, by its members.
void find_slots(nb::handle type) {
  lazy = reinterpret_cast<PyTypeObject*>(type.ptr());
  const auto* member = static_cast<const PyMemberDef*>(PyType_GetSlot(lazy, Py_tp_members));
  std::size_t found = 0;
  for (; member && member->name; ++member)
    for (std::size_t k = 0; k < slot_count; ++k)
      if (slot_names[k] == member->name) {
        offsets[k] = member->offset;
        ++found;
      }
  if (found != slot_count) throw std::logic_error("A symbolic matrix lacks an attribute.");
}

// An array of plain rows of real numbers, as a matrix; null if it is another. `count` is how many
// rows it has to have, where that is known.
PyObject* matrix_of(PyTypeObject* type, nb::handle array, int category,
                    const nb::object& count = nb::none()) {
  const nb::tuple shape(array.attr("shape"));
  const std::size_t ndim = nb::len(shape);
  const nb::object dtype = array.attr("dtype");
  if (ndim < 2 || !is_floating(dtype)) return nullptr;
  if (!count.is_none() && !count.equal(shape[ndim - 2])) return nullptr;
  const i64 dim = PyNumber_AsSsize_t(nb::object(shape[ndim - 1]).ptr(), nullptr);
  if (dim == -1 && PyErr_Occurred()) throw nb::python_error();
  if (dim < 1 || dim > expr::max_dim) return nullptr;
  const expr::Variable v = {0, dim, static_cast<expr::Category>(category)};
  SymbolicArguments one = said_by(v, shape, dtype);
  one.data = nb::make_tuple(array);
  return new_matrix(type, number_of(expr::variable(v)), one.object(), nullptr, 0);
}

nb::object or_none(PyObject* made) { return made ? nb::steal(made) : nb::none(); }

// The columns that a matrix of numbers is multiplied with.
nb::object column(nb::handle matrix, nb::handle array) {
  PyObject* const self = matrix.ptr();
  if (!PyObject_TypeCheck(self, lazy)) throw nb::type_error("This is no symbolic matrix.");
  for (const Slot which : {ranges, backend})
    if (!is_none(self, which)) return nb::none();
  const std::optional<i64> of = plain_form(self, self);
  if (!of) return nb::none();
  const expr::Node& formula = *formula_at(*of);
  const auto symbolic = [](const expr::Node* v) { return v->variable.position >= 0; };
  if (formula.dim != 1 || std::ranges::any_of(formula.variables, symbolic)) return nb::none();
  nb::object columns = SymbolicArguments::of(slot(self, args)).nj;
  if (columns.is_none()) columns = nb::int_(1);
  return or_none(matrix_of(Py_TYPE(self), array, 1, columns));
}

using Arguments = std::vector<nb::object>;
std::vector<Operand> operands_of(const std::vector<i64>& forms, const Arguments& arguments) {
  std::vector<Operand> operands;
  for (std::size_t k = 0; k < forms.size(); ++k)
    operands.push_back({formula_at(forms[k]).get(), arguments.at(k)});
  return operands;
}

}  // namespace

void bind_symbolic(nb::module_& m) {
  m.def(
      "symbolic",
      [](nb::handle type, nb::handle arguments) {
        set_arguments_type(arguments);
        find_slots(type);
        static PyMethodDef method = {
            "make", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&make)),
            METH_FASTCALL | METH_KEYWORDS, "An operation of this matrix and others."};
        type.attr("make") = nb::steal(PyDescr_NewMethod(lazy, &method));
      },
      nb::arg("matrix"), nb::arg("arguments"),
      nb::sig("def symbolic(matrix: type, arguments: type) -> None"),
      "Gives the class of symbolic matrices its method `make`.");
  m.def(
      "variable",
      [](nb::type_object matrix, nb::handle array, int category) {
        auto* const type = reinterpret_cast<PyTypeObject*>(matrix.ptr());
        if (!PyType_IsSubtype(type, lazy)) throw nb::type_error("This is no symbolic matrix.");
        return or_none(matrix_of(type, array, category));
      },
      nb::arg("matrix"), nb::arg("array"), nb::arg("category"),
      nb::sig("def variable(matrix: type, array: typing.Any, category: int) -> typing.Any"),
      "The symbolic matrix of rows of real numbers; None if it is no such array.");
  m.def("column", &column, nb::arg("matrix"), nb::arg("array"),
        nb::sig("def column(matrix: typing.Any, array: typing.Any) -> typing.Any"),
        "The same of columns that a symbolic matrix of numbers is multiplied with.");
  m.def(
      "merge",
      [](const std::vector<i64>& forms, const Arguments& arguments) {
        std::vector<i64> places;
        const nb::object all = merged(operands_of(forms, arguments), places);
        return nb::make_tuple(nb::tuple(nb::cast(places)), all);
      },
      nb::arg("forms"), nb::arg("arguments"),
      nb::sig("def merge(forms: collections.abc.Sequence[int], arguments: "
              "collections.abc.Sequence[typing.Any]) -> tuple[tuple[int, ...], typing.Any]"),
      "The arguments of several formulas, each once, and their places of all but the first.");
  m.def(
      "arguments", [](i64 form, nb::tuple data) { return arguments_of(*formula_at(form), data); },
      nb::arg("form"), nb::arg("data"),
      nb::sig("def arguments(form: int, data: tuple[typing.Any, ...]) -> typing.Any"),
      "The arguments of a formula, from its data.");
  m.def(
      "described",
      [](i64 form, int k, nb::handle data) {
        return described(*formula_at(form), static_cast<std::size_t>(k), data);
      },
      nb::arg("form"), nb::arg("variable"), nb::arg("data").none(),
      "A variable of a formula, for errors.");
}

}  // namespace keopsnb
