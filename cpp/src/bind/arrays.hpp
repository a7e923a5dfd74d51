// NumPy arrays and torch tensors, as the routine sees them.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <string>
#include <vector>

#include "launch/routine.hpp"

namespace keopsnb {

// The arguments of one call, held in memory until it ends. Arrays that are not C-contiguous are
// copied. Throws ArgumentTypeError, naming the argument.
class Arguments {
 public:
  Arguments() = default;
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments();

  void add_numpy(nanobind::handle array, const Routine& routine);
  void add_torch(nanobind::handle tensor, const Routine& routine);
  // Beside tensors of a GPU, parameters of one number may be in host memory, as torch has it: their
  // numbers are given to the GPU, which nothing waits for. `inputs` are what was added.
  void bring_numbers(nanobind::tuple inputs, const Routine& routine);
  // Brings arguments that are integers to this type. Throws std::invalid_argument where one does
  // not fit; on a GPU that is seen there, later. `inputs` are what was added.
  void convert_integers(Dtype integers, nanobind::tuple inputs, const Routine& routine);
  const std::vector<ArrayView>& views() const { return views_; }

 private:
  std::vector<ArrayView> views_;
  std::vector<Py_buffer> buffers_;
  std::vector<nanobind::object> kept_;  // contiguous copies
  std::vector<std::unique_ptr<char[]>> converted_;
};

// A new array or tensor on a device, and where its numbers are.
struct Output {
  nanobind::object array;
  void* data;
};
Output new_numpy(const std::vector<i64>& shape, Dtype dtype, int device);
Output new_torch(const std::vector<i64>& shape, Dtype dtype, int device);

// `out`, given by the caller: an array or tensor of that very shape and type, C-contiguous,
// writable, in the same memory, sharing none with an argument. Throws ArgumentTypeError and
// std::invalid_argument.
Output given_numpy(nanobind::handle out, const std::vector<i64>& shape, const Arguments& arguments,
                   Dtype dtype);
Output given_torch(nanobind::handle out, const std::vector<i64>& shape, const Arguments& arguments,
                   Dtype dtype);

// Memory of a GPU from torch's allocator, for work on the current stream; and that stream.
Output torch_memory(i64 bytes, int device);
void* torch_stream(int device);

}  // namespace keopsnb
