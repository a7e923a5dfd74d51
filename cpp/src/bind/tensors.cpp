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

bool has_no_memory(const ArrayView& view) { return !view.data && view.bytes() > 0; }

bool see_torch(nb::handle tensor, ArrayName name, ArrayView& view, bool takes) {
  const TorchNames& n = names();
  bool contiguous = true;
  const bool plain = tensor.type().is(n.tensor) || tensor.type().is(n.parameter);
  if (!plain || !n.exchange.describe(tensor, view, contiguous))
    contiguous = ask_torch(tensor, name, view, takes);
  return contiguous && !has_no_memory(view) && method(tensor, n.is_neg).ptr() != Py_True;
}

}  // namespace keopsnb
