#include "bind/arrays.hpp"

#include <algorithm>

namespace keopsnb {
namespace {

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

}  // namespace

Arguments::~Arguments() {
  for (Py_buffer& buffer : buffers) PyBuffer_Release(&buffer);
}

void Arguments::convert_integers(std::size_t k, Dtype integers) {
  ArrayView& view = views[k];
  const std::string argument = routine.argument_name(k);
  copies.push_back(integers == Dtype::int32 ? converted<int, long long>(view, argument)
                                            : converted<long long, int>(view, argument));
  view.data = copies.back().get();
}

Output given_output(const ArrayLibrary& library, nb::handle given, const std::vector<i64>& shape,
                    const Arguments& arguments, Dtype dtype) {
  Held held;
  const ArrayView out = library.writable(given, held);
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
  const int device = arguments.views.empty() ? host_device : arguments.views[0].device;
  if (out.device != device)
    throw ArgumentTypeError("out is on " + device_text(out.device) + ", and the arguments are on " +
                            device_text(device) + ".");
  const auto begin = [](const ArrayView& a) { return reinterpret_cast<std::uintptr_t>(a.data); };
  const auto size = [](const ArrayView& a) { return static_cast<std::uintptr_t>(a.bytes()); };
  for (const ArrayView& in : arguments.views)
    if (begin(out) < begin(in) + size(in) && begin(in) < begin(out) + size(out))
      throw std::invalid_argument("out shares memory with an argument; give an array of its own.");
  return {nb::borrow(given), const_cast<void*>(out.data), std::move(held)};
}

void set_shape(ArrayView& view, const i64* shape, int ndim, ArrayName name) {
  if (ndim > ArrayView::max_ndim)
    throw std::invalid_argument(
        name() + " has " + std::to_string(ndim) + " dimensions; write at most " +
        std::to_string(ArrayView::max_ndim) + ", batch dimensions included.");
  view.ndim = ndim;
  std::copy(shape, shape + ndim, view.shape.begin());
}

std::string type_of(nb::handle h) { return nb::cast<std::string>(nb::type_name(h.type())); }

std::string text(nb::handle h) { return nb::cast<std::string>(nb::str(h)); }

nb::object shape_object(const std::vector<i64>& shape) {
  nb::object sizes = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(shape.size())));
  for (std::size_t k = 0; k < shape.size(); ++k)
    PyTuple_SetItem(sizes.ptr(), static_cast<Py_ssize_t>(k), PyLong_FromLongLong(shape[k]));
  return sizes;
}

void refuse_truth_values(const std::string& name) {
  throw ArgumentTypeError(name + " is bool, and the formula reads it as an index; write the " +
                          "indices themselves, as int32 or int64.");
}

}  // namespace keopsnb
