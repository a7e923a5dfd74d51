// Arrays of any library, by functions of Python that its front end gives.

#include <algorithm>

#include "bind/dlpack.hpp"
#include "bind/python_arrays.hpp"

namespace keopsnb {
namespace {

// An array that shows a buffer, or that DLPack describes; copies of what is not contiguous
// are the front end's to make.
template <class Array>
ArrayView described(const Array& array, ArrayName name) {
  ArrayView view;
  const auto dtype = dtype_of(array.dtype());
  if (!dtype) {
    std::string names;
    for (const DtypeFacts& known : dtype_facts)
      names += (names.empty() ? "" : ", ") + std::string(known.name);
    throw ArgumentTypeError(name() + " holds none of " + names + "; convert it to one of them.");
  }
  view.dtype = *dtype;
  if (array.device_type() == nb::device::cuda::value)
    view.device = array.device_id();
  else if (array.device_type() != nb::device::cpu::value)
    throw ArgumentTypeError(name() + " is neither in host memory nor in that of a CUDA device; " +
                            "copy it to one of them.");
  i64 shape[64], stride = 1;
  const auto ndim = static_cast<int>(array.ndim());
  for (int d = std::min(ndim, 64) - 1; d >= 0; --d) {
    const auto k = static_cast<std::size_t>(d);
    shape[d] = static_cast<i64>(array.shape(k));
    if (array.size() > 0 && shape[d] != 1 && array.stride(k) != stride)
      throw std::invalid_argument(name() +
                                  " is not C-contiguous; make a copy whose rows lie one behind the "
                                  "other.");
    stride *= shape[d];
  }
  set_shape(view, shape, ndim, name);
  view.data = array.data();
  return view;
}

template <class Array>
Array seen(const nb::object& shown, ArrayName name) {
  Array array;
  if (nb::try_cast(shown, array)) return array;
  throw ArgumentTypeError(name() + " is shown as a " + type_of(shown) +
                          "; view() should return what has a buffer, or __dlpack__.");
}

}  // namespace

PythonArrays::PythonArrays(nb::object hooks) : hooks_(std::move(hooks)) {
  for (const char* name : {"view", "empty"})
    if (!nb::hasattr(hooks_, name))
      throw ArgumentTypeError("The hooks are a " + type_of(hooks_) + " without " + name +
                              "(); give an object that has view() and empty().");
}

void PythonArrays::add(Arguments& arguments, nb::handle array) const {
  const auto name = [&] { return arguments.name(); };
  const nb::object shown = hooks_.attr("view")(array);
  const auto found =
      std::make_shared<const nb::ndarray<nb::ro>>(seen<nb::ndarray<nb::ro>>(shown, name));
  arguments.views.push_back(described(*found, name));
  arguments.held.push_back(found);
}

void PythonArrays::convert_integers(Arguments& arguments, std::size_t k, Dtype integers,
                                    nb::handle) const {
  if (arguments.views[k].device == host_device) return arguments.convert_integers(k, integers);
  throw ArgumentTypeError(arguments.routine.argument_name(k) + " is " +
                          std::string(facts(arguments.views[k].dtype).name) +
                          ", and beside these numbers it should be " +
                          std::string(facts(integers).name) + "; convert it.");
}

Output PythonArrays::empty(nb::object shape, std::string_view dtype, int device) const {
  nb::object array = hooks_.attr("empty")(shape, nb::str(dtype.data(), dtype.size()), device);
  const nb::object shown = hooks_.attr("view")(array);
  const auto name = [] { return std::string("The array that empty() made"); };
  const auto held = std::make_shared<const nb::ndarray<>>(seen<nb::ndarray<>>(shown, name));
  return {std::move(array), const_cast<void*>(described(*held, name).data), held};
}

Output PythonArrays::make(const std::vector<i64>& shape, Dtype dtype, int device) const {
  return empty(shape_object(shape), facts(dtype).name, device);
}

ArrayView PythonArrays::writable(nb::handle out, Held& held) const {
  const auto found = std::make_shared<const nb::ndarray<>>(
      seen<nb::ndarray<>>(hooks_.attr("view")(out), out_name));
  held = found;
  return described(*found, out_name);
}

nb::object PythonArrays::truth(const nb::object& array) const {
  return nb::hasattr(hooks_, "truth") ? hooks_.attr("truth")(array) : array;
}

Output PythonArrays::memory(i64 bytes, int device) const {
  // Of the widest type that all libraries have.
  return empty(shape_object({(bytes + 3) / 4}), "float32", device);
}

void* PythonArrays::stream(int device) const {
  if (!nb::hasattr(hooks_, "stream")) return nullptr;  // the default one
  return reinterpret_cast<void*>(nb::cast<std::uintptr_t>(hooks_.attr("stream")(device)));
}

}  // namespace keopsnb
