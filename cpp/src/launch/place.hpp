// Where a call computes.
#pragma once
#include <span>
#include <string>

#include "launch/routine.hpp"

namespace keopsnb {

// What the caller asked for.
struct Request {
  std::string backend = "auto";  // a name of backend_names()
  int device_id = -1;            // of a GPU; -1: that of the arguments, or 0
  bool torch = false;            // the arguments are tensors, not arrays: for messages
};

// "'auto', 'CPU', 'GPU', ...": what backend= takes.
std::string backend_names();

struct Place {
  int device = host_device;  // the GPU that computes, or the CPU
  bool copies = false;       // a GPU computes with arrays in host memory
};

// Checks that all arguments are in one memory, that the backend takes them from there, and that
// their types can be computed there. Makes no CUDA call. Throws ArgumentTypeError and
// std::invalid_argument.
Place choose_place(const Routine& routine, std::span<const ArrayView> arguments,
                   const Request& request);

}  // namespace keopsnb
