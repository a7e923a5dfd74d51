#include "bind/arrays.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "bind/buffer.hpp"
#include "bind/tensors.hpp"

namespace keopsnb {
namespace {

constexpr auto out_name = [] { return std::string("out"); };

[[noreturn]] void refuse_truth_values(const std::string& name) {
  throw ArgumentTypeError(name + " is bool, and the formula reads it as an index; write the " +
                          "indices themselves, as int32 or int64.");
}

// The integers of an array of the host, as integers of another width.
template <class To, class From>
std::unique_ptr<char[]> converted(const ArrayView& array, const std::string& name) {
  const auto count = static_cast<std::size_t>(array.bytes()) / sizeof(From);
  auto memory = std::make_unique<char[]>(count * sizeof(To));
  const auto* from = static_cast<const From*>(array.data);
  auto* to = reinterpret_cast<To*>(memory.get());
  for (std::size_t k = 0; k < count; ++k) {
    to[k] = static_cast<To>(from[k]);
    if (to[k] != from[k])
      throw std::invalid_argument(name + " holds " + std::to_string(from[k]) +
                                  ", and beside numbers of 32 bits or fewer integers have 32 bits; "
                                  "write the other arguments as float64.");
  }
  return memory;
}

// Modules are imported once, by their first user; they are never unloaded.
const nb::module_& numpy() {
  static const auto* m = new nb::module_(nb::module_::import_("numpy"));
  return *m;
}
bool is_ndarray(nb::handle h) {
  static const auto* type = new nb::object(numpy().attr("ndarray"));
  return h.type().is(*type);
}

void check_out(const ArrayView& out, const std::vector<i64>& shape, Dtype dtype,
               const Arguments& arguments) {
  const auto name = [](Dtype d) { return std::string(facts(d).name); };
  if (out.dtype != dtype)
    throw ArgumentTypeError("out is " + name(out.dtype) + ", and the " +
                            (is_integer(dtype) ? "result is " : "arguments are ") + name(dtype) +
                            ".");
  ArrayView wanted;
  set_shape(wanted, shape.data(), static_cast<int>(shape.size()), out_name);
  if (out.ndim != wanted.ndim || out.shape != wanted.shape)
    throw std::invalid_argument("out should have shape " + shape_text(wanted) + ", and has shape " +
                                shape_text(out) + ".");
  const int device = arguments.views().empty() ? host_device : arguments.views()[0].device;
  if (out.device != device)
    throw ArgumentTypeError("out is on " + device_text(out.device) + ", and the arguments are on " +
                            device_text(device) + ".");
  const auto begin = [](const ArrayView& a) { return reinterpret_cast<std::uintptr_t>(a.data); };
  const auto size = [](const ArrayView& a) { return static_cast<std::uintptr_t>(a.bytes()); };
  for (const ArrayView& in : arguments.views())
    if (begin(out) < begin(in) + size(in) && begin(in) < begin(out) + size(out))
      throw std::invalid_argument("out shares memory with an argument; give an array of its own.");
}

}  // namespace

Arguments::~Arguments() {
  for (Py_buffer& buffer : buffers_) PyBuffer_Release(&buffer);
}

void Arguments::add_numpy(nb::handle array, const Routine& routine) {
  const auto name = [&] { return routine.argument_name(views_.size()); };
  const auto refuse_type = [&] {
    throw ArgumentTypeError(
        name() + " is " +
        (nb::hasattr(array, "dtype") ? text(array.attr("dtype")) : type_of(array)) +
        "; write numpy.asarray(..., 'float32') or numpy.asarray(..., 'float64').");
  };
  Py_buffer buffer;
  if (PyObject_GetBuffer(array.ptr(), &buffer, PyBUF_FORMAT | PyBUF_STRIDES) != 0) {
    PyErr_Clear();
    if (is_ndarray(array)) refuse_type();  // of dates, which NumPy shows to nobody
    if (nb::hasattr(array, "__cuda_array_interface__"))
      throw ArgumentTypeError(name() + " is a " + type_of(array) +
                              " in the memory of a GPU, and keopsnb.numpy takes arrays in host "
                              "memory; write torch.as_tensor(...), which copies nothing, and "
                              "keopsnb.torch, or copy it to a NumPy array.");
    throw ArgumentTypeError(name() + " is a " + type_of(array) +
                            "; write numpy.asarray(...) to make it an array.");
  }
  buffers_.push_back(buffer);
  // A mask would be lost: masked arrays show the numbers below it.
  if (!is_ndarray(array) && nb::hasattr(array, "mask") && nb::hasattr(array, "filled"))
    throw ArgumentTypeError(name() + " is a masked array; write .filled(...) to give the masked " +
                            "entries a value.");
  const auto dtype = dtype_of(buffer);
  if (!dtype) {
    const auto integers = integers_for(buffer);
    if (!integers || !nb::hasattr(array, "astype")) refuse_type();
    if (holds_truth_values(buffer) && routine.wants_integers(views_.size()))
      refuse_truth_values(name());
    const std::string wider(facts(*integers).name);
    kept_.push_back(array.attr("astype")(wider));
    const nb::object copy = kept_.back();
    // Only what has 64 bits and no sign can be too large.
    const auto negative = [](nb::handle values) {
      const nb::object below =
          nb::steal(PyObject_RichCompare(values.ptr(), nb::int_(0).ptr(), Py_LT));
      return PyObject_IsTrue(below.attr("any")().ptr()) != 0;
    };
    if (buffer.itemsize == 8 && negative(copy))
      throw std::invalid_argument(name() +
                                  " holds integers of 2**63 or more; write it as float64.");
    return add_numpy(copy, routine);
  }
  const auto address = reinterpret_cast<std::uintptr_t>(buffer.buf);
  const bool aligned = address % static_cast<std::uintptr_t>(buffer.itemsize) == 0;
  if (!aligned || !PyBuffer_IsContiguous(&buffer, 'C')) {
    kept_.push_back(numpy().attr("require")(array, nb::none(), "CA"));
    const nb::object copy = kept_.back();
    return add_numpy(copy, routine);
  }
  ArrayView view;
  view.data = buffer.buf;
  view.dtype = *dtype;
  i64 shape[64];
  std::copy(buffer.shape, buffer.shape + buffer.ndim, shape);
  set_shape(view, shape, buffer.ndim, name);
  views_.push_back(view);
}

void Arguments::add_torch(nb::handle tensor, const Routine& routine) {
  ArrayView view;
  const auto name = [&] { return routine.argument_name(views_.size()); };
  if (see_torch(tensor, name, view, true)) {
    views_.push_back(view);
    return;
  }
  if (!has_no_memory(view)) {
    if (routine.wants_integers(views_.size()) && tensor.attr("dtype").is(names().taken[0].first))
      refuse_truth_values(name());
    const nb::object plain = tensor.attr("detach")().attr("resolve_neg")().attr("contiguous")();
    kept_.push_back(plain.attr("to")(names().dtypes[static_cast<std::size_t>(view.dtype)]));
  } else if (nb::cast<bool>(tensor.attr("_is_zerotensor")()))  // as derivatives that are 0 may be
    kept_.push_back(torch().attr("zeros_like")(tensor));
  else
    throw ArgumentTypeError(name() + " has no memory: its storage was freed; give it back first.");
  const nb::object copy = kept_.back();
  add_torch(copy, routine);
}

void Arguments::bring_numbers(nb::tuple inputs, const Routine& routine) {
  const auto on_gpu = [](const ArrayView& view) { return view.device != host_device; };
  const auto other = std::find_if(views_.begin(), views_.end(), on_gpu);
  if (other == views_.end()) return;
  const TorchNames& n = names();
  for (std::size_t k = 0; k < views_.size(); ++k) {
    ArrayView& view = views_[k];
    if (on_gpu(view) || view.ndim > 1 || !routine.is_number(k)) continue;
    if (view.bytes() != facts(view.dtype).bytes) continue;
    kept_.push_back(n.full(inputs[k].attr("shape"), inputs[k].attr("item")(),
                           nb::arg("dtype") = n.dtypes[static_cast<std::size_t>(view.dtype)],
                           nb::arg("device") = n.device_type("cuda", other->device)));
    view.data = address(method(kept_.back(), n.data_ptr));
    view.device = other->device;
  }
}

void Arguments::convert_integers(Dtype integers, nb::tuple inputs, const Routine& routine) {
  for (std::size_t k = 0; k < views_.size(); ++k) {
    ArrayView& view = views_[k];
    if (!is_integer(view.dtype) || view.dtype == integers) continue;
    const std::string name = routine.argument_name(k);
    if (view.device != host_device) {
      const nb::object copy =
          inputs[k].attr("to")(names().dtypes[static_cast<std::size_t>(integers)]);
      // As torch checks indices: an answer would have to be waited for.
      if (integers == Dtype::int32)
        torch().attr("_assert_async")(copy.attr("eq")(inputs[k]).attr("all")(),
                                      name +
                                          " holds integers of more than 32 bits beside numbers "
                                          "of 32 bits or fewer; write these as float64.");
      kept_.push_back(copy.attr("contiguous")());
      view.data = address(method(kept_.back(), names().data_ptr));
    } else {
      converted_.push_back(integers == Dtype::int32 ? converted<int, long long>(view, name)
                                                    : converted<long long, int>(view, name));
      view.data = converted_.back().get();
    }
    view.dtype = integers;
  }
}

namespace {
nb::object shape_object(const std::vector<i64>& shape) {
  nb::object sizes = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(shape.size())));
  for (std::size_t k = 0; k < shape.size(); ++k)
    PyTuple_SetItem(sizes.ptr(), static_cast<Py_ssize_t>(k), PyLong_FromLongLong(shape[k]));
  return sizes;
}
}  // namespace

Output new_numpy(const std::vector<i64>& shape, Dtype dtype, int) {
  static const auto* empty = new nb::object(numpy().attr("empty"));
  static const auto* types = [] {
    auto* all = new std::array<nb::object, dtype_count>;
    for (std::size_t k = 0; k < dtype_count; ++k)  // NumPy has those alone that buffers have
      if (!dtype_facts[k].letters.empty())
        (*all)[k] = numpy().attr("dtype")(dtype_facts[k].name.data());
    return all;
  }();
  nb::object array = (*empty)(shape_object(shape), (*types)[static_cast<std::size_t>(dtype)]);
  Py_buffer buffer;
  if (PyObject_GetBuffer(array.ptr(), &buffer, PyBUF_WRITABLE) != 0) throw nb::python_error();
  void* data = buffer.buf;
  PyBuffer_Release(&buffer);
  return {std::move(array), data};
}

Output new_torch(const std::vector<i64>& shape, Dtype dtype, int device) {
  const TorchNames& n = names();
  const nb::object place =
      device == host_device ? nb::object(nb::str("cpu")) : n.device_type("cuda", device);
  nb::object tensor =
      n.empty(shape_object(shape), nb::arg("dtype") = n.dtypes[static_cast<std::size_t>(dtype)],
              nb::arg("device") = place);
  void* data = address(method(tensor, n.data_ptr));
  return {std::move(tensor), data};
}

Output torch_memory(i64 bytes, int device) {
  static const auto* type = new nb::object(torch().attr("uint8"));
  const TorchNames& n = names();
  nb::object tensor =
      n.empty(bytes, nb::arg("dtype") = *type, nb::arg("device") = n.device_type("cuda", device));
  void* data = address(method(tensor, n.data_ptr));
  return {std::move(tensor), data};
}

void* torch_stream(int device) {
  static const auto* current = new nb::object(torch().attr("_C").attr("_cuda_getCurrentRawStream"));
  return address((*current)(device));
}

Output given_numpy(nb::handle out, const std::vector<i64>& shape, const Arguments& arguments,
                   Dtype dtype) {
  Py_buffer buffer;
  if (PyObject_GetBuffer(out.ptr(), &buffer, PyBUF_FORMAT | PyBUF_STRIDES | PyBUF_WRITABLE) != 0) {
    PyErr_Clear();
    throw ArgumentTypeError("out is a " + type_of(out) +
                            " that cannot be written to; give a writable NumPy array.");
  }
  struct Release {
    Py_buffer* b;
    ~Release() { PyBuffer_Release(b); }
  } release{&buffer};
  const auto found = dtype_of(buffer);
  if (!found) {
    std::string numbers;
    for (const DtypeFacts& known : dtype_facts)
      if (!known.integer && !known.letters.empty())
        numbers += (numbers.empty() ? "" : ", ") + std::string(known.name);
    throw ArgumentTypeError("out is none of " + numbers + " and int64.");
  }
  if (!PyBuffer_IsContiguous(&buffer, 'C'))
    throw std::invalid_argument("out is not C-contiguous; write numpy.empty(...) to make one.");
  ArrayView view;
  view.data = buffer.buf;
  view.dtype = *found;
  i64 sizes[64];
  std::copy(buffer.shape, buffer.shape + buffer.ndim, sizes);
  set_shape(view, sizes, buffer.ndim, out_name);
  check_out(view, shape, dtype, arguments);
  return {nb::borrow(out), buffer.buf};
}

Output given_torch(nb::handle out, const std::vector<i64>& shape, const Arguments& arguments,
                   Dtype dtype) {
  ArrayView view;
  if (!see_torch(out, out_name, view, false))
    throw std::invalid_argument(
        "out is not contiguous, or not plain memory; write torch.empty(...) to make one.");
  check_out(view, shape, dtype, arguments);
  return {nb::borrow(out), const_cast<void*>(view.data)};
}

}  // namespace keopsnb
