// NVIDIA's run-time compiler of CUDA C++: finding it, and turning a source text into machine code.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "cuda/api.hpp"
#include "jit/errors.hpp"

namespace keopsnb::cuda {

struct Nvrtc {
#define KEOPSNB_MEMBER(NAME, PARAMETERS) nvrtcResult(*NAME) PARAMETERS = nullptr;
  KEOPSNB_NVRTC_FUNCTIONS(KEOPSNB_MEMBER)
#undef KEOPSNB_MEMBER
  const char* (*nvrtcGetErrorString)(nvrtcResult) = nullptr;
  std::string path;
  int major = 0, minor = 0;
  std::vector<int> architectures;  // 75, 80, ..., increasing
  int version() const { return 1000 * major + 10 * minor; }
};

// The folders that hold installed Python packages, in order of preference: NVRTC's wheels are
// looked for below them. Takes effect until NVRTC is found.
void set_search_folders(std::vector<std::string> folders);

// The first that opens of: KEOPSNB_NVRTC (binding: if set, no other is tried), a copy this process
// has loaded, the wheels, the system's. One too new for the driver serves only if there is no
// other. Found once for each value of KEOPSNB_NVRTC; throws CudaError.
const Nvrtc& nvrtc();

// A target of compilation: machine code of an architecture ("sm_90"), or PTX ("compute_90"), which
// the driver compiles for any architecture from that one on.
struct Target {
  int arch = 0;  // 10 * major + minor
  bool ptx = false;
  std::string name() const { return (ptx ? "compute_" : "sm_") + std::to_string(arch); }
  const char* extension() const { return ptx ? ".ptx" : ".cubin"; }
  bool operator==(const Target&) const = default;
};

// The best target of this NVRTC for a device of architecture `arch` with that driver (versions as
// 12080). Throws CudaError when nothing it makes would run.
Target target_for(int arch, int driver_version, int nvrtc_version,
                  const std::vector<int>& architectures);

struct Image {
  std::string bytes;
  bool ptx = false;
};

struct CompileOptions {
  std::string flags;  // more NVRTC options, separated by blanks: "-use_fast_math"
  // Keeps the source text where the user can read it and returns its path; called on failure.
  std::function<std::string()> keep;
};

// All options given to NVRTC, in order.
std::vector<std::string> nvrtc_options(const Target& target, const std::string& flags);

// The source may include <keopsnb/...>, which NVRTC gets from memory. It cannot be interrupted:
// call without Python's lock. Throws jit::CompileError.
Image compile(const std::string& source, const Target& target, const CompileOptions& options = {});

}  // namespace keopsnb::cuda
