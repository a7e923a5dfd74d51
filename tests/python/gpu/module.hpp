// A kernel's module for the host: its entry points make what runs when the stream is waited for,
// with copies of the arguments, as a launch does.
#pragma once
#include <emulation.hpp>
#include <keopsnb/diff.hpp>

#define KEOPSNB_GPU_KERNEL(S, reduction, out)                                               \
  using KeopsnbKernel = keopsnb::Gpu<S, decltype(reduction), out>;                          \
  extern "C" const keopsnb::GpuTraits keopsnb_traits;                                       \
  const keopsnb::GpuTraits keopsnb_traits = KeopsnbKernel::traits;                          \
  extern "C" std::function<void()> keopsnb_reduce(unsigned blocks, unsigned threads,        \
                                                  unsigned shared, void** arguments) {      \
    using Inputs = keopsnb::GpuInputs<KeopsnbKernel::positions>;                            \
    return [=, call = *static_cast<keopsnb::GpuCall*>(arguments[0]),                        \
            in = *static_cast<Inputs*>(arguments[1])] {                                     \
      emulation::host_gpu().launch(                                                         \
          blocks, static_cast<int>(threads), shared,                                        \
          [&](emulation::HostDevice& device) { KeopsnbKernel::run(device, call, in.at); }); \
    };                                                                                      \
  }                                                                                         \
  extern "C" std::function<void()> keopsnb_merge(unsigned blocks, unsigned threads,         \
                                                 unsigned shared, void** arguments) {       \
    return [=, call = *static_cast<keopsnb::GpuMerge*>(arguments[0])] {                     \
      emulation::host_gpu().launch(blocks, static_cast<int>(threads), shared,               \
                                   [&](emulation::HostDevice& device) {                     \
                                     keopsnb::GpuMerger<KeopsnbKernel>::run(device, call);  \
                                   });                                                      \
    };                                                                                      \
  }                                                                                         \
  extern "C" std::function<void()> keopsnb_fill(unsigned blocks, unsigned threads,          \
                                                unsigned shared, void** arguments) {        \
    return [=, to = *static_cast<void**>(arguments[0]),                                     \
            indices = *static_cast<keopsnb::i64**>(arguments[1]),                           \
            numbers = *static_cast<keopsnb::i64*>(arguments[2])] {                          \
      emulation::host_gpu().launch(                                                         \
          blocks, static_cast<int>(threads), shared, [&](emulation::HostDevice& device) {   \
            keopsnb::gpu_fill<KeopsnbKernel>(device, to, indices, numbers);                 \
          });                                                                               \
    };                                                                                      \
  }
