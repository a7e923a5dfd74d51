#include "launch/routine.hpp"

#include <algorithm>
#include <charconv>
#include <new>

#include "jit/ahead.hpp"
#include "jit/preprocess.hpp"
#include "launch/cpu_count.hpp"
#include "launch/pool.hpp"
#include "parse/suggest.hpp"

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

const ReductionRow& find_reduction(const std::string& name) {
  std::vector<std::string_view> names;
  for (const ReductionRow& row : reduction_catalogue()) {
    if (row.name == name) return row;
    names.push_back(row.name);
  }
  const std::string hint = parse::did_you_mean(name, names);
  std::string all;
  for (const std::string_view known : names)
    all += (all.empty() ? "'" : ", '") + std::string(known) + "'";
  throw std::invalid_argument("reduction_op is '" + name + "'" +
                              (hint.empty() ? "; the reductions are " + all + "." : "." + hint));
}

// The rows of a header of the user's: as the compiler sees it, or else as it is written.
parse::UserHeader rows_of(const std::string& header) {
  if (header.empty()) return {};
  const auto text = jit::preprocessed(parse::with_bare_rows(header), parse::rows_begin);
  return parse::read_user_header(text ? *text : header);
}

}  // namespace

// The user's own reductions have names of their own: derivatives are made of the catalogue's.
const ReductionRow* Routine::reduction_row() {
  for (const parse::UserReduction& own : own_.reductions)
    if (std::ranges::find(reduction_catalogue(), std::string_view(own.name), &ReductionRow::name) !=
        reduction_catalogue().end())
      throw std::invalid_argument("The reduction '" + own.name +
                                  "' of the header has the name of another one: choose a name of "
                                  "its own.");
  for (const parse::UserReduction& own : own_.reductions) {
    if (own.name != spec_.reduction) continue;
    own_row_ = {.name = own.name.c_str(),
                .call = own.call.c_str(),
                .sentence = "",
                .reference = "",
                .gives = own.values && own.indices ? Gives::both
                         : own.values              ? Gives::values
                                                   : Gives::indices};
    return &own_row_;
  }
  return &find_reduction(spec_.reduction);
}

parse::Program Routine::read() const {
  std::vector<parse::Source> sources{spec_.formula};
  if (spec_.weight) sources.push_back(*spec_.weight);
  return parse::parse(spec_.aliases, sources, own_.operations);
}

Routine::Routine(RoutineSpec spec)
    : spec_(std::move(spec)), own_(rows_of(spec_.header)), row_(reduction_row()), program_(read()) {
  const std::string op = "reduction_op='" + spec_.reduction + "'";
  const i64 dim = program_.formulas[0].dim;
  if (weighted() && row_->weight == Weight::none)
    throw std::invalid_argument(
        "formula2 is the weight of a LogSumExp or a SumSoftMaxWeight; for " + op +
        " multiply the formula by it.");
  if (!weighted() && row_->weight == Weight::required)
    throw std::invalid_argument(op + " needs weights: write formula2='...'.");
  const i64 weights = weighted() ? program_.formulas[1].dim : 1;
  if (dim > 1 && weights > 1 && weights != dim)
    throw std::invalid_argument(
        (spec_.weight->graph ? "The weights have dimension "
                             : "formula2='" + spec_.weight->text + "' has dimension ") +
        std::to_string(weights) + ", and the formula " + std::to_string(dim) + "; for " + op +
        " they are equal, or one of them is 1.");
  const std::string what = row_->option;
  if (what.empty() && spec_.option)
    throw std::invalid_argument("opt_arg is " + std::to_string(*spec_.option) + ", and " + op +
                                " takes none; leave it out.");
  const i64 least = row_->ranked ? 1 : 0;
  if (!what.empty() && !spec_.option && row_->fallback < 0)
    throw std::invalid_argument(op + " needs the number " + what + ": write opt_arg=" + what + ".");
  if (!what.empty() && (option() < least || option() > row_->most))
    throw std::invalid_argument("opt_arg is " + std::to_string(option()) + ", and for " + op +
                                " it is " + what + ", an integer from " + std::to_string(least) +
                                " to " + std::to_string(row_->most) + ".");
  results_ = {
      row_->gives == Gives::values || row_->gives == Gives::both || row_->gives == Gives::flags,
      row_->gives == Gives::indices || row_->gives == Gives::both || row_->gives == Gives::counts,
      row_->gives == Gives::flags,
      row_->ranked ? option() : 1,
      std::max(dim, weights),
      0};
  for (const Keep keep : spec_.kept) results_.kept += keep == Keep::of_row ? 1 : dim;
}

namespace {
thread_local const ArgumentNames::Name* argument_names = nullptr;
}  // namespace

ArgumentNames::ArgumentNames(Name name) : name_(std::move(name)), outer_(argument_names) {
  argument_names = &name_;
}
ArgumentNames::~ArgumentNames() { argument_names = outer_; }
const ArgumentNames::Name* ArgumentNames::current() { return argument_names; }

std::string Routine::argument_name(std::size_t k) const {
  if (const ArgumentNames::Name* name = ArgumentNames::current()) return (*name)(k);
  std::string text = "argument " + std::to_string(k + 1);
  if (!program_.variables[k].name.empty()) text += " ('" + program_.variables[k].name + "')";
  return text;
}

parse::Category Routine::category_of(std::size_t k) const {
  const parse::Category category = program_.variables[k].category;
  return spec_.rowwise && category == parse::Category::j ? parse::Category::i : category;
}

std::string Routine::source(const Types& types, Processor processor) const {
  const bool gpu = processor == Processor::gpu;
  std::string text = gpu ? "#include <keopsnb/diff.hpp>\n#include <keopsnb/kernel/gpu/kernel.hpp>\n"
                         : "#include <keopsnb/kernel/cpu.hpp>\n";
  if (!spec_.header.empty())
    text += "#include <keopsnb/user.hpp>\n#line 1 \"header\"\n" + spec_.header +
            "\n#line 1 \"formula\"\n";
  text += "using namespace keopsnb;\n";
  constexpr std::string_view maker[] = {"vi", "vj", "pm"};
  for (std::size_t k = 0; k < program_.variables.size(); ++k) {
    bool used = false;
    for (const parse::Formula& f : program_.formulas) used |= f.depends[k];
    if (!used) continue;
    text += "constexpr auto v" + std::to_string(k) + " = ";
    text += maker[static_cast<int>(category_of(k))];
    text += types.integers[k] ? "_integer<" : "<";
    text += std::to_string(k) + ", " + std::to_string(program_.variables[k].dim) + ">;\n";
  }
  text += program_.parts;
  text += "constexpr auto f = " + program_.formulas[0].code + ";\n";
  if (weighted()) text += "constexpr auto g = " + program_.formulas[1].code + ";\n";
  std::string r = row_->call;
  if (*row_->option) r += "<" + std::to_string(option()) + ">";
  r += weighted() ? "(f, g)" : "(f)";
  const auto truth = [](bool b) { return std::string(b ? "true" : "false"); };
  if (!spec_.kept.empty()) r = "kept(" + r + ")";
  if (own())
    r = "as_announced<" + truth(results_.values) + ", " + truth(results_.indices) + ", " +
        std::to_string(results_.dim) + ">(" + r + ")";
  text += "constexpr auto r = " + r + ";\n";
  constexpr std::string_view output[] = {"Output::j", "Output::i", "Output::one"};
  text += gpu ? "KEOPSNB_GPU_KERNEL(" : "KEOPSNB_CPU_KERNEL(";
  text += facts(types.dtype).cpp;
  text += ", r, ";
  text += output[static_cast<int>(spec_.axis)];
  if (gpu) return text + ")\n";
  return text + (spec_.compensated ? ", 1)\n" : ", default_block)\n");
}

namespace {
// Each takes 4 of the 65,530 mappings that a process has by default.
std::size_t most_loaded() {
  const char* name = "KEOPSNB_LOADED_KERNELS";
  const std::string text = jit::environment_variable(name);
  return text.empty() ? 1000 : static_cast<std::size_t>(parse_count(text.c_str(), name, "kernels"));
}
}  // namespace

CpuKernels::Use Routine::cpu_kernel(const Types& types,
                                    const std::function<bool()>& interrupt) const {
  const std::shared_ptr<CpuKernels::Entry>* place = cpu_.find(types);
  if (place)
    if (auto use = CpuKernels::find(**place)) return use;
  const std::string text = source(types, Processor::cpu);
  if (!place) place = &cpu_.keep(types, CpuKernels::entry(text));
  return CpuKernels::open(*place, most_loaded(), interrupt, [&] {
    const auto library = jit::load(text, interrupt);
    const auto* kernel = library->function<const CpuKernel*()>("keopsnb_kernel")();
    return std::make_shared<const LoadedKernel>(LoadedKernel{library, kernel});
  });
}

const GpuKernel& Routine::gpu_kernel(const Types& types, int device) const {
  // CUDA passes 32,764 bytes of arguments to a kernel, since 12.1.
  constexpr std::size_t most = (32764 - sizeof(GpuCall)) / sizeof(GpuInput);
  if (program_.variables.size() > most)
    throw ArgumentTypeError("On a GPU a formula takes at most " + std::to_string(most) +
                            " arguments, and this one has " +
                            std::to_string(program_.variables.size()) +
                            "; put numbers into one vector, a parameter.");
  const GpuKey key{types.dtype, types.integers, device};
  if (const GpuKernel* kernel = gpu_.find(key)) return *kernel;
  return gpu_.keep(key, {source(types, Processor::gpu), device, spec_.fast_math});
}

std::string Routine::build(const Types& types, const std::string& target, const std::string& folder,
                           const std::function<bool()>& interrupt) const {
  if (const auto gpu = gpu_target(target))
    return cuda::build(source(types, Processor::gpu), *gpu, {gpu_flags(spec_.fast_math)}, folder);
  return jit::build(source(types, Processor::cpu), target, folder, interrupt);
}

GpuReduction Routine::on_gpu(const Shape& shape, int device) const {
  return {gpu_kernel(shape.types, device),
          {.outputs = shape.lanes,
           .reduced = shape.reduced,
           .batches = shape.batches,
           .batch_shape = shape.batch_shape,
           .batch_strides = shape.batch_strides,
           .ranges = shape.ranges}};
}

void Routine::run(const CpuKernel& kernel, const Shape& shape, std::span<const ArrayView> arguments,
                  void* out, i64* indices, bool (*stop)(void*), void* stop_argument) const {
  std::vector<const void*> in(arguments.size());
  for (std::size_t k = 0; k < in.size(); ++k) in[k] = arguments[k].data;
  CpuCall call{in.data(),   out,           indices,
               shape.lanes, shape.reduced, spec_.axis == Axis::both,
               stop,        stop_argument};
  call.out_dim = out_dim();
  call.batches = {static_cast<int>(shape.batch_shape.size()), shape.batch_shape.data(),
                  shape.batch_strides.data(), static_cast<int>(in.size())};
  call.ranges = shape.ranges;
  switch (launch(kernel, call, Pool::instance())) {
    case Outcome::done:
      return;
    case Outcome::stopped:
      throw Stopped{};
    case Outcome::out_of_memory:
      throw std::bad_alloc();
  }
}

}  // namespace keopsnb
