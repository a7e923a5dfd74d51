// The processor that a call computes on.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "launch/routine.hpp"

namespace keopsnb {

// A value of backend=: memory that arguments may lie in, and processors that may compute.
struct Backend {
  std::string_view name;
  bool cpu, gpu, takes_host, takes_device;
};
// KeOps chooses a kernel by 1D and 2D; here the sizes choose it.
inline constexpr std::array backends{
    Backend{"auto", true, true, true, true},
    Backend{"CPU", true, false, true, false},
    Backend{"GPU", false, true, true, true},
    Backend{"GPU_1D", false, true, true, true},
    Backend{"GPU_1D_device", false, true, false, true},
    Backend{"GPU_1D_host", false, true, true, false},
    Backend{"GPU_2D", false, true, true, true},
    Backend{"GPU_2D_device", false, true, false, true},
    Backend{"GPU_2D_host", false, true, true, false},
};
// "'auto', 'CPU', 'GPU', ...": what backend= takes.
std::string backend_names();

// The caller's choice.
struct Request {
  const Backend& backend = backends[0];
  int device_id = -1;            // of a GPU; -1: that of the arguments, or 0
  std::string_view to_device{};  // what brings an array to a GPU, for messages; or ""
};

struct Placement {
  int device = host_device;  // the GPU that computes, or the CPU
  bool copies = false;       // a GPU computes with arrays in host memory
};

// Checks that all arguments are in one memory, that the backend takes them from there, and that
// their types can be computed there. Makes no CUDA call. Throws ArgumentTypeError and
// std::invalid_argument.
Placement choose_placement(const Routine& routine, std::span<const ArrayView> arguments,
                           const Request& request);

}  // namespace keopsnb
