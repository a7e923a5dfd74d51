#include "launch/gpu_routine.hpp"

#include <algorithm>
#include <utility>

#include "cuda/memory.hpp"

namespace keopsnb {

std::string gpu_flags(bool fast_math) {
  return fast_math ? "-use_fast_math -DKEOPSNB_FAST_MATH" : "";
}

GpuKernel::GpuKernel(const std::string& source, int device, bool fast_math)
    : module(cuda::load(source, device, {gpu_flags(fast_math)})) {
  traits = module->global<GpuTraits>("keopsnb_traits");
  if (traits.abi != gpu_abi)
    throw cuda::CudaError(
        "A kernel was built by another version of keopsnb (its interface is number " +
        std::to_string(traits.abi) + ", and this is number " + std::to_string(gpu_abi) +
        "). Build the folders of KEOPSNB_KERNEL_PATH anew.");
  reduce = module->function("keopsnb_reduce");
  merge = module->function("keopsnb_merge");
  // The most that any sizes of a call ask for.
  const auto reserve = [&](cuda::CUfunction function, int bytes) {
    if (bytes > module->device().shared_block)
      module->set_shared(function, static_cast<std::size_t>(bytes));
  };
  reserve(reduce, traits.shared);
  reserve(merge, gpu_merge_threads / 2 * traits.window_state * traits.number_bytes);
}

GpuKernels::~GpuKernels() {
  for (const Node* node = head_; node != nullptr;) delete std::exchange(node, node->next);
}

const GpuKernel* GpuKernels::find(Dtype dtype, int device) const {
  const GpuKernel* found = nullptr;  // the oldest, where there are two
  for (const Node* node = head_.load(std::memory_order_acquire); node != nullptr; node = node->next)
    if (node->dtype == dtype && node->device == device) found = &node->kernel;
  return found;
}

const GpuKernel& GpuKernels::keep(Dtype dtype, int device, GpuKernel kernel) {
  Node* node = new Node{dtype, device, std::move(kernel), head_.load()};
  while (!head_.compare_exchange_weak(node->next, node)) {
  }
  return *find(dtype, device);
}

GpuReduction::GpuReduction(const GpuKernel& kernel, i64 outputs, i64 reduced)
    : kernel_(kernel), outputs_(outputs), reduced_(reduced) {
  launch_ = gpu_launch(
      kernel.traits,
      {.outputs = outputs, .reduced = reduced, .multiprocessors = device().multiprocessors});
  if (std::max(launch_.blocks, launch_.merge_blocks) > gpu_most_blocks)
    throw std::invalid_argument("The result has " + std::to_string(outputs) + " rows, which take " +
                                std::to_string(std::max(launch_.blocks, launch_.merge_blocks)) +
                                " blocks of a GPU; one launch has at most " +
                                std::to_string(gpu_most_blocks) + ". Compute it in parts.");
}

void GpuReduction::enqueue(std::span<const void* const> in, void* out, void* workspace,
                           cuda::CUstream stream) const {
  const cuda::Current current(device());
  const cuda::Driver& cuda = cuda::driver();
  const auto start = [&](cuda::CUfunction function, i64 blocks, int threads, int shared,
                         void** arguments) {
    if (blocks == 0) return;
    cuda::check(cuda.cuLaunchKernel(function, static_cast<unsigned>(blocks), 1, 1,
                                    static_cast<unsigned>(threads), 1, 1,
                                    static_cast<unsigned>(shared), stream, arguments, nullptr),
                "launch a kernel", device().ordinal);
  };

  GpuCall call{};
  call.out = out;
  call.states = workspace;
  call.outputs = outputs_;
  call.reduced = reduced_;
  call.tiles = launch_.tiles;
  call.splits = launch_.splits;
  call.reduced_per_split = launch_.reduced_per_split;
  std::ranges::fill(call.batch_shape, 1);
  std::vector<GpuInput> inputs(std::max<std::size_t>(1, in.size()));
  for (std::size_t k = 0; k < in.size(); ++k) inputs[k].data = in[k];
  void* reduce[] = {&call, inputs.data()};
  start(kernel_.reduce, launch_.blocks, launch_.threads, launch_.shared, reduce);

  GpuMerge parts{workspace,          out, launch_.parts, kernel_.traits.one ? 1 : outputs_, 1,
                 launch_.merge_group};
  void* merge[] = {&parts};
  start(kernel_.merge, launch_.merge_blocks, gpu_merge_threads, launch_.merge_shared, merge);
}

void reduce_host_arrays(const GpuReduction& reduction, std::span<const ArrayView> arguments,
                        void* out, i64 out_bytes) {
  const cuda::Device& device = reduction.device();
  const cuda::CUstream stream = cuda::host_stream(device);
  const cuda::Current current(device);
  const auto size = [](i64 bytes) { return static_cast<std::size_t>(bytes); };
  const auto pointer = [](const cuda::DeviceBuffer& buffer) {
    return reinterpret_cast<void*>(buffer.pointer());
  };

  std::vector<cuda::DeviceBuffer> buffers;
  std::vector<const void*> in;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    const ArrayView& array = arguments[k];
    const auto same = std::ranges::find_if(arguments.first(k), [&](const ArrayView& before) {
      return before.data == array.data && before.bytes() == array.bytes();
    });
    if (const auto at = static_cast<std::size_t>(same - arguments.begin()); at < k) {
      in.push_back(in[at]);
      continue;
    }
    const cuda::DeviceBuffer& buffer = buffers.emplace_back(device, stream, size(array.bytes()));
    cuda::upload(device, stream, buffer.pointer(), array.data, buffer.bytes());
    in.push_back(pointer(buffer));
  }
  const cuda::DeviceBuffer workspace(device, stream, size(reduction.workspace()));
  const cuda::DeviceBuffer result(device, stream, size(out_bytes));
  reduction.enqueue(in, pointer(result), pointer(workspace), stream);
  cuda::download(device, stream, out, result.pointer(), result.bytes());
}

}  // namespace keopsnb
