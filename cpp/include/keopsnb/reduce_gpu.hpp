// Reductions on a GPU for C++ programs compiled by nvcc: no Python, no run-time compilation.
//
//   constexpr auto x = vi<0, 3>;
//   constexpr auto y = vj<1, 3>;
//   constexpr auto b = vj<2, 1>;
//   auto status = reduce_gpu<float>(sum_over_j(exp(-sqdist(x, y)) * b), a, M, N, {xs, ys, bs});
//
// nvcc needs no flag but -std=c++20, and an -arch from sm_70 on.
#pragma once
#include <keopsnb/config.hpp>
#if !KEOPSNB_CUDA
#error "keopsnb: reduce_gpu.hpp is for nvcc; for the CPU include keopsnb/reduce.hpp"
#endif
#include <cuda_runtime_api.h>

#include <keopsnb/macros.hpp>

#include <keopsnb/derivative.hpp>
#include <keopsnb/kernel/gpu/kernel.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

template <class Kernel>
__global__ void __launch_bounds__(Kernel::traits.threads_most, Kernel::resident)
    reduce_kernel(const __grid_constant__ GpuCall call,
                  const __grid_constant__ GpuInputs<Kernel::positions> in) {
  CudaDevice device;
  Kernel::run(device, call, in.at);
}

template <class Kernel>
__global__ void __launch_bounds__(gpu_merge_threads)
    merge_kernel(const __grid_constant__ GpuMerge call) {
  CudaDevice device;
  GpuMerger<Kernel>::run(device, call);
}

namespace detail {

// Launches with the workspace that `launch` asks for.
template <class Kernel>
cudaError_t launch_gpu(const GpuLaunch& launch, GpuCall call,
                       const GpuInputs<Kernel::positions>& inputs, cudaStream_t stream) {
  if (launch.blocks > 0) {
    if (launch.shared > 48 * 1024) {
      const cudaError_t refused = cudaFuncSetAttribute(
          reduce_kernel<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize, launch.shared);
      if (refused != cudaSuccess) return refused;
    }
    while (call.first_block < launch.blocks) {
      const i64 blocks = at_most(launch.blocks_at_once, launch.blocks - call.first_block);
      reduce_kernel<Kernel>
          <<<static_cast<unsigned>(blocks), launch.threads, launch.shared, stream>>>(call, inputs);
      if (const cudaError_t error = cudaGetLastError(); error != cudaSuccess) return error;
      call.first_block += blocks;
    }
  }
  if (launch.merge_blocks > 0) {
    const GpuMerge merge{.states = call.states,
                         .out = call.out,
                         .indices = call.indices,
                         .parts = launch.parts,
                         .outputs = Kernel::traits.one ? 1 : call.outputs,
                         .batches = 1,
                         .group = launch.merge_group};
    merge_kernel<Kernel><<<static_cast<unsigned>(launch.merge_blocks), gpu_merge_threads,
                           launch.merge_shared, stream>>>(merge);
    return cudaGetLastError();
  }
  return cudaSuccess;
}

}  // namespace detail

// Computes a reduction of M rows i and N columns j into `out`, (M, dim) or (N, dim) or (1, dim), on
// the current device, in the order of `stream`; it does not wait and can be captured in a graph.
// `in` and `out` are as those of reduce.hpp. All are device memory and have to live until the
// stream has done its work. S is float or double, or float16 or bfloat16, which lie in memory as
// CUDA's __half and __nv_bfloat16 do. What it needs beside comes from the stream's memory pool.
// Errors of the kernels themselves show when the stream is waited for.
template <class S, class Reduction, Output Out>
cudaError_t reduce_gpu(AxisReduction<Reduction, Out>,
                       typename AxisReduction<Reduction, Out>::template Call<S>::Results out, i64 M,
                       i64 N,
                       const typename AxisReduction<Reduction, Out>::template Call<S>::Inputs& in,
                       cudaStream_t stream = nullptr) {
  using Kernel = Gpu<S, Reduction, Out>;
  if (M < 0 || N < 0) return cudaErrorInvalidValue;

  int device = 0, multiprocessors = 0, double_cost = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error == cudaSuccess)
    error = cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
  if (error == cudaSuccess)
    error =
        cudaDeviceGetAttribute(&double_cost, cudaDevAttrSingleToDoublePrecisionPerfRatio, device);
  if (error != cudaSuccess) return error;

  GpuCall call{};
  call.out = out.values;
  call.indices = out.indices;
  call.outputs = Out == Output::j ? N : M;
  call.reduced = Out == Output::j ? M : N;
  // Indices lie beside numbers, in as many bits.
  if (Reduction::indices && sizeof(typename Kernel::T) == 4 && call.reduced > 2147483647)
    return cudaErrorInvalidValue;
  const GpuLaunch launch = gpu_launch(Kernel::traits, {.outputs = call.outputs,
                                                       .reduced = call.reduced,
                                                       .multiprocessors = multiprocessors,
                                                       .double_cost = double_cost});
  if (launch.blocks > gpu_most_blocks || launch.merge_blocks > gpu_most_blocks)
    return cudaErrorInvalidConfiguration;
  call.tiles = launch.tiles;
  call.splits = launch.splits;
  call.reduced_per_split = launch.reduced_per_split;
  for (i64& n : call.batch_shape) n = 1;
  GpuInputs<Kernel::positions> inputs{};
  for (int k = 0; k < Kernel::positions; ++k) inputs.at[k].data = in.at[k];

  if (launch.state_bytes > 0) {
    error = cudaMallocAsync(&call.states, static_cast<size_t>(launch.state_bytes), stream);
    if (error != cudaSuccess) return error;
  }
  error = detail::launch_gpu<Kernel>(launch, call, inputs, stream);
  if (call.states) {
    const cudaError_t freed = cudaFreeAsync(call.states, stream);
    if (error == cudaSuccess) error = freed;
  }
  return error;
}

}  // namespace keopsnb::inline KEOPSNB_TARGET

#include <keopsnb/macros.hpp>
