// Laws of the GPU kernels, against formulas evaluated pair by pair in double precision.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>

#include "check.hpp"
#include "emulation.hpp"
#include "gpu_definition.hpp"

namespace gpu_test {

using namespace keopsnb;
using emulation::HostRanges, emulation::HostSizes;

// ---- Data --------------------------------------------------------------------------------------

template <class S>
struct Numeric {
  static constexpr double term = std::is_same_v<S, double> ? 1e-13 : 2e-5;
  // Rounding of the result, relative and absolute.
  static constexpr double result = std::is_same_v<S, float16>    ? 0x1p-11
                                   : std::is_same_v<S, bfloat16> ? 0x1p-8
                                                                 : 0;
  static constexpr double least = std::is_same_v<S, float16> ? 0x1p-25 : 0;
};

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U + 1) {}
  // Uniform in [0, 1).
  double next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<double>(state_ >> 11) * 0x1p-53;
  }

 private:
  std::uint64_t state_;
};

// Position 2 holds weights, which are positive: their logarithm may be asked for.
inline constexpr int positive = 2;

// One input: vectors of norm about 1; where terms are to tie, of quarters, few and exact. `numbers`
// or `integers` is of the exact size, for sanitizers.
template <class S>
struct Input {
  using Integer = integer_of<computed_in<S>>;
  std::unique_ptr<S[]> numbers;
  std::unique_ptr<Integer[]> integers;
  std::vector<double> exact;
  std::vector<i64> stride;

  const void* data() const {
    return integers ? static_cast<const void*>(integers.get()) : numbers.get();
  }
  i64 bytes() const { return integers ? sizeof(Integer) : sizeof(S); }

  template <class V>
  void make(i64 rows, const std::vector<i64>& batch, unsigned repeated, bool ties) {
    constexpr int position = V::position;
    constexpr i64 dim = V::dim;
    i64 total = rows * dim;
    stride.assign(batch.size(), 0);
    for (std::size_t d = batch.size(); d-- > 0;) {
      if (repeated >> d & 1) continue;
      stride[d] = total;
      total *= batch[d];
    }
    exact.resize(size(total));
    if (IntegerVariable<V>)
      integers.reset(new Integer[size(total)]);
    else
      numbers.reset(new S[size(total)]);
    Random random(static_cast<std::uint64_t>(17 * position + 3));
    const double norm = std::sqrt(static_cast<double>(dim));
    for (i64 k = 0; k < total; ++k) {
      if (integers) {
        exact[size(k)] = std::floor(7 * random.next());
        integers[size(k)] = static_cast<Integer>(exact[size(k)]);
        continue;
      }
      const double number = ties                   ? std::floor(5 * random.next()) / 4 + 0.25
                            : position == positive ? 0.1 + random.next()
                                                   : (2 * random.next() - 1) / norm;
      const S stored = to_storage<S>(static_cast<computed_in<S>>(number));
      numbers[size(k)] = stored;
      exact[size(k)] = static_cast<double>(from_storage(stored));
    }
  }
};

struct Sizes {
  i64 M, N;
  std::vector<i64> batch = {};
  int multiprocessors = 1;
  HostRanges ranges = {};
  bool ties = false;

  std::string text() const {
    std::string s = std::to_string(M) + " x " + std::to_string(N) + ", " +
                    std::to_string(multiprocessors) + " multiprocessors";
    for (i64 b : batch) s += ", batch " + std::to_string(b);
    if (ranges.clusters() > 0) s += ", ranges";
    return s;
  }
};

template <class S, class Nodes>
std::vector<Input<S>> make_inputs(const Sizes& sizes) {
  std::vector<Input<S>> inputs(8);
  const auto all = [&]<class... V>(List<V...>, [[maybe_unused]] i64 rows) {
    // Some repeat along the first batch dimension, some along the second, some along both.
    (inputs[V::position].template make<V>(rows, sizes.batch,
                                          static_cast<unsigned>(V::position) & 3U, sizes.ties),
     ...);
  };
  all(variables_of<Category::i, Nodes>{}, sizes.M);
  all(variables_of<Category::j, Nodes>{}, sizes.N);
  all(variables_of<Category::parameter, Nodes>{}, 1);
  return inputs;
}

// ---- Laws --------------------------------------------------------------------------------------

// A failure, in words; only the first few places of a case.
inline void differs(int& told, const std::string& name, const char* type, const Sizes& sizes,
                    i64 at, double found, const Expected& wanted) {
  ++checks_failed;
  if (++told > 3) return;
  std::fprintf(stderr, "%s, %s, %s: [%lld] is %.9g, not %.9g\n", name.c_str(), type,
               sizes.text().c_str(), at, found, wanted.value);
}

template <class S>
inline constexpr const char* type_name = std::is_same_v<S, float>     ? "float"
                                         : std::is_same_v<S, double>  ? "double"
                                         : std::is_same_v<S, float16> ? "float16"
                                                                      : "bfloat16";

template <class S>
bool close(double found, const Expected& wanted) {
  if (std::isinf(wanted.value)) return found == wanted.value;
  if (std::isnan(wanted.value)) return std::isnan(found);
  const double slack = Numeric<S>::term * wanted.scale +
                       Numeric<S>::result * std::abs(wanted.value) * (1 + 1e-3) + Numeric<S>::least;
  return std::abs(found - wanted.value) <= slack;
}

// Whether reduced index r counts for output o.
inline bool counts(const HostRanges& ranges, i64 o, i64 r) {
  if (ranges.clusters() == 0) return true;
  for (i64 c = 0; c < ranges.clusters(); ++c) {
    if (o < ranges.outputs[size(2 * c)] || o >= ranges.outputs[size(2 * c + 1)]) continue;
    for (i64 k = c > 0 ? ranges.slices[size(c - 1)] : 0; k < ranges.slices[size(c)]; ++k)
      if (r >= ranges.reduced[size(2 * k)] && r < ranges.reduced[size(2 * k + 1)]) return true;
  }
  return false;
}

// The results of all batches, by definition.
template <class Reduction, Output Out, class S>
std::vector<Expected> expected(const std::vector<Input<S>>& inputs, const Sizes& sizes) {
  const bool by_j = Out == Output::j;
  const i64 outputs = by_j ? sizes.N : sizes.M, reduced = by_j ? sizes.M : sizes.N;
  const HostSizes shape{outputs, reduced, sizes.batch, 1, {}};
  std::vector<Expected> all;
  for (i64 batch = 0; batch < shape.batches(); ++batch) {
    std::vector<const double*> in;
    for (const Input<S>& input : inputs) {
      const double* from = input.exact.data();
      i64 rest = batch;
      for (std::size_t d = sizes.batch.size(); d-- > 0; rest /= sizes.batch[d])
        if (!input.stride.empty()) from += rest % sizes.batch[d] * input.stride[d];
      in.push_back(from);
    }
    Terms<Reduction> terms;
    const auto finish = [&] {
      for (i64 k = 0; k < Reduction::ranks; ++k)
        for (i64 c = 0; c < Reduction::dim; ++c) all.push_back(terms.at(c, k));
      if constexpr (Reduction::kept_dim > 0)
        for_kept<Reduction>([&]<i64 N>(Int<N>, i64, i64 columns) {
          for (i64 c = 0; c < columns; ++c)
            all.push_back(terms.template kept<static_cast<int>(N)>(c));
        });
      terms = {};
    };
    for (i64 o = 0; o < outputs; ++o) {
      for (i64 r = 0; r < reduced; ++r)
        if (counts(sizes.ranges, o, r)) terms.add({in, by_j ? r : o, by_j ? o : r}, r);
      if (Out != Output::one) finish();
    }
    if (Out == Output::one) finish();
  }
  return all;
}

template <class Formulas>
struct NodesOf;
template <class... F>
struct NodesOf<List<F...>> {
  using type = distinct<F...>;
};
template <class Reduction>
using nodes_of = typename NodesOf<typename Reduction::formulas>::type;

template <class S>
std::vector<GpuInput> gpu_inputs(const std::vector<Input<S>>& inputs) {
  std::vector<GpuInput> in(inputs.size(), GpuInput{});
  for (std::size_t k = 0; k < in.size(); ++k) {
    in[k].data = inputs[k].data();
    const std::size_t dims = inputs[k].stride.size();
    for (std::size_t d = 0; d < dims; ++d)
      in[k].batch_stride[gpu_batch_dims - dims + d] = inputs[k].stride[d] * inputs[k].bytes();
  }
  return in;
}

template <class S>
void compare(const std::string& name, const Sizes& sizes, const std::vector<S>& found,
             const std::vector<Expected>& wanted) {
  CHECK(found.size() == wanted.size());
  int told = 0;
  for (std::size_t k = 0; k < wanted.size() && k < found.size(); ++k) {
    const double number = static_cast<double>(from_storage(found[k]));
    ++checks_made;
    if (!close<S>(number, wanted[k]))
      differs(told, name, type_name<S>, sizes, static_cast<i64>(k), number, wanted[k]);
  }
}

inline void compare_indices(const std::string& name, const Sizes& sizes,
                            const std::vector<i64>& found, const std::vector<Expected>& wanted) {
  CHECK(found.size() == wanted.size());
  int told = 0;
  for (std::size_t k = 0; k < wanted.size() && k < found.size(); ++k) {
    ++checks_made;
    if (found[k] != wanted[k].index)
      differs(told, name, "index", sizes, static_cast<i64>(k), static_cast<double>(found[k]),
              {static_cast<double>(wanted[k].index), 0, 0});
  }
}

// Law: the kernel computes the reduction, whatever the sizes, the type of numbers, the number of
// multiprocessors (which decides the splits; with more than one, the blocks of three launches), the
// batches and the ranges. Gives the most splits.
template <class S, class Kernel, Output Out, class Reduction = typename Kernel::Reduction>
i64 check_kernel(const std::string& name, Sizes sizes, const std::vector<int>& multiprocessors) {
  const auto inputs = make_inputs<S, nodes_of<Reduction>>(sizes);
  const auto wanted = expected<Reduction, Out>(inputs, sizes);
  i64 splits = 0;
  for (int count : multiprocessors) {
    sizes.multiprocessors = count;
    const auto found = emulation::run_kernel<S, Kernel>(
        gpu_inputs(inputs),
        {Out == Output::j ? sizes.N : sizes.M, Out == Output::j ? sizes.M : sizes.N, sizes.batch,
         count, sizes.ranges, count > 1 ? 3 : 0});
    CHECK(found.guarded);
    if constexpr (Reduction::values) compare(name, sizes, found.out, wanted);
    if constexpr (Reduction::indices) compare_indices(name, sizes, found.indices, wanted);
    if (found.launch.splits > splits) splits = found.launch.splits;
  }
  return splits;
}

// The same for the kernel that is chosen for the reduction.
template <class S, class Reduction, Output Out>
i64 check(const std::string& name, AxisReduction<Reduction, Out>, const Sizes& sizes,
          const std::vector<int>& multiprocessors = {1}) {
  return check_kernel<S, Gpu<S, Reduction, Out>, Out, Reduction>(name, sizes, multiprocessors);
}

// Law: GPU and CPU kernels agree.
template <class S, class Reduction, Output Out>
void check_both(const std::string& name, AxisReduction<Reduction, Out> reduction,
                const Sizes& sizes) {
  const auto inputs = make_inputs<S, nodes_of<Reduction>>(sizes);
  const auto gpu = emulation::reduce_gpu<S>(
      reduction, gpu_inputs(inputs),
      {Out == Output::j ? sizes.N : sizes.M, Out == Output::j ? sizes.M : sizes.N, {}, 1, {}});
  const auto at = [&](int position) { return inputs[size(position)].data(); };
  const void* const in[] = {at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)};
  std::vector<S> cpu(gpu.out.size());
  CHECK(reduce<S>(reduction, cpu.data(), sizes.M, sizes.N, in) == Outcome::done);
  auto wanted = expected<Reduction, Out>(inputs, sizes);
  compare(name + " on the CPU", sizes, cpu, wanted);
  for (std::size_t k = 0; k < wanted.size(); ++k) wanted[k].value = static_cast<double>(cpu[k]);
  compare(name + ", both", sizes, gpu.out, wanted);
}

// ---- Sizes -------------------------------------------------------------------------------------

// Of every kind, and no multiple of a tile.
inline const std::vector<Sizes> few_sizes = {{1, 1}, {33, 131}, {130, 67}, {0, 5}, {5, 0}};

// Clusters that are no multiple of a tile, one without outputs, one without intervals, intervals
// without indices, and outputs of no cluster. Wants 300 outputs and 200 reduced indices.
inline HostRanges ranges() {
  return {{0, 131, 131, 131, 140, 141, 150, 283, 290, 299},
          {2, 3, 4, 4, 7},
          {0, 70, 135, 200, 0, 200, 7, 8, 0, 129, 140, 140, 190, 200}};
}
inline Sizes sparse(bool by_j = false) {
  return {by_j ? 200 : 300, by_j ? 300 : 200, {}, 1, ranges()};
}

}  // namespace gpu_test
