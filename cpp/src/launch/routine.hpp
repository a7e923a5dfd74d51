// A reduction, from the text of its formula to its values.
#pragma once
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <keopsnb/kernel/launch.hpp>

#include "launch/array.hpp"
#include "launch/gpu_routine.hpp"
#include "parse/formula.hpp"

namespace keopsnb {

enum class ReductionKind { sum, logsumexp };

// What remains after a reduction: an array over i (axis 1 reduced), over j (axis 0), or one row.
enum class Axis { j = 0, i = 1, both = 2 };

struct Stopped {};

enum class Processor { cpu, gpu };

class Routine {
 public:
  // Throws parse::FormulaError, and std::invalid_argument on a reduction that does not fit.
  // `compensated`: no rounding error accumulates, not even within a block of terms (on a GPU, where
  // blocks have at most 128 terms, there is nothing finer). `fast_math`: on GPUs, functions of less
  // accuracy.
  Routine(const std::string& formula, std::vector<std::string> aliases, ReductionKind reduction,
          Axis axis, const std::optional<std::string>& weight, bool compensated, bool fast_math);

  const parse::Program& program() const { return program_; }
  i64 out_dim() const { return out_dim_; }
  std::size_t arguments() const { return program_.variables.size(); }
  std::string argument_name(std::size_t k) const;  // "argument 2 ('y')"

  // The C++ source of the kernel for this type. Throws ArgumentTypeError where there is none.
  std::string source(Dtype dtype, Processor processor) const;

  // Compiles, or loads, the CPU's kernel for this type; asks `interrupt` now and then whether to
  // stop.
  void prepare(Dtype dtype, const std::function<bool()>& interrupt) const;
  // The same for a GPU, which cannot be stopped.
  const GpuKernel& gpu_kernel(Dtype dtype, int device) const;
  // Whether gpu_kernel is a matter of nanoseconds.
  bool has_gpu_kernel(Dtype dtype, int device) const { return gpu_.find(dtype, device) != nullptr; }

  // Compiles ahead of time, into a folder for KEOPSNB_KERNEL_PATH: for a CPU ("native",
  // "x86-64-v3") or a GPU ("sm_90", "compute_80"). Returns the object's path.
  std::string build(Dtype dtype, const std::string& target, const std::string& folder,
                    const std::function<bool()>& interrupt) const;

  struct Shape {
    i64 rows = 1, columns = 1;  // the sizes of i and of j
    i64 outputs = 1;
    Dtype dtype = Dtype::float32;
  };
  // Checks the arguments of a call against the formula and each other.
  Shape check(std::span<const ArrayView> arguments) const;

  // The reduction of that shape on a GPU.
  GpuReduction on_gpu(const Shape& shape, int device) const;

  // Computes on the CPU into out (outputs, out_dim); prepare() must have been called for the type.
  // Throws std::bad_alloc, and Stopped when `stop` said so.
  void run(const Shape& shape, std::span<const ArrayView> arguments, void* out, bool (*stop)(void*),
           void* stop_argument) const;

 private:
  parse::Program program_;
  ReductionKind reduction_;
  Axis axis_;
  bool compensated_, fast_math_;
  i64 out_dim_;
  mutable std::array<std::atomic<const CpuKernel*>, dtypes> kernels_{};
  mutable GpuKernels gpu_;
};

}  // namespace keopsnb
