#include "cuda/advice.hpp"

#include <cstdlib>

#include "cuda/driver.hpp"

namespace keopsnb::cuda {

std::string shown_variable(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::string("'") + text + "'" : "unset";
}

std::string start_advice(CUresult result) {
  switch (result) {
    case CUDA_ERROR_NO_DEVICE:
      return "There is no GPU it can use: see what nvidia-smi lists, and CUDA_VISIBLE_DEVICES, "
             "which is " +
             shown_variable("CUDA_VISIBLE_DEVICES") +
             "; a container must be started with its GPUs (docker run --gpus all).";
    case CUDA_ERROR_STUB_LIBRARY:
      return "It is a stub, made for linking only: take the folder lib64/stubs out of "
             "LD_LIBRARY_PATH, or set KEOPSNB_CUDA_DRIVER to the path of the driver's "
             "libcuda.so.1.";
    case CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
      return "The library and the kernel module are of different versions: restart the machine "
             "after an update of the driver, or, in a container, update its libcuda.";
    default:
      return "See whether nvidia-smi works; a new login, or a restart of the machine, helps after "
             "an update of the driver.";
  }
}

std::string run_advice(CUresult result, int driver_version, std::size_t bytes) {
  switch (result) {
    case CUDA_ERROR_OUT_OF_MEMORY:
      return (bytes != 0 ? " " + std::to_string(bytes) + " bytes were asked for." : "") +
             std::string(
                 " Free memory of this device (torch keeps what it freed: "
                 "torch.cuda.empty_cache() gives it back), or make the arrays smaller.");
    case CUDA_ERROR_NO_BINARY_FOR_GPU:
    case CUDA_ERROR_INVALID_IMAGE:
    case CUDA_ERROR_INVALID_PTX:
    case CUDA_ERROR_UNSUPPORTED_PTX_VERSION:
      return " The driver, for CUDA " + version_text(driver_version) +
             ", is too old for the compiler (NVRTC) that made the kernel, or the kernel is for "
             "another GPU. Install a newer driver, or an NVRTC that is not newer than it: " +
             nvrtc_package(driver_version) + ".";
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED:
      return " A kernel of this process, perhaps another library's, failed now or earlier. CUDA's "
             "state in the process is lost: every later CUDA call in it fails, so the process must "
             "be restarted (with CUDA_LAUNCH_BLOCKING=1, torch names the call that is to blame).";
    default:
      return "";
  }
}

std::string nvrtc_package(int driver_version) {
  return driver_version != 0 && driver_version < 13000 ? "pip install 'keopsnb[cuda12]'"
                                                       : "pip install 'keopsnb[cuda13]'";
}

}  // namespace keopsnb::cuda
