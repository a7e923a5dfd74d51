// The class keopsnb._core.Routine.
#include "launch/routine.hpp"

#include "bind/arrays.hpp"
#include "bind/bind.hpp"
#include "bind/watch.hpp"
#include "launch/place.hpp"

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

std::string text_of(nb::handle h) { return nb::cast<std::string>(nb::repr(h)); }

Request request_of(nb::handle backend, nb::handle device_id, bool torch) {
  Request request;
  request.torch = torch;
  if (!nb::try_cast(backend, request.backend))
    throw std::invalid_argument("backend is " + text_of(backend) + "; write one of " +
                                backend_names() + ".");
  if (!nb::try_cast(device_id, request.device_id))
    throw ArgumentTypeError("device_id is " + text_of(device_id) +
                            "; write the number of a GPU, from 0, or -1 for that of the "
                            "arguments.");
  return request;
}

// Compiles if need be, and computes, without the GIL.
template <class Work>
void without_gil(Work&& work) {
  Watch watch;
  try {
    nb::gil_scoped_release release;
    work(watch);
  } catch (...) {
    if (watch.stopped()) throw nb::python_error();
    throw;
  }
}

void compute_on_cpu(const Routine& routine, const Routine::Shape& shape,
                    const std::vector<ArrayView>& views, void* out) {
  without_gil([&](Watch& watch) {
    routine.prepare(shape.dtype, [&] { return watch.look(); });
    routine.run(shape, views, out, Watch::callback, &watch);
  });
}

// Tensors of a GPU: enqueued on torch's current stream, with the GIL, as torch's own calls are. The
// allocator gives the workspace to later work of that stream only.
void compute_on_gpu(const Routine& routine, const Routine::Shape& shape,
                    const std::vector<ArrayView>& views, void* out, int device) {
  find_packages();
  if (!routine.has_gpu_kernel(shape.dtype, device))
    without_gil([&](Watch&) { routine.gpu_kernel(shape.dtype, device); });
  const GpuReduction reduction = routine.on_gpu(shape, device);
  Output workspace{{}, nullptr};
  if (reduction.workspace() > 0) workspace = torch_memory(reduction.workspace(), device);
  std::vector<const void*> in(views.size());
  for (std::size_t k = 0; k < in.size(); ++k) in[k] = views[k].data;
  reduction.enqueue(in, out, workspace.data, static_cast<cuda::CUstream>(torch_stream(device)));
}

void compute_with_copies(const Routine& routine, const Routine::Shape& shape,
                         const std::vector<ArrayView>& views, void* out, int device) {
  find_packages();
  without_gil([&](Watch&) {
    reduce_host_arrays(routine.on_gpu(shape, device), views, out,
                       shape.outputs * routine.out_dim() * facts(shape.dtype).bytes);
  });
}

struct Numpy {
  static constexpr bool torch = false;
  static constexpr auto add = &Arguments::add_numpy;
  static constexpr auto make = new_numpy;
  static constexpr auto take = given_numpy;
};
struct Torch {
  static constexpr bool torch = true;
  static constexpr auto add = &Arguments::add_torch;
  static constexpr auto make = new_torch;
  static constexpr auto take = given_torch;
};

template <class Front>
nb::object call(const Routine& routine, nb::tuple inputs, nb::object out, nb::handle backend,
                nb::handle device_id) {
  check_count(routine, inputs.size());
  const Request request = request_of(backend, device_id, Front::torch);
  Arguments arguments;
  for (nb::handle input : inputs) (arguments.*Front::add)(input, routine);
  const std::vector<ArrayView>& views = arguments.views();
  const Place place = choose_place(routine, views, request);
  const Routine::Shape shape = routine.check(views);
  const Output output =
      out.is_none() ? Front::make(shape.outputs, routine.out_dim(), shape.dtype,
                                  place.copies ? host_device : place.device)
                    : Front::take(out, shape.outputs, routine.out_dim(), arguments, shape.dtype);
  if (shape.outputs == 0) return output.array;
  if (place.device == host_device)
    compute_on_cpu(routine, shape, views, output.data);
  else if (place.copies)
    compute_with_copies(routine, shape, views, output.data, place.device);
  else
    compute_on_gpu(routine, shape, views, output.data, place.device);
  return output.array;
}

nb::list variables(const Routine& routine) {
  nb::list all;
  for (const parse::Variable& v : routine.program().variables)
    all.append(nb::make_tuple(v.name, v.dim, static_cast<int>(v.category)));
  return all;
}

Dtype dtype_of(const std::string& name) {
  std::string names;
  for (std::size_t k = 0; k < dtypes; ++k) {
    if (dtype_facts[k].name == name) return static_cast<Dtype>(k);
    names += (k == 0 ? "'" : ", '") + std::string(dtype_facts[k].name) + "'";
  }
  throw std::invalid_argument("dtype is '" + name + "'; write one of " + names + ".");
}

std::string source(const Routine& routine, const std::string& dtype, const std::string& processor) {
  if (processor != "cpu" && processor != "gpu")
    throw std::invalid_argument("processor is '" + processor + "'; write 'cpu' or 'gpu'.");
  return routine.source(dtype_of(dtype), processor == "gpu" ? Processor::gpu : Processor::cpu);
}

std::string build(const Routine& routine, const std::string& dtype, const std::string& target,
                  const std::string& folder) {
  const Dtype type = dtype_of(dtype);
  find_packages();
  std::string path;
  without_gil([&](Watch& watch) {
    path = routine.build(type, target, folder, [&] { return watch.look(); });
  });
  return path;
}

}  // namespace

void bind_routine(nb::module_& m) {
  nb::class_<Routine>(m, "Routine", "A reduction of a formula, compiled at its first call.")
      .def(
          "__init__",
          [](Routine* self, const std::string& formula, std::vector<std::string> aliases,
             const std::string& reduction, int axis, const std::optional<std::string>& weight,
             bool compensated, bool fast_math) {
            new (self) Routine(formula, std::move(aliases), reduction_of(reduction), axis_of(axis),
                               weight, compensated, fast_math);
          },
          nb::arg("formula"), nb::arg("aliases"), nb::arg("reduction") = "Sum", nb::arg("axis") = 0,
          nb::arg("weight") = nb::none(), nb::arg("compensated") = false,
          nb::arg("fast_math") = false,
          "Parses and checks. `axis` is the index reduced over: 0 is i, 1 is j, 2 is both.")
      .def("call_numpy", &call<Numpy>, nb::arg("arguments"), nb::arg("out") = nb::none(),
           nb::arg("backend").none() = "auto", nb::arg("device_id").none() = -1,
           nb::sig("def call_numpy(self, arguments: tuple[typing.Any, ...], "
                   "out: typing.Any = None, backend: str = 'auto', device_id: int = -1) -> "
                   "typing.Any"),
           "The reduction of NumPy arrays, as an array.")
      .def("call_torch", &call<Torch>, nb::arg("arguments"), nb::arg("out") = nb::none(),
           nb::arg("backend").none() = "auto", nb::arg("device_id").none() = -1,
           nb::sig("def call_torch(self, arguments: tuple[typing.Any, ...], "
                   "out: typing.Any = None, backend: str = 'auto', device_id: int = -1) -> "
                   "typing.Any"),
           "The reduction of torch tensors, as a tensor.")
      .def("source", &source, nb::arg("dtype") = "float32", nb::arg("processor") = "cpu",
           "The C++ source of the kernel for a processor, 'cpu' or 'gpu'.")
      .def("build", &build, nb::arg("dtype"), nb::arg("target"), nb::arg("folder"),
           "Compiles the kernel ahead of time into a folder, and returns its path.")
      .def_prop_ro(
          "dim", [](const Routine& r) { return r.program().formulas[0].dim; },
          "Dimension of the formula.")
      .def_prop_ro("out_dim", &Routine::out_dim, "Dimension of the result.")
      .def_prop_ro("variables", &variables,
                   nb::sig("def variables(self) -> list[tuple[str, int, int]]"),
                   "Name, dimension and category (0: i, 1: j, 2: parameter), by position.");
}

}  // namespace keopsnb
