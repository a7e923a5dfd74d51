// Errors between a source text and a kernel that runs.
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace keopsnb::jit {

// No compiler, a compiler that refused the source, or an object that cannot be loaded.
struct CompileError : std::runtime_error {
  CompileError(const std::string& what, std::string its_command, std::string its_log,
               std::string its_source_path)
      : std::runtime_error(what),
        command(std::move(its_command)),
        log(std::move(its_log)),
        source_path(std::move(its_source_path)) {}
  std::string command, log, source_path;  // empty where there is none
};

// No folder in which a kernel can be kept safely.
struct CacheError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// No NVIDIA driver, no device, no NVRTC, or a CUDA call that failed.
struct CudaError : std::runtime_error {
  explicit CudaError(const std::string& what, int its_code = 0, std::string its_name = "")
      : std::runtime_error(what), code(its_code), name(std::move(its_name)) {}
  int code;          // CUresult, 0 where no CUDA call failed
  std::string name;  // "CUDA_ERROR_OUT_OF_MEMORY"
};

// The caller's Interrupt callback said stop; the compiler was ended and its files removed.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("The compilation was interrupted.") {}
};

}  // namespace keopsnb::jit
