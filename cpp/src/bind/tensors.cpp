#include "bind/tensors.hpp"

#include <algorithm>

namespace keopsnb {

const nb::module_& torch() {
  static const auto* m = new nb::module_(nb::module_::import_("torch"));
  return *m;
}

const TorchNames& names() {
  static const auto* n = new TorchNames;
  return *n;
}

nb::object method(nb::handle self, const nb::str& name) {
  PyObject* argument = self.ptr();
  PyObject* result =
      PyObject_VectorcallMethod(name.ptr(), &argument, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
  if (!result) throw nb::python_error();
  return nb::steal(result);
}

void* address(nb::handle integer) {
  void* p = PyLong_AsVoidPtr(integer.ptr());
  if (!p && PyErr_Occurred()) throw nb::python_error();
  return p;
}

namespace {

nb::object attribute(nb::handle self, const nb::str& name) {
  PyObject* result = PyObject_GetAttr(self.ptr(), name.ptr());
  if (!result) throw nb::python_error();
  return nb::steal(result);
}

// As see_torch, of any tensor, by its attributes.
bool ask_torch(nb::handle tensor, ArrayName name, ArrayView& view, bool takes) {
  const TorchNames& n = names();
  const int is_tensor = PyObject_IsInstance(tensor.ptr(), n.tensor.ptr());
  if (is_tensor < 0) throw nb::python_error();
  if (!is_tensor)
    throw ArgumentTypeError(name() + " is a " + type_of(tensor) +
                            "; write torch.as_tensor(...) to make it a tensor.");
  const nb::object dtype = attribute(tensor, n.dtype);
  const auto* known = std::find_if(n.dtypes.begin(), n.dtypes.end(),
                                   [&](const nb::object& d) { return d.is(dtype); });
  const auto other = std::find_if(n.taken.begin(), n.taken.end(),
                                  [&](const auto& t) { return t.first.is(dtype); });
  const bool taken = takes && other != n.taken.end();
  if (known == n.dtypes.end() && !taken)
    throw ArgumentTypeError(name() + " is " + text(dtype) +
                            "; write .to(torch.float32) or .to(torch.float64).");
  view.dtype = taken ? other->second : static_cast<Dtype>(known - n.dtypes.begin());
  if (!attribute(tensor, n.layout).is(n.strided))
    throw ArgumentTypeError(name() + " has layout " + text(attribute(tensor, n.layout)) +
                            "; write .to_dense().");
  if (attribute(tensor, n.is_cpu).ptr() != Py_True) {
    if (attribute(tensor, n.is_cuda).ptr() != Py_True)
      throw ArgumentTypeError(name() + " is on device '" + text(tensor.attr("device")) +
                              "', and kernels run on CPUs and CUDA devices; write .cpu() or "
                              ".cuda().");
    view.device = nb::cast<int>(method(tensor, n.get_device));
  }
  const nb::object size = attribute(tensor, n.shape);
  const Py_ssize_t ndim = PyTuple_Size(size.ptr());
  if (ndim < 0) throw nb::python_error();
  std::vector<i64> shape;
  for (Py_ssize_t k = 0; k < ndim; ++k)
    shape.push_back(PyLong_AsLongLong(PyTuple_GetItem(size.ptr(), k)));
  set_shape(view, shape.data(), static_cast<int>(ndim), name);
  view.data = address(method(tensor, n.data_ptr));
  return !taken && method(tensor, n.is_contiguous).ptr() == Py_True;
}

}  // namespace

bool is_plain(nb::handle tensor) {
  return tensor.type().is(names().tensor) || tensor.type().is(names().parameter);
}

std::optional<bool> wants_graph(nb::handle tensors) {
  struct Surroundings {
    nb::object of_torch = torch().attr("_C");
    // Modes, transforms and tracers: what says that there is none is false.
    std::array<nb::object, 4> questions{of_torch.attr("_are_functorch_transforms_active"),
                                        of_torch.attr("_len_torch_dispatch_stack"),
                                        of_torch.attr("_is_any_autocast_enabled"),
                                        of_torch.attr("_get_tracing_state")};
    nb::object forward = nb::module_::import_("torch.autograd.forward_ad");
    nb::str level{"_current_level"};
    nb::object graphs = torch().attr("is_grad_enabled");
  };
  static const auto* around = new Surroundings;
  const auto answer = [](const nb::object& question) {
    const nb::object found = nb::steal(PyObject_CallNoArgs(question.ptr()));
    if (!found) throw nb::python_error();
    const int truth = PyObject_IsTrue(found.ptr());
    if (truth < 0) throw nb::python_error();
    return truth == 1;
  };
  for (const nb::object& question : around->questions)
    if (answer(question)) return std::nullopt;
  if (PyLong_AsLong(attribute(around->forward, around->level).ptr()) >= 0) return std::nullopt;
  bool differs = false;
  const nb::object all = nb::steal(PySequence_Tuple(tensors.ptr()));
  if (!all) throw nb::python_error();
  for (Py_ssize_t k = 0; k < PyTuple_Size(all.ptr()); ++k) {
    const nb::handle tensor = PyTuple_GetItem(all.ptr(), k);
    if (!is_plain(tensor) || attribute(tensor, names().is_meta).ptr() == Py_True)
      return std::nullopt;
    differs = differs || attribute(tensor, names().requires_grad).ptr() == Py_True;
  }
  return differs && answer(around->graphs);
}

nb::object fitted(nb::object gradient, nb::handle argument, bool parameter) {
  const TorchNames& n = names();
  const nb::object shape = attribute(argument, n.shape);
  if (attribute(gradient, n.shape).equal(shape)) return gradient;
  if (parameter) gradient = gradient.attr("squeeze")(-2);
  const nb::object one = nb::make_tuple(1);
  gradient = gradient.attr("sum_to_size")(nb::len(shape) == 0 ? one : shape);
  return gradient.attr("reshape")(shape).attr("to")(argument.attr("device"));
}

std::vector<nb::object> side_by_side(const nb::object& columns, const std::vector<i64>& dims) {
  if (dims.size() == 1) return {columns};
  std::vector<nb::object> all;
  for (nb::handle part : columns.attr("split_with_sizes")(shape_object(dims), -1))
    all.push_back(nb::borrow(part));
  return all;
}

bool has_no_memory(const ArrayView& view) { return !view.data && view.bytes() > 0; }

bool see_torch(nb::handle tensor, ArrayName name, ArrayView& view, bool takes) {
  const TorchNames& n = names();
  bool contiguous = true;
  if (!is_plain(tensor) || !n.exchange.describe(tensor, view, contiguous))
    contiguous = ask_torch(tensor, name, view, takes);
  return contiguous && !has_no_memory(view) && method(tensor, n.is_neg).ptr() != Py_True;
}

}  // namespace keopsnb
