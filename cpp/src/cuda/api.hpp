// Functions of NVIDIA's driver and of NVRTC that keopsnb uses, declared: no cuda.h nor nvrtc.h is
// needed to build. Names and values are those of the CUDA Driver API and NVRTC reference manuals.
#pragma once
#include <cstddef>

namespace keopsnb::cuda {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUstream = struct CUstream_st*;  // null: the legacy default stream
using CUevent = struct CUevent_st*;
using CUmemoryPool = struct CUmemPoolHandle_st*;
using nvrtcResult = int;
using nvrtcProgram = struct _nvrtcProgram*;

enum : CUresult {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_STUB_LIBRARY = 34,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_INVALID_DEVICE = 101,
  CUDA_ERROR_INVALID_IMAGE = 200,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_ECC_UNCORRECTABLE = 214,
  CUDA_ERROR_INVALID_PTX = 218,
  CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222,
  CUDA_ERROR_NOT_FOUND = 500,
  CUDA_ERROR_NOT_READY = 600,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES = 701,
  CUDA_ERROR_LAUNCH_TIMEOUT = 702,
  CUDA_ERROR_CONTEXT_IS_DESTROYED = 709,
  CUDA_ERROR_ASSERT = 710,
  CUDA_ERROR_HARDWARE_STACK_ERROR = 714,
  CUDA_ERROR_ILLEGAL_INSTRUCTION = 715,
  CUDA_ERROR_MISALIGNED_ADDRESS = 716,
  CUDA_ERROR_INVALID_ADDRESS_SPACE = 717,
  CUDA_ERROR_INVALID_PC = 718,
  CUDA_ERROR_LAUNCH_FAILED = 719,
  CUDA_ERROR_SYSTEM_DRIVER_MISMATCH = 803,
  CUDA_ERROR_UNKNOWN = 999,
};

enum : int {  // CUdevice_attribute
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK = 8,
  CU_DEVICE_ATTRIBUTE_CLOCK_RATE = 13,
  CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR = 81,
  CU_DEVICE_ATTRIBUTE_SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO = 87,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
  CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED = 115,
};

enum : int {  // CUfunction_attribute
  CU_FUNC_ATTRIBUTE_NUM_REGS = 4,
  CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
};

enum : int {  // CUjit_option
  CU_JIT_ERROR_LOG_BUFFER = 5,
  CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6,
};

enum : unsigned { CU_STREAM_NON_BLOCKING = 1, CU_EVENT_DISABLE_TIMING = 2 };

enum : int { CU_STREAM_CAPTURE_MODE_RELAXED = 2 };
enum : int { CU_STREAM_CAPTURE_STATUS_NONE = 0 };  // CUstreamCaptureStatus

// Of a pool of ordinary memory of a device: pinned, not shared with other processes.
struct CUmemPoolProps {
  int allocation = 1, handles = 0;
  int location = 1, device = 0;
  void* security = nullptr;
  unsigned char reserved[64] = {};
};
enum : int {                                              // CUmemPool_attribute
  CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES = 3,  // an int
  CU_MEMPOOL_ATTR_RELEASE_THRESHOLD = 4,                  // 64 bits
};

enum : nvrtcResult { NVRTC_SUCCESS = 0, NVRTC_ERROR_COMPILATION = 6 };

// One row a function: its name here, its symbol in the library (names with _v2 are another
// interface, with 64-bit sizes, than those without), its parameters. All return a CUresult.
#define KEOPSNB_CUDA_FUNCTIONS(X)                                                             \
  X(cuInit, cuInit, (unsigned flags))                                                         \
  X(cuDriverGetVersion, cuDriverGetVersion, (int* version))                                   \
  X(cuGetErrorName, cuGetErrorName, (CUresult, const char** name))                            \
  X(cuGetErrorString, cuGetErrorString, (CUresult, const char** text))                        \
  X(cuDeviceGetCount, cuDeviceGetCount, (int* count))                                         \
  X(cuDeviceGet, cuDeviceGet, (CUdevice*, int ordinal))                                       \
  X(cuDeviceGetName, cuDeviceGetName, (char* name, int size, CUdevice))                       \
  X(cuDeviceGetAttribute, cuDeviceGetAttribute, (int* value, int attribute, CUdevice))        \
  X(cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain, (CUcontext*, CUdevice))               \
  X(cuCtxPushCurrent, cuCtxPushCurrent_v2, (CUcontext))                                       \
  X(cuCtxPopCurrent, cuCtxPopCurrent_v2, (CUcontext*))                                        \
  X(cuCtxGetCurrent, cuCtxGetCurrent, (CUcontext*))                                           \
  X(cuModuleLoadDataEx, cuModuleLoadDataEx,                                                   \
    (CUmodule*, const void* image, unsigned options, int* option, void** value))              \
  X(cuModuleGetFunction, cuModuleGetFunction, (CUfunction*, CUmodule, const char* name))      \
  X(cuModuleGetGlobal, cuModuleGetGlobal_v2,                                                  \
    (CUdeviceptr*, std::size_t* bytes, CUmodule, const char* name))                           \
  X(cuFuncSetAttribute, cuFuncSetAttribute, (CUfunction, int attribute, int value))           \
  X(cuFuncGetAttribute, cuFuncGetAttribute, (int* value, int attribute, CUfunction))          \
  X(cuLaunchKernel, cuLaunchKernel,                                                           \
    (CUfunction, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,         \
     unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream, void** arguments,   \
     void** extra))                                                                           \
  X(cuMemPoolCreate, cuMemPoolCreate, (CUmemoryPool*, const CUmemPoolProps*))                 \
  X(cuMemPoolSetAttribute, cuMemPoolSetAttribute, (CUmemoryPool, int attribute, void* value)) \
  X(cuMemAllocFromPoolAsync, cuMemAllocFromPoolAsync,                                         \
    (CUdeviceptr*, std::size_t bytes, CUmemoryPool, CUstream))                                \
  X(cuMemFreeAsync, cuMemFreeAsync, (CUdeviceptr, CUstream))                                  \
  X(cuMemAlloc, cuMemAlloc_v2, (CUdeviceptr*, std::size_t bytes))                             \
  X(cuMemFree, cuMemFree_v2, (CUdeviceptr))                                                   \
  X(cuMemcpyHtoDAsync, cuMemcpyHtoDAsync_v2,                                                  \
    (CUdeviceptr to, const void* from, std::size_t bytes, CUstream))                          \
  X(cuMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2,                                                  \
    (void* to, CUdeviceptr from, std::size_t bytes, CUstream))                                \
  X(cuMemHostAlloc, cuMemHostAlloc, (void**, std::size_t bytes, unsigned flags))              \
  X(cuStreamCreate, cuStreamCreate, (CUstream*, unsigned flags))                              \
  X(cuStreamSynchronize, cuStreamSynchronize, (CUstream))                                     \
  X(cuStreamDestroy, cuStreamDestroy_v2, (CUstream))                                          \
  X(cuStreamIsCapturing, cuStreamIsCapturing, (CUstream, int* status))                        \
  X(cuStreamWaitEvent, cuStreamWaitEvent, (CUstream, CUevent, unsigned flags))                \
  X(cuEventCreate, cuEventCreate, (CUevent*, unsigned flags))                                 \
  X(cuEventRecord, cuEventRecord, (CUevent, CUstream))                                        \
  X(cuEventQuery, cuEventQuery, (CUevent))                                                    \
  X(cuEventSynchronize, cuEventSynchronize, (CUevent))                                        \
  X(cuEventDestroy, cuEventDestroy_v2, (CUevent))                                             \
  X(cuThreadExchangeStreamCaptureMode, cuThreadExchangeStreamCaptureMode, (int* mode))

// The same for NVRTC; all return an nvrtcResult.
#define KEOPSNB_NVRTC_FUNCTIONS(X)                                                         \
  X(nvrtcVersion, (int* major, int* minor))                                                \
  X(nvrtcGetNumSupportedArchs, (int* count))                                               \
  X(nvrtcGetSupportedArchs, (int* archs))                                                  \
  X(nvrtcCreateProgram, (nvrtcProgram*, const char* source, const char* name, int headers, \
                         const char* const* texts, const char* const* names))              \
  X(nvrtcDestroyProgram, (nvrtcProgram*))                                                  \
  X(nvrtcCompileProgram, (nvrtcProgram, int count, const char* const* options))            \
  X(nvrtcGetProgramLogSize, (nvrtcProgram, std::size_t* bytes))                            \
  X(nvrtcGetProgramLog, (nvrtcProgram, char* log))                                         \
  X(nvrtcGetCUBINSize, (nvrtcProgram, std::size_t* bytes))                                 \
  X(nvrtcGetCUBIN, (nvrtcProgram, char* cubin))                                            \
  X(nvrtcGetPTXSize, (nvrtcProgram, std::size_t* bytes))                                   \
  X(nvrtcGetPTX, (nvrtcProgram, char* ptx))

}  // namespace keopsnb::cuda
