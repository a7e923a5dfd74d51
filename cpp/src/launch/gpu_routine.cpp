#include "launch/gpu_routine.hpp"

#include <algorithm>
#include <utility>

#include "cuda/capture.hpp"
#include "cuda/constants.hpp"
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
  fill = module->function("keopsnb_fill");
  // The most that any sizes of a call ask for.
  const auto reserve = [&](cuda::CUfunction function, int bytes) {
    if (bytes > module->device().shared_block)
      module->set_shared(function, static_cast<std::size_t>(bytes));
  };
  reserve(reduce, traits.shared);
  reserve(merge, traits.merge_shared);
}

GpuReduction::GpuReduction(const GpuKernel& kernel, const GpuSpan& span)
    : kernel_(kernel), span_(span) {
  if (span.batch_shape.size() > gpu_batch_dims)
    throw std::invalid_argument(
        "The arguments broadcast along " + std::to_string(span.batch_shape.size()) +
        " batch dimensions that cannot be taken together, and a GPU takes " +
        std::to_string(gpu_batch_dims) + "; write .expand(...) for some.");
  GpuSizes sizes{.outputs = span.outputs,
                 .reduced = span.reduced,
                 .batches = span.batches,
                 .multiprocessors = device().multiprocessors,
                 .double_cost = device().double_cost};
  if (sparse()) {
    const auto [outputs, slices, reduced, clusters] = span.ranges;
    const i64 intervals = clusters > 0 ? slices[clusters - 1] : 0;
    range_numbers_.insert(range_numbers_.end(), outputs, outputs + 2 * clusters);
    range_numbers_.insert(range_numbers_.end(), slices, slices + clusters);
    range_numbers_.insert(range_numbers_.end(), reduced, reduced + 2 * intervals);
    const auto length = [](const i64* range) { return range[1] - range[0]; };
    sizes.sparse_clusters = clusters;
    for (i64 c = 0, k = 0; c < clusters; ++c) {
      sizes.sparse_outputs += length(outputs + 2 * c);
      for (; k < slices[c]; ++k)
        sizes.sparse_pairs += length(outputs + 2 * c) * length(reduced + 2 * k);
    }
    const i64 rows = gpu_rows(kernel.traits, sizes);
    sizes.sparse_tiles = 0;
    for (i64 c = 0; c < clusters; ++c) {
      sizes.sparse_tiles += detail::parts_of(length(outputs + 2 * c), rows);
      range_numbers_.push_back(sizes.sparse_tiles);
    }
  }
  launch_ = gpu_launch(kernel.traits, sizes);
  if (std::max(launch_.blocks, launch_.merge_blocks) > gpu_most_blocks)
    throw std::invalid_argument("The result has " + std::to_string(span.outputs * span.batches) +
                                " rows, which take " +
                                std::to_string(std::max(launch_.blocks, launch_.merge_blocks)) +
                                " blocks of a GPU; one launch has at most " +
                                std::to_string(gpu_most_blocks) + ". Compute it in parts.");
}

i64 GpuReduction::results() const {
  return span_.batches * (kernel_.traits.one ? 1 : span_.outputs) * kernel_.traits.out_dim;
}

GpuRanges GpuReduction::ranges_at(const i64* numbers) const {
  if (!sparse() || span_.ranges.clusters == 0) return {};
  const i64 clusters = span_.ranges.clusters;
  const i64 intervals = span_.ranges.slices[clusters - 1];
  const i64* slices = numbers + 2 * clusters;
  const i64* reduced = slices + clusters;
  return {numbers, slices, reduced, reduced + 2 * intervals, clusters};
}

void GpuReduction::enqueue(std::span<const void* const> in, void* out, i64* indices,
                           void* workspace, cuda::CUstream stream) const {
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

  const cuda::Constants ranges(device(), stream, range_numbers_);
  void* const states = launch_.state_bytes > 0 ? workspace : nullptr;
  GpuCall call{};
  call.ranges = ranges_at(ranges.data());
  call.out = out;
  call.indices = indices;
  call.states = states;
  call.outputs = span_.outputs;
  call.reduced = span_.reduced;
  call.tiles = launch_.tiles;
  call.splits = launch_.splits;
  call.reduced_per_split = launch_.reduced_per_split;
  const std::size_t dims = span_.batch_shape.size();
  std::ranges::fill(call.batch_shape, 1);
  std::ranges::copy(span_.batch_shape, call.batch_shape);
  std::vector<GpuInput> inputs(std::max<std::size_t>(1, in.size()));
  for (std::size_t k = 0; k < in.size(); ++k) {
    inputs[k].data = in[k];
    for (std::size_t d = 0; d < dims; ++d)
      inputs[k].batch_stride[d] = span_.batch_strides[k * dims + d];
  }
  if (sparse() && !kernel_.traits.one) {
    // Outputs that no cluster names.
    i64 numbers = results();
    void* fill[] = {&out, &indices, &numbers};
    start(kernel_.fill, detail::parts_of(numbers, gpu_merge_threads), gpu_merge_threads, 0, fill);
  }
  void* reduce[] = {&call, inputs.data()};
  while (call.first_block < launch_.blocks) {
    const i64 blocks = std::min(launch_.blocks_at_once, launch_.blocks - call.first_block);
    start(kernel_.reduce, blocks, launch_.threads, launch_.shared, reduce);
    call.first_block += blocks;
  }

  GpuMerge parts{.states = states,
                 .out = out,
                 .indices = indices,
                 .parts = launch_.parts,
                 .outputs = kernel_.traits.one ? 1 : span_.outputs,
                 .batches = span_.batches,
                 .group = launch_.merge_group};
  void* merge[] = {&parts};
  start(kernel_.merge, launch_.merge_blocks, gpu_merge_threads, launch_.merge_shared, merge);
}

void reduce_host_arrays(const GpuReduction& reduction, std::span<const ArrayView> arguments,
                        void* out, i64* indices, i64 numbers, i64 number_bytes) {
  const cuda::Device& device = reduction.device();
  const cuda::CUstream stream = cuda::host_stream(device);
  const cuda::Current current(device);
  const cuda::RelaxedCapture relaxed;  // what another thread captures, this is no part of
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
  const cuda::DeviceBuffer values(device, stream, size(out ? numbers * number_bytes : 0));
  const cuda::DeviceBuffer places(device, stream, size(indices ? numbers * 8 : 0));
  reduction.enqueue(in, pointer(values), static_cast<i64*>(pointer(places)), pointer(workspace),
                    stream);
  cuda::download(device, stream, out, values.pointer(), values.bytes());
  cuda::download(device, stream, indices, places.pointer(), places.bytes());
}

}  // namespace keopsnb
