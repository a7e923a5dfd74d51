// The class keopsnb._core.Routine.
#include "launch/routine.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/variant.h>

#include <algorithm>
#include <array>
#include <variant>

#include "bind/arrays.hpp"
#include "bind/bind.hpp"
#include "bind/compute.hpp"
#include "bind/interpreter.hpp"
#include "bind/python_arrays.hpp"
#include "bind/ranges.hpp"
#include "bind/routine.hpp"
#include "bind/sizes.hpp"
#include "bind/tensors.hpp"
#include "bind/watch.hpp"
#include "launch/fit.hpp"
#include "launch/placement.hpp"

namespace keopsnb {
namespace {

void check_count(const Routine& routine, std::size_t found) {
  if (found == routine.arguments()) return;
  std::string names;
  for (const parse::Variable& v : routine.program().variables)
    names += (names.empty() ? "" : ", ") + (v.name.empty() ? std::string("_") : v.name);
  throw ArgumentTypeError("This formula takes " + std::to_string(routine.arguments()) +
                          " arguments (" + names + "), and " + std::to_string(found) +
                          " were given.");
}

// An option as errors show it; Python refuses to write very long integers.
std::string text_of(nb::handle h) {
  const nb::object text = nb::steal(PyObject_Repr(h.ptr()));
  if (text) return nb::cast<std::string>(text);
  PyErr_Clear();
  return "too long";
}

// A backend by its name. Names that programs write are objects that are compared, not read.
const Backend& backend_of(nb::handle name) {
  static const auto* known = [] {
    auto* all = new std::array<PyObject*, backends.size()>;
    for (std::size_t k = 0; k < all->size(); ++k)
      (*all)[k] = PyUnicode_InternFromString(backends[k].name.data());
    return all;
  }();
  for (std::size_t k = 0; k < known->size(); ++k)
    if (name.ptr() == (*known)[k]) return backends[k];
  if (PyUnicode_Check(name.ptr()))
    for (std::size_t k = 0; k < known->size(); ++k)
      if (PyUnicode_Compare(name.ptr(), (*known)[k]) == 0) return backends[k];
  throw std::invalid_argument("backend is " + text_of(name) + "; write one of " + backend_names() +
                              ".");
}

Request request_of(nb::handle backend, nb::handle device_id, const ArrayLibrary& library) {
  Request request{.backend = backend_of(backend), .to_device = library.to_device()};
  if (!nb::try_cast(device_id, request.device_id))
    throw ArgumentTypeError("device_id is " + text_of(device_id) +
                            "; write the number of a GPU, from 0, or -1 for that of the "
                            "arguments.");
  return request;
}

// (batches..., outputs, D), and where a component has several results (..., K, D), or (..., K) if
// D = 1.
template <class Rule>
std::vector<typename Rule::Size> result_shape(const Routine& routine,
                                              std::vector<typename Rule::Size> batch,
                                              const typename Rule::Size& outputs) {
  const ResultLayout& results = routine.results();
  batch.push_back(outputs);
  if (routine.ranked()) batch.push_back(Rule::of(results.ranks));
  if (!routine.ranked() || results.dim > 1) batch.push_back(Rule::of(results.dim + results.kept));
  return batch;
}

// Integers are as wide as the numbers beside them.
void bring_integers(Arguments& arguments, nb::tuple inputs, Dtype integers,
                    const ArrayLibrary& library) {
  for (std::size_t k = 0; k < arguments.views.size(); ++k) {
    const Dtype dtype = arguments.views[k].dtype;
    if (!is_integer(dtype) || dtype == integers) continue;
    library.convert_integers(arguments, k, integers, inputs[k]);
    arguments.views[k].dtype = integers;
  }
}

}  // namespace

nb::object call(const Routine& routine, const ArrayLibrary& library, nb::tuple inputs,
                nb::object out, nb::handle backend, nb::handle device_id, BoundRanges* ranges) {
  const Call here;
  check_count(routine, inputs.size());
  const Request request = request_of(backend, device_id, library);
  Arguments arguments(routine);
  for (nb::handle input : inputs) library.add(arguments, input);
  library.bring_together(arguments, inputs);
  const std::vector<ArrayView>& views = arguments.views;
  const Routine::Types types = routine.types(views);
  if (types.integers.any())
    bring_integers(arguments, inputs, integers_beside(types.dtype), library);
  const Placement placement = choose_placement(routine, views, request);
  const Routine::Shape shape = routine.check(views, types, ranges ? &ranges->ranges : nullptr);

  const ResultLayout& results = routine.results();
  if (!out.is_none() && ((results.values && results.indices) || results.flags))
    throw std::invalid_argument(
        std::string("out was given, and this reduction returns ") +
        (results.flags ? "an array of bool, made of another" : "two arrays") + "; leave it out.");
  const std::vector<i64> sizes = result_shape<NumberRule>(routine, shape.batch, shape.outputs);
  const auto output = [&](Dtype dtype) {
    return out.is_none()
               ? library.make(sizes, dtype, placement.copies ? host_device : placement.device)
               : given_output(library, out, sizes, arguments, dtype);
  };
  Output values, indices;
  if (results.values) values = output(shape.types.dtype);
  if (results.indices) indices = output(Dtype::int64);
  if (shape.batches * shape.outputs > 0) {
    const Destination to{values.data, static_cast<i64*>(indices.data)};
    compute(routine, shape, views, to, placement, library);
  }
  if (results.flags) return library.truth(values.array);
  if (results.values && results.indices) return nb::make_tuple(values.array, indices.array);
  return results.values ? values.array : indices.array;
}

namespace {

nb::list variables(const Routine& routine) {
  nb::list all;
  for (const parse::Variable& v : routine.program().variables)
    all.append(nb::make_tuple(v.name, v.dim, static_cast<int>(v.category)));
  return all;
}

// The types of arguments: of all numbers, or one by one.
using Dtypes = std::variant<std::string, std::vector<std::string>>;

Routine::Types types_of(const Dtypes& dtypes, const Routine& routine) {
  std::vector<ArrayView> views(routine.arguments());
  const auto* const all = std::get_if<std::string>(&dtypes);
  if (!all) check_count(routine, std::get<1>(dtypes).size());
  for (std::size_t k = 0; k < views.size(); ++k) {
    const std::string& name = all ? *all : std::get<1>(dtypes)[k];
    const auto found = find_dtype([&](const DtypeFacts& f) { return f.name == name; });
    if (!found) {
      std::string names;
      for (const DtypeFacts& known : dtype_facts)
        names += (names.empty() ? "'" : ", '") + std::string(known.name) + "'";
      throw std::invalid_argument("dtype is '" + name + "'; write one of " + names + ".");
    }
    views[k].dtype = *found;
    if (all && routine.wants_integers(k)) views[k].dtype = integers_beside(views[k].dtype);
  }
  return routine.types(views);
}

nb::list result_shapes(const Routine& routine, const std::vector<std::vector<nb::object>>& shapes,
                       std::vector<std::string> dtypes) {
  check_count(routine, shapes.size());
  check_count(routine, dtypes.size());
  for (std::size_t k = 0; k < dtypes.size(); ++k) {
    const auto* const taken = std::ranges::find(taken_dtypes, dtypes[k], &TakenDtype::name);
    if (taken == taken_dtypes.end()) continue;
    if (dtypes[k] == "bool" && routine.wants_integers(k))
      refuse_truth_values(routine.argument_name(k));
    dtypes[k] = facts(taken->as).name;
  }
  const Routine::Types types = types_of(dtypes, routine);
  const Fitted<nb::object> fitted = fit<ObjectRule>(routine, [&](std::size_t k) {
    return ShapeView<nb::object>{shapes[k].data(), static_cast<int>(shapes[k].size())};
  });
  const nb::object one = nb::int_(1);
  const nb::object& outputs = routine.axis() == Axis::both ? one
                              : routine.axis() == Axis::i  ? fitted.columns
                                                           : fitted.rows;
  nb::list shape;
  for (const nb::object& n : result_shape<ObjectRule>(routine, fitted.batch, outputs))
    shape.append(n);
  const ResultLayout& results = routine.results();
  nb::list all;
  const auto add = [&](std::string_view dtype) {
    all.append(nb::make_tuple(nb::tuple(shape), dtype));
  };
  if (results.values) add(results.flags ? "bool" : facts(types.dtype).name);
  if (results.indices) add(facts(Dtype::int64).name);
  return all;
}

std::string source(const Routine& routine, const Dtypes& dtypes, const std::string& processor) {
  if (processor != "cpu" && processor != "gpu")
    throw std::invalid_argument("processor is '" + processor + "'; write 'cpu' or 'gpu'.");
  return routine.source(types_of(dtypes, routine),
                        processor == "gpu" ? Processor::gpu : Processor::cpu);
}

std::string build(const Routine& routine, const Dtypes& dtypes, const std::string& target,
                  const std::string& folder) {
  const Call here;
  const Routine::Types types = types_of(dtypes, routine);
  find_packages();
  std::string path;
  without_gil([&](Watch& watch) {
    path = routine.build(types, target, folder, [&] { return watch.look(); });
  });
  return path;
}

}  // namespace

parse::Source source_of(const FormulaOrText& formula) {
  if (const auto* const text = std::get_if<std::string>(&formula)) return {.text = *text};
  return {.graph = std::get<expr::Expr>(formula)};
}

void bind_routine(nb::module_& m) {
  m.def(
      "with_argument_names",
      [](nb::callable name, nb::callable call) {
        const ArgumentNames names([&](std::size_t k) {
          const nb::gil_scoped_acquire acquire;
          return nb::cast<std::string>(name(k));
        });
        return call();
      },
      nb::arg("name"), nb::arg("call"),
      nb::sig("def with_argument_names(name: collections.abc.Callable[[int], str], "
              "call: collections.abc.Callable[[], typing.Any]) -> typing.Any"),
      "What `call()` gives; in its errors argument k, from 0, is called `name(k)`.");
  nb::class_<ArrayLibrary>(m, "ArrayLibrary", "What a reduction asks of a library of arrays.");
  nb::class_<PythonArrays, ArrayLibrary>(m, "PythonArrays",
                                         "Of a library whose front end needs no C++.")
      .def(nb::init<nb::object>(), nb::arg("hooks"),
           "`hooks` has `view(array)`, which shows an array's memory by a buffer or by DLPack, and "
           "`empty(shape, dtype, device)`;\nand where there is need `truth(array)`, of 0 and 1, "
           "and `stream(device)`.");
  m.attr("NUMPY") = nb::cast(&numpy_arrays(), nb::rv_policy::reference);
  m.attr("TORCH") = nb::cast(&torch_tensors(), nb::rv_policy::reference);
  m.def("wants_graph", &wants_graph, nb::arg("tensors"),
        "Whether autograd is to follow a call with these tensors of torch; None where one is more "
        "than its\nnumbers in memory, or where a mode, a transform or a tracer is at work.");
  m.def("fitted", &fitted, nb::arg("gradient"), nb::arg("argument"), nb::arg("parameter"),
        nb::sig("def fitted(gradient: typing.Any, argument: typing.Any, parameter: bool) -> "
                "typing.Any"),
        "A gradient, a tensor of torch, as its argument is: summed over the batches that share "
        "that, and where that is.");
  nb::class_<Routine>(m, "Routine", "A reduction of a formula, compiled at its first call.")
      .def("__call__", &call, nb::arg("library"), nb::arg("arguments"), nb::arg("out") = nb::none(),
           nb::arg("backend").none() = "auto", nb::arg("device_id").none() = -1,
           nb::arg("ranges").none() = nb::none(),
           nb::sig("def __call__(self, library: ArrayLibrary, arguments: tuple[typing.Any, ...], "
                   "out: typing.Any = None, backend: str = 'auto', device_id: int = -1, "
                   "ranges: Ranges | None = None) -> typing.Any"),
           "The reduction of a library's arrays, as an array of it, or a tuple of values and "
           "indices.")
      .def("result_shapes", &result_shapes, nb::arg("shapes"), nb::arg("dtypes"),
           nb::sig("def result_shapes(self, shapes: collections.abc.Sequence["
                   "collections.abc.Sequence[typing.Any]], dtypes: collections.abc.Sequence[str]) "
                   "-> list[tuple[tuple[typing.Any, ...], str]]"),
           "The shape and dtype of each result, for arguments of these, as a call checks them. "
           "Sizes may be a tracer's symbols.")
      .def("source", &source, nb::arg("dtype") = "float32", nb::arg("processor") = "cpu",
           "The C++ source of the kernel for a processor, 'cpu' or 'gpu'. `dtype` is that of all "
           "numbers among\nthe arguments, or a list of the dtypes of the arguments.")
      .def("build", &build, nb::arg("dtype"), nb::arg("target"), nb::arg("folder"),
           "Compiles the kernel ahead of time into a folder, and returns its path.")
      .def_prop_ro(
          "formula", [](const Routine& r) { return r.program().formulas[0].graph; }, "The formula.")
      .def_prop_ro(
          "weight",
          [](const Routine& r) -> std::optional<expr::Expr> {
            const auto& formulas = r.program().formulas;
            return formulas.size() > 1 ? std::optional(formulas[1].graph) : std::nullopt;
          },
          nb::sig("def weight(self) -> Expr | None"), "The weights.")
      .def_prop_ro(
          "dim", [](const Routine& r) { return r.program().formulas[0].dim; },
          "Dimension of the formula.")
      .def_prop_ro("out_dim", &Routine::out_dim, "Dimension of the result.")
      .def_prop_ro("variables", &variables,
                   nb::sig("def variables(self) -> list[tuple[str, int, int]]"),
                   "Name, dimension and category (0: i, 1: j, 2: parameter), by position.");
}

}  // namespace keopsnb
