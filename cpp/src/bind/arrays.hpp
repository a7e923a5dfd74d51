// The seam between reductions and libraries of arrays.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "launch/pool.hpp"
#include "launch/routine.hpp"

namespace keopsnb {

namespace nb = nanobind;

// The name of an array, for errors.
using ArrayName = FunctionRef<std::string()>;

// Holds an array's memory while it is read or written.
using Held = std::shared_ptr<const void>;

// The arguments of one call, and what holds them in memory until it ends.
class Arguments {
 public:
  explicit Arguments(const Routine& of) : routine(of) {
    views.reserve(of.arguments());
    buffers.reserve(of.arguments());
  }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments();

  // Of the argument that comes next.
  std::string name() const { return routine.argument_name(views.size()); }
  bool wants_integers() const { return routine.wants_integers(views.size()); }
  // Brings integers in host memory to another width. Throws std::invalid_argument where one does
  // not fit.
  void convert_integers(std::size_t k, Dtype integers);

  const Routine& routine;
  std::vector<ArrayView> views;
  std::vector<Py_buffer> buffers;
  std::vector<nb::object> kept;  // contiguous copies
  std::vector<Held> held;
  std::vector<std::unique_ptr<char[]>> copies;
};

// A new array, and where its numbers are.
struct Output {
  nb::object array;
  void* data = nullptr;
  Held held = {};
};

// A library of arrays, as a call needs it. All throw ArgumentTypeError and std::invalid_argument
// for arrays that are none, and let Python's own errors pass.
class ArrayLibrary {
 public:
  virtual ~ArrayLibrary() = default;

  // Appends the description of an argument, or of a contiguous copy.
  virtual void add(Arguments& arguments, nb::handle array) const = 0;
  // Once all arguments are there: what can be brought to where the others are.
  virtual void bring_together(Arguments&, nb::tuple /*inputs*/) const {}
  // Brings integers on a device to another width. `input` is what was added.
  virtual void convert_integers(Arguments& arguments, std::size_t k, Dtype integers,
                                nb::handle input) const = 0;
  // An array for results; on the host if `device` says so.
  virtual Output make(const std::vector<i64>& shape, Dtype dtype, int device) const = 0;
  // An array of the caller's that is C-contiguous and can be written to, while `held` lives.
  virtual ArrayView writable(nb::handle out, Held& held) const = 0;
  // 0 and 1 as truth values.
  virtual nb::object truth(const nb::object& array) const = 0;
  // Memory of a GPU for work on the current stream, and that stream.
  virtual Output memory(i64 bytes, int device) const = 0;
  virtual void* stream(int device) const = 0;
  // The call that brings an array to a GPU, for errors; or "".
  virtual std::string_view to_device() const { return {}; }
};

// NumPy's and PyTorch's; neither is imported before it is asked something.
const ArrayLibrary& numpy_arrays();
const ArrayLibrary& torch_tensors();

// `out`, given by the caller: of that very shape and type, in the same memory as the arguments,
// sharing none with one. Throws ArgumentTypeError and std::invalid_argument.
Output given_output(const ArrayLibrary& library, nb::handle out, const std::vector<i64>& shape,
                    const Arguments& arguments, Dtype dtype);

// Throws std::invalid_argument where there are too many dimensions.
void set_shape(ArrayView& view, const i64* shape, int ndim, ArrayName name);
inline constexpr auto out_name = [] { return std::string("out"); };

std::string type_of(nb::handle h);
std::string text(nb::handle h);
nb::object shape_object(const std::vector<i64>& shape);
[[noreturn]] void refuse_truth_values(const std::string& name);

}  // namespace keopsnb
