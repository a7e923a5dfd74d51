// The class keopsnb._core.Routine.
#include "launch/routine.hpp"

#include "bind/arrays.hpp"
#include "bind/bind.hpp"
#include "bind/watch.hpp"

namespace keopsnb {
namespace {

ReductionKind reduction_of(const std::string& name) {
  if (name == "Sum") return ReductionKind::sum;
  if (name == "LogSumExp") return ReductionKind::logsumexp;
  throw std::invalid_argument("reduction_op is '" + name +
                              "'; the reductions are 'Sum' and 'LogSumExp'.");
}

Axis axis_of(int axis) {
  if (axis < 0 || axis > 2)
    throw std::invalid_argument("axis is " + std::to_string(axis) +
                                "; write axis=1 to reduce over j (the result is indexed by i) or "
                                "axis=0 to reduce over i (the result is indexed by j).");
  return static_cast<Axis>(axis);
}

void check_count(const Routine& routine, std::size_t found) {
  if (found == routine.arguments()) return;
  std::string names;
  for (const parse::Variable& v : routine.program().variables)
    names += (names.empty() ? "" : ", ") + (v.name.empty() ? std::string("_") : v.name);
  throw ArgumentTypeError("This formula takes " + std::to_string(routine.arguments()) +
                          " arguments (" + names + "), and " + std::to_string(found) +
                          " were given.");
}

// Without the GIL: compiles if need be, and computes.
void compute(const Routine& routine, const Routine::Shape& shape,
             const std::vector<ArrayView>& views, void* out) {
  Watch watch;
  try {
    nb::gil_scoped_release release;
    routine.prepare(shape.dtype, [&] { return watch.look(); });
    routine.run(shape, views, out, Watch::callback, &watch);
  } catch (...) {
    if (watch.stopped()) throw nb::python_error();
    throw;
  }
}

template <void (Arguments::*add)(nb::handle, const Routine&), Output (*make)(i64, i64, Dtype),
          Output (*take)(nb::handle, i64, i64, const Arguments&, Dtype)>
nb::object call(const Routine& routine, nb::tuple inputs, nb::object out) {
  check_count(routine, inputs.size());
  Arguments arguments;
  for (nb::handle input : inputs) (arguments.*add)(input, routine);
  const Routine::Shape shape = routine.check(arguments.views());
  const Output output = out.is_none()
                            ? make(shape.outputs, routine.out_dim(), shape.dtype)
                            : take(out, shape.outputs, routine.out_dim(), arguments, shape.dtype);
  compute(routine, shape, arguments.views(), output.data);
  return output.array;
}

nb::list variables(const Routine& routine) {
  nb::list all;
  for (const parse::Variable& v : routine.program().variables)
    all.append(nb::make_tuple(v.name, v.dim, static_cast<int>(v.category)));
  return all;
}

Dtype dtype_of(const std::string& name) {
  for (std::size_t k = 0; k < dtype_names.size(); ++k)
    if (dtype_names[k] == name) return static_cast<Dtype>(k);
  throw std::invalid_argument("dtype is '" + name + "'; write 'float32' or 'float64'.");
}

}  // namespace

void bind_routine(nb::module_& m) {
  nb::class_<Routine>(m, "Routine", "A reduction of a formula, compiled at its first call.")
      .def(
          "__init__",
          [](Routine* self, const std::string& formula, std::vector<std::string> aliases,
             const std::string& reduction, int axis, const std::optional<std::string>& weight,
             bool compensated) {
            new (self) Routine(formula, std::move(aliases), reduction_of(reduction), axis_of(axis),
                               weight, compensated);
          },
          nb::arg("formula"), nb::arg("aliases"), nb::arg("reduction") = "Sum", nb::arg("axis") = 0,
          nb::arg("weight") = nb::none(), nb::arg("compensated") = false,
          "Parses and checks. `axis` is the index reduced over: 0 is i, 1 is j, 2 is both.")
      .def("call_numpy", &call<&Arguments::add_numpy, new_numpy, given_numpy>, nb::arg("arguments"),
           nb::arg("out") = nb::none(),
           nb::sig("def call_numpy(self, arguments: tuple[typing.Any, ...], "
                   "out: typing.Any = None) -> typing.Any"),
           "The reduction of NumPy arrays, as an array.")
      .def("call_torch", &call<&Arguments::add_torch, new_torch, given_torch>, nb::arg("arguments"),
           nb::arg("out") = nb::none(),
           nb::sig("def call_torch(self, arguments: tuple[typing.Any, ...], "
                   "out: typing.Any = None) -> typing.Any"),
           "The reduction of torch tensors, as a tensor.")
      .def(
          "source", [](const Routine& r, const std::string& d) { return r.source(dtype_of(d)); },
          nb::arg("dtype") = "float32", "The C++ source of the kernel.")
      .def_prop_ro(
          "dim", [](const Routine& r) { return r.program().formulas[0].dim; },
          "Dimension of the formula.")
      .def_prop_ro("out_dim", &Routine::out_dim, "Dimension of the result.")
      .def_prop_ro("variables", &variables,
                   nb::sig("def variables(self) -> list[tuple[str, int, int]]"),
                   "Name, dimension and category (0: i, 1: j, 2: parameter), by position.");
}

}  // namespace keopsnb
