// A reduction, from the text of its formula to its values.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <catalogue/reductions.hpp>
#include <keopsnb/kernel/launch.hpp>
#include <keopsnb/reductions/keep.hpp>

#include "jit/library.hpp"
#include "jit/shelf.hpp"
#include "launch/array.hpp"
#include "launch/gpu_routine.hpp"
#include "launch/ranges.hpp"
#include "parse/formula.hpp"
#include "parse/user_header.hpp"

namespace keopsnb {

// The index that is reduced over.
enum class Axis { i = 0, j = 1, both = 2 };
// The index of the result: the other one, or none.
constexpr Category result_category(Axis axis) {
  return axis == Axis::both ? Category::parameter : axis == Axis::i ? Category::j : Category::i;
}

struct Stopped {};

// The CPU's kernels that are loaded: at most as many as KEOPSNB_LOADED_KERNELS says, or are in use.
struct LoadedKernel {
  std::shared_ptr<const jit::Library> library;
  const CpuKernel* kernel;
};
using CpuKernels = jit::Shelf<LoadedKernel>;

enum class Processor { cpu, gpu };

struct RoutineSpec {
  parse::Source formula;
  std::vector<std::string> aliases;
  std::optional<parse::Source> weight = {};
  std::string reduction = "Sum";
  Axis axis = Axis::i;
  std::optional<i64> option = {};  // of the reductions that take one: K, ...
  // No rounding error accumulates, not even within a block of terms (on a GPU, where blocks have at
  // most 128 terms, there is nothing finer).
  bool compensated = false;
  bool fast_math = false;  // on GPUs, functions of less accuracy
  // Row k of all i- and j-variables belongs together: no index is left to reduce over, unless it is
  // all of them (Axis::both).
  bool rowwise = false;
  // Numbers that the law of the reduction keeps, behind the result: all of them or none.
  std::span<const Keep> kept = {};
  std::string header = {};  // C++ that defines operations and reductions of the user's (user.hpp)
};

// The arrays a call gives: rows of `columns` numbers each.
struct ResultLayout {
  bool values, indices;  // numbers of the arguments' type; int64
  bool flags;            // the numbers are 0 and 1, for false and true
  i64 ranks, dim;        // columns = ranks * dim + kept
  i64 kept;
};

// Names for arguments in errors of this thread, while it lives: for callers who know them by more
// than their place.
class ArgumentNames {
 public:
  using Name = std::function<std::string(std::size_t)>;
  explicit ArgumentNames(Name name);
  ~ArgumentNames();
  ArgumentNames(const ArgumentNames&) = delete;
  ArgumentNames& operator=(const ArgumentNames&) = delete;

  static const Name* current();
  // "arguments", or "operands" where they have names.
  static const char* plural() { return current() ? "operands" : "arguments"; }

 private:
  Name name_;
  const Name* outer_;
};

class Routine {
 public:
  // Throws parse::FormulaError, and std::invalid_argument on a reduction that does not fit.
  explicit Routine(RoutineSpec spec);

  const parse::Program& program() const { return program_; }
  const ResultLayout& results() const { return results_; }
  // Copies would share the row of a user's reduction.
  Routine(const Routine&) = delete;
  Routine& operator=(const Routine&) = delete;

  bool ranked() const { return row_->ranked; }
  i64 out_dim() const { return results_.ranks * results_.dim + results_.kept; }
  std::size_t arguments() const { return program_.variables.size(); }
  std::string argument_name(std::size_t k) const;  // "argument 2 ('y')"
  // A parameter of dimension 1.
  bool is_number(std::size_t k) const {
    return program_.variables[k].category == parse::Category::parameter &&
           program_.variables[k].dim == 1;
  }
  // The category in the kernel: where rows belong together, all of them are those of i.
  parse::Category category_of(std::size_t k) const;
  Axis axis() const { return spec_.axis; }
  bool wants_integers(std::size_t k) const { return program_.variables[k].integers; }

  // The types a kernel is compiled for: of numbers in memory, and which arguments are integers.
  struct Types {
    Dtype dtype = Dtype::float32;
    Integers integers;
    bool operator==(const Types&) const = default;
  };
  // The types of a call. Throws ArgumentTypeError where they do not fit.
  Types types(std::span<const ArrayView> arguments) const;

  // The C++ source of the kernel for these types.
  std::string source(const Types& types, Processor processor) const;

  // The CPU's kernel, found loaded, or else loaded or compiled; asks `interrupt` now and then
  // whether to stop. It stays loaded while what is returned lives.
  CpuKernels::Use cpu_kernel(const Types& types, const std::function<bool()>& interrupt) const;
  // The same for a GPU, which cannot be stopped.
  const GpuKernel& gpu_kernel(const Types& types, int device) const;
  // Whether gpu_kernel is a matter of nanoseconds.
  bool has_gpu_kernel(const Types& types, int device) const {
    return gpu_.find({types.dtype, types.integers, device}) != nullptr;
  }

  // Compiles ahead of time, into a folder for KEOPSNB_KERNEL_PATH: for a CPU ("native",
  // "x86-64-v3") or a GPU ("sm_90", "compute_80"). Returns the object's path.
  std::string build(const Types& types, const std::string& target, const std::string& folder,
                    const std::function<bool()>& interrupt) const;

  struct Shape {
    i64 rows = 1, columns = 1;  // the sizes of i and of j
    i64 outputs = 1;            // of the result
    CpuRanges ranges;           // in host memory, of the Ranges that were given
    std::vector<i64> batch;     // dimensions before those of the result
    i64 batches = 1;
    std::vector<i64> batch_shape, batch_strides;  // as few as will do; strides (arguments, dims)
    i64 lanes = 1, reduced = 1;  // what the kernel runs over: the same outputs, unless all are one
    Types types;
  };
  // Checks the arguments of a call, of these types, against the formula and each other.
  Shape check(std::span<const ArrayView> arguments, const Types& types,
              Ranges* ranges = nullptr) const;

  // The reduction of that shape on a GPU.
  GpuReduction on_gpu(const Shape& shape, int device) const;

  // Computes on the CPU, by the kernel of the shape's types, into out and indices (outputs,
  // out_dim), those that there are. Throws std::bad_alloc, and Stopped when `stop` said so.
  void run(const CpuKernel& kernel, const Shape& shape, std::span<const ArrayView> arguments,
           void* out, i64* indices, bool (*stop)(void*), void* stop_argument) const;

 protected:
  const RoutineSpec& spec() const { return spec_; }
  const ReductionRow& row() const { return *row_; }
  // Whether it is the user's.
  bool own() const { return row_ == &own_row_; }
  i64 option() const { return spec_.option.value_or(row_->fallback); }

 private:
  const ReductionRow* reduction_row();
  parse::Program read() const;
  bool weighted() const { return program_.formulas.size() > 1; }
  void lay_out(Shape& shape, std::span<const ArrayView> arguments) const;
  void check_reduced(const Shape& shape) const;

  RoutineSpec spec_;
  parse::UserHeader own_;
  ReductionRow own_row_{};
  const ReductionRow* row_;
  parse::Program program_;
  ResultLayout results_{};
  mutable KernelList<Types, std::shared_ptr<CpuKernels::Entry>> cpu_;
  mutable GpuKernels gpu_;
};

}  // namespace keopsnb
