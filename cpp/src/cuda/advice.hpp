// Advice after an error of CUDA: the last sentences of a message.
#pragma once
#include <cstddef>
#include <string>

#include "cuda/api.hpp"

namespace keopsnb::cuda {

inline constexpr const char* without_gpu = " Kernels run without a GPU with backend='CPU'.";

// The variable's value in quotes, or "unset".
std::string shown_variable(const char* name);

// When the driver does not start.
std::string start_advice(CUresult result);

// When a call to the running driver failed; with a blank before it, or "". `bytes` were asked for.
std::string run_advice(CUresult result, int driver_version, std::size_t bytes);

// The package that brings an NVRTC for a driver of that version (0: not known), for messages.
std::string nvrtc_package(int driver_version);

}  // namespace keopsnb::cuda
