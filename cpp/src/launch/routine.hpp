// A reduction, from the text of its formula to its values.
#pragma once
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <keopsnb/kernel/launch.hpp>

#include "parse/formula.hpp"

namespace keopsnb {

enum class Dtype { float32, float64 };
inline constexpr std::array<std::string_view, 2> dtype_names{"float32", "float64"};

enum class ReductionKind { sum, logsumexp };

// What remains after a reduction: an array over i (axis 1 reduced), over j (axis 0), or one row.
enum class Axis { j = 0, i = 1, both = 2 };

// An argument of a call, as the front end found it.
struct ArrayView {
  static constexpr int max_ndim = 8;
  const void* data = nullptr;
  Dtype dtype = Dtype::float32;
  int ndim = 0;
  std::array<i64, max_ndim> shape{};
};

// "(2, 3)", as Python writes it.
std::string shape_text(const ArrayView& array);

// An argument of the wrong kind: TypeError in Python. Wrong sizes are std::invalid_argument.
struct ArgumentTypeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Stopped {};

class Routine {
 public:
  // Throws parse::FormulaError, and std::invalid_argument on a reduction that does not fit.
  // `compensated`: no rounding error accumulates, not even within a block of terms.
  Routine(const std::string& formula, std::vector<std::string> aliases, ReductionKind reduction,
          Axis axis, const std::optional<std::string>& weight, bool compensated);

  const parse::Program& program() const { return program_; }
  i64 out_dim() const { return out_dim_; }
  std::size_t arguments() const { return program_.variables.size(); }
  std::string argument_name(std::size_t k) const;  // "argument 2 ('y')"

  // The C++ source of the kernel for this type.
  std::string source(Dtype dtype) const;

  // Compiles, or loads, the kernel for this type; asks `interrupt` now and then whether to stop.
  void prepare(Dtype dtype, const std::function<bool()>& interrupt) const;

  struct Shape {
    i64 rows = 1, columns = 1;  // the sizes of i and of j
    i64 outputs = 1;
    Dtype dtype = Dtype::float32;
  };
  // Checks the arguments of a call against the formula and each other.
  Shape check(std::span<const ArrayView> arguments) const;

  // Computes into out (outputs, out_dim); prepare() must have been called for the type.
  // Throws std::bad_alloc, and Stopped when `stop` said so.
  void run(const Shape& shape, std::span<const ArrayView> arguments, void* out, bool (*stop)(void*),
           void* stop_argument) const;

 private:
  parse::Program program_;
  ReductionKind reduction_;
  Axis axis_;
  bool compensated_;
  i64 out_dim_;
  mutable std::array<std::atomic<const CpuKernel*>, 2> kernels_{};
};

}  // namespace keopsnb
