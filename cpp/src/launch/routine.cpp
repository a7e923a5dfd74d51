#include "launch/routine.hpp"

#include <charconv>
#include <new>

#include "jit/ahead.hpp"
#include "jit/library.hpp"
#include "launch/pool.hpp"

namespace keopsnb {

std::string shape_text(const ArrayView& a) {
  std::string text = "(";
  for (int k = 0; k < a.ndim; ++k) {
    if (k) text += ", ";
    text += std::to_string(a.shape[static_cast<std::size_t>(k)]);
  }
  return text + (a.ndim == 1 ? ",)" : ")");
}

std::string device_text(int device) {
  return device == host_device ? "device 'cpu'" : "device 'cuda:" + std::to_string(device) + "'";
}

namespace {

constexpr std::string_view category_letter[] = {"M", "N", ""};
constexpr std::string_view category_name[] = {"an i-variable", "a j-variable", "a parameter"};

// "sm_90" or "compute_80"; nothing if it is not the name of a GPU's architecture.
std::optional<cuda::Target> gpu_target(const std::string& name) {
  for (const bool ptx : {false, true}) {
    const std::string_view begin = ptx ? "compute_" : "sm_";
    int arch = 0;
    if (!name.starts_with(begin)) continue;
    const auto [stop, error] =
        std::from_chars(name.data() + begin.size(), name.data() + name.size(), arch);
    if (error == std::errc() && *stop == '\0' && arch > 0) return cuda::Target{arch, ptx};
  }
  return std::nullopt;
}

}  // namespace

Routine::Routine(const std::string& formula, std::vector<std::string> aliases,
                 ReductionKind reduction, Axis axis, const std::optional<std::string>& weight,
                 bool compensated, bool fast_math)
    : reduction_(reduction), axis_(axis), compensated_(compensated), fast_math_(fast_math) {
  std::vector<std::string_view> texts{formula};
  if (weight) texts.push_back(*weight);
  program_ = parse::parse(aliases, texts);
  const i64 dim = program_.formulas[0].dim;
  if (reduction == ReductionKind::sum && weight)
    throw std::invalid_argument(
        "formula2 is the weight of a LogSumExp; for reduction_op='Sum' multiply the formula by "
        "it.");
  if (reduction == ReductionKind::logsumexp && dim != 1)
    throw std::invalid_argument("reduction_op='LogSumExp' takes a formula of dimension 1, and '" +
                                formula + "' has dimension " + std::to_string(dim) + ".");
  out_dim_ = reduction == ReductionKind::sum ? dim : weight ? program_.formulas[1].dim : 1;
}

std::string Routine::argument_name(std::size_t k) const {
  std::string text = "argument " + std::to_string(k + 1);
  if (!program_.variables[k].name.empty()) text += " ('" + program_.variables[k].name + "')";
  return text;
}

std::string Routine::source(Dtype dtype, Processor processor) const {
  const bool gpu = processor == Processor::gpu;
  if (!gpu && !facts(dtype).on_cpu)
    throw ArgumentTypeError("dtype is '" + std::string(facts(dtype).name) +
                            "', which is computed on GPUs only; write 'float32' or 'float64'.");
  std::string text = gpu ? "#include <keopsnb/diff.hpp>\n#include <keopsnb/kernel/gpu/kernel.hpp>\n"
                         : "#include <keopsnb/kernel/cpu.hpp>\n";
  text += "using namespace keopsnb;\n";
  constexpr std::string_view maker[] = {"vi", "vj", "pm"};
  for (std::size_t k = 0; k < program_.variables.size(); ++k) {
    const parse::Variable& v = program_.variables[k];
    bool used = false;
    for (const parse::Formula& f : program_.formulas) used |= f.depends[k];
    if (!used) continue;
    text += "constexpr auto v" + std::to_string(k) + " = ";
    text += maker[static_cast<int>(v.category)];
    text += "<" + std::to_string(k) + ", " + std::to_string(v.dim) + ">;\n";
  }
  text += "constexpr auto f = " + program_.formulas[0].code + ";\n";
  const bool weighted = program_.formulas.size() > 1;
  if (weighted) text += "constexpr auto g = " + program_.formulas[1].code + ";\n";
  const std::string reduction = reduction_ == ReductionKind::sum ? "sum_reduction(f)"
                                : weighted                       ? "logsumexp_reduction(f, g)"
                                                                 : "logsumexp_reduction(f)";
  constexpr std::string_view output[] = {"Output::j", "Output::i", "Output::one"};
  text += gpu ? "KEOPSNB_GPU_KERNEL(" : "KEOPSNB_CPU_KERNEL(";
  text += facts(dtype).cpp;
  text += ", " + reduction + ", ";
  text += output[static_cast<int>(axis_)];
  if (gpu) return text + ")\n";
  return text + (compensated_ ? ", 1)\n" : ", default_block)\n");
}

void Routine::prepare(Dtype dtype, const std::function<bool()>& interrupt) const {
  auto& slot = kernels_[static_cast<std::size_t>(dtype)];
  if (slot.load(std::memory_order_acquire)) return;
  jit::Options options;
  options.interrupt = interrupt;
  const auto library = jit::load(source(dtype, Processor::cpu), options);
  slot.store(library->function<const CpuKernel*()>("keopsnb_kernel")(), std::memory_order_release);
}

const GpuKernel& Routine::gpu_kernel(Dtype dtype, int device) const {
  if (const GpuKernel* kernel = gpu_.find(dtype, device)) return *kernel;
  return gpu_.keep(dtype, device, {source(dtype, Processor::gpu), device, fast_math_});
}

std::string Routine::build(Dtype dtype, const std::string& target, const std::string& folder,
                           const std::function<bool()>& interrupt) const {
  if (const auto gpu = gpu_target(target))
    return cuda::build(source(dtype, Processor::gpu), *gpu, {gpu_flags(fast_math_)}, folder);
  jit::Options options;
  options.interrupt = interrupt;
  return jit::build(source(dtype, Processor::cpu), target, options, folder);
}

GpuReduction Routine::on_gpu(const Shape& shape, int device) const {
  const bool by_j = axis_ == Axis::j;
  return {gpu_kernel(shape.dtype, device), by_j ? shape.columns : shape.rows,
          by_j ? shape.rows : shape.columns};
}

Routine::Shape Routine::check(std::span<const ArrayView> arguments) const {
  Shape shape;
  // The argument that fixed the size of i, and of j.
  std::optional<std::size_t> first[2];
  i64* const size[2] = {&shape.rows, &shape.columns};
  if (!arguments.empty()) shape.dtype = arguments[0].dtype;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    const ArrayView& a = arguments[k];
    const parse::Variable& v = program_.variables[k];
    const int category = static_cast<int>(v.category);
    const bool parameter = v.category == parse::Category::parameter;
    if (a.dtype != shape.dtype)
      throw ArgumentTypeError(argument_name(k) + " is " + std::string(facts(a.dtype).name) +
                              ", and " + argument_name(0) + " is " +
                              std::string(facts(shape.dtype).name) +
                              "; all arguments must have one dtype.");
    const int ndim = parameter ? 1 : 2;
    const bool scalar = parameter && a.ndim == 0 && v.dim == 1;
    if (!scalar && (a.ndim != ndim || a.shape[static_cast<std::size_t>(ndim - 1)] != v.dim)) {
      const std::string wanted = parameter ? "(" + std::to_string(v.dim) + ",)"
                                           : "(" + std::string(category_letter[category]) + ", " +
                                                 std::to_string(v.dim) + ")";
      throw std::invalid_argument(argument_name(k) + " has shape " + shape_text(a) +
                                  ", and should have shape " + wanted + ": it is " +
                                  std::string(category_name[category]) + " of dimension " +
                                  std::to_string(v.dim) + ".");
    }
    if (parameter) continue;
    auto& fixed = first[category];
    if (!fixed) {
      fixed = k;
      *size[category] = a.shape[0];
    } else if (a.shape[0] != *size[category]) {
      throw std::invalid_argument(
          argument_name(k) + " has " + std::to_string(a.shape[0]) + " rows, and " +
          argument_name(*fixed) + " has " + std::to_string(*size[category]) + "; all " +
          (category == 0 ? "i" : "j") + "-variables must have the same number of rows.");
    }
  }
  shape.outputs = axis_ == Axis::i ? shape.rows : axis_ == Axis::j ? shape.columns : 1;
  return shape;
}

void Routine::run(const Shape& shape, std::span<const ArrayView> arguments, void* out,
                  bool (*stop)(void*), void* stop_argument) const {
  const CpuKernel* kernel =
      kernels_[static_cast<std::size_t>(shape.dtype)].load(std::memory_order_acquire);
  std::vector<const void*> in(arguments.size());
  for (std::size_t k = 0; k < in.size(); ++k) in[k] = arguments[k].data;
  const bool by_j = axis_ == Axis::j;
  const CpuCall call{in.data(),
                     out,
                     by_j ? shape.columns : shape.rows,
                     by_j ? shape.rows : shape.columns,
                     axis_ == Axis::both,
                     facts(shape.dtype).bytes,
                     stop,
                     stop_argument};
  switch (launch(*kernel, call, Pool::instance())) {
    case Outcome::done:
      return;
    case Outcome::stopped:
      throw Stopped{};
    case Outcome::out_of_memory:
      throw std::bad_alloc();
  }
}

}  // namespace keopsnb
