#include "bind/compute.hpp"

#include "bind/bind.hpp"

namespace keopsnb {
namespace {

void compute_on_cpu(const Routine& routine, const Routine::Shape& shape,
                    const std::vector<ArrayView>& views, const Destination& to) {
  without_gil([&](Watch& watch) {
    const CpuKernels::Use use = routine.cpu_kernel(shape.types, [&] { return watch.look(); });
    routine.run(*use->kernel, shape, views, to.values, to.indices, Watch::callback, &watch);
  });
}

// Arrays of a GPU: enqueued on their library's current stream. Its allocator gives the workspace to
// later work of that stream only.
void compute_on_gpu(const Routine& routine, const Routine::Shape& shape,
                    const std::vector<ArrayView>& views, const Destination& to, int device,
                    const ArrayLibrary& library) {
  find_packages();
  if (!routine.has_gpu_kernel(shape.types, device))
    without_gil([&](Watch&) { routine.gpu_kernel(shape.types, device); });
  const GpuReduction reduction = routine.on_gpu(shape, device);
  Output workspace;
  if (reduction.workspace() > 0) workspace = library.memory(reduction.workspace(), device);
  std::vector<const void*> in(views.size());
  for (std::size_t k = 0; k < in.size(); ++k) in[k] = views[k].data;
  auto* const stream = static_cast<cuda::CUstream>(library.stream(device));
  const auto enqueue = [&] {
    reduction.enqueue(in, to.values, to.indices, workspace.data, stream);
  };
  if (!reduction.sparse()) return enqueue();
  const WithoutGil release;  // ranges may have to be copied to the GPU
  enqueue();
}

void compute_with_copies(const Routine& routine, const Routine::Shape& shape,
                         const std::vector<ArrayView>& views, const Destination& to, int device) {
  find_packages();
  without_gil([&](Watch&) {
    reduce_host_arrays(routine.on_gpu(shape, device), views, to.values, to.indices,
                       shape.batches * shape.outputs * routine.out_dim(),
                       facts(shape.types.dtype).bytes);
  });
}

}  // namespace

void compute(const Routine& routine, const Routine::Shape& shape,
             const std::vector<ArrayView>& views, const Destination& to, const Placement& placement,
             const ArrayLibrary& library) {
  if (placement.device == host_device)
    compute_on_cpu(routine, shape, views, to);
  else if (placement.copies)
    compute_with_copies(routine, shape, views, to, placement.device);
  else
    compute_on_gpu(routine, shape, views, to, placement.device, library);
}

}  // namespace keopsnb
