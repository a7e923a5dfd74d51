// The execution model of a GPU, as kernels use it: threads of a block, a barrier, shared memory.
//
// Kernels are templates over a Device with these members, so that the same source runs on a GPU
// and, with threads of the host, in tests.
#pragma once
#include <keopsnb/config.hpp>

#if KEOPSNB_CUDA
namespace keopsnb::inline KEOPSNB_TARGET {

extern __shared__ __align__(16) char gpu_shared_memory[];

struct CudaDevice {
  __device__ __forceinline__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ __forceinline__ int threads() const { return static_cast<int>(blockDim.x); }
  __device__ __forceinline__ i64 block() const { return blockIdx.x; }
  __device__ __forceinline__ char* shared() const { return gpu_shared_memory; }
  __device__ __forceinline__ void sync() const { __syncthreads(); }
  // A barrier, and whether `mine` holds for any thread of the block.
  __device__ __forceinline__ bool any(bool mine) const { return __syncthreads_or(mine) != 0; }
  // The next of the places that threads take from a counter in shared memory.
  __device__ __forceinline__ int take(int* counter) const { return atomicAdd(counter, 1); }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
#endif
