// NumPy's arrays, and whatever else shows a buffer.
#include <algorithm>
#include <array>

#include "bind/arrays.hpp"
#include "bind/buffer.hpp"

namespace keopsnb {
namespace {

// Modules are imported once, by their first user; they are never unloaded.
const nb::module_& numpy() {
  static const auto* m = new nb::module_(nb::module_::import_("numpy"));
  return *m;
}
bool is_ndarray(nb::handle h) {
  static const auto* type = new nb::object(numpy().attr("ndarray"));
  return h.type().is(*type);
}

class Numpy final : public ArrayLibrary {
 public:
  void add(Arguments& arguments, nb::handle array) const override {
    const auto name = [&] { return arguments.name(); };
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
    arguments.buffers.push_back(buffer);
    // A mask would be lost: masked arrays show the numbers below it.
    if (!is_ndarray(array) && nb::hasattr(array, "mask") && nb::hasattr(array, "filled"))
      throw ArgumentTypeError(name() +
                              " is a masked array; write .filled(...) to give the masked " +
                              "entries a value.");
    const auto dtype = dtype_of(buffer);
    if (!dtype) {
      const auto integers = integers_for(buffer);
      if (!integers || !nb::hasattr(array, "astype")) refuse_type();
      if (holds_truth_values(buffer) && arguments.wants_integers()) refuse_truth_values(name());
      const std::string wider(facts(*integers).name);
      arguments.kept.push_back(array.attr("astype")(wider));
      const nb::object copy = arguments.kept.back();
      // Only what has 64 bits and no sign can be too large.
      const auto negative = [](nb::handle values) {
        const nb::object below =
            nb::steal(PyObject_RichCompare(values.ptr(), nb::int_(0).ptr(), Py_LT));
        return PyObject_IsTrue(below.attr("any")().ptr()) != 0;
      };
      if (buffer.itemsize == 8 && negative(copy))
        throw std::invalid_argument(name() +
                                    " holds integers of 2**63 or more; write it as float64.");
      return add(arguments, copy);
    }
    const auto address = reinterpret_cast<std::uintptr_t>(buffer.buf);
    const bool aligned = address % static_cast<std::uintptr_t>(buffer.itemsize) == 0;
    if (!aligned || !PyBuffer_IsContiguous(&buffer, 'C')) {
      arguments.kept.push_back(numpy().attr("require")(array, nb::none(), "CA"));
      const nb::object copy = arguments.kept.back();
      return add(arguments, copy);
    }
    ArrayView view;
    view.data = buffer.buf;
    view.dtype = *dtype;
    i64 shape[64];
    std::copy(buffer.shape, buffer.shape + buffer.ndim, shape);
    set_shape(view, shape, buffer.ndim, name);
    arguments.views.push_back(view);
  }

  void convert_integers(Arguments& arguments, std::size_t k, Dtype integers,
                        nb::handle) const override {
    arguments.convert_integers(k, integers);
  }

  Output make(const std::vector<i64>& shape, Dtype dtype, int) const override {
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

  ArrayView writable(nb::handle out, Held&) const override {
    Py_buffer buffer;
    if (PyObject_GetBuffer(out.ptr(), &buffer, PyBUF_FORMAT | PyBUF_STRIDES | PyBUF_WRITABLE) !=
        0) {
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
    return view;
  }

  nb::object truth(const nb::object& array) const override { return array.attr("astype")("bool"); }

  // Arrays of NumPy are in host memory.
  Output memory(i64, int) const override { return {}; }
  void* stream(int) const override { return nullptr; }
};

}  // namespace

const ArrayLibrary& numpy_arrays() {
  static const Numpy library;
  return library;
}

}  // namespace keopsnb
