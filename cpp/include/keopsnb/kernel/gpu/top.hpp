// The GPU map-reduce that keeps the first K of the terms, for K beyond what registers hold.
//
// A block computes one component of a few outputs, whose sorted lists lie in shared memory. Each
// thread evaluates one reduced index at a time, and hands a term that comes before the K-th so far
// to a buffer. When that is full, which grows rare, it is sorted and merged into the list: a term
// that does not enter costs a comparison, one that does about log2(K)^2 / 2 steps for all of a
// buffer together.
#pragma once
#include <keopsnb/kernel/gpu/device.hpp>
#include <keopsnb/kernel/gpu/merge.hpp>
#include <keopsnb/kernel/gpu/plan.hpp>
#include <keopsnb/kernel/gpu/sorting.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// Reductions to the first terms in an order, such as TopKReduction.
template <class R>
concept KeepsList = R::ranks > 1 && requires { typename R::order; };

namespace detail {

// Only scalars are kept: vectors may be long, and are read one component at a time.
template <Category Reduced, class Formulas>
struct ScalarPlan : Plan<Reduced, Formulas> {
  template <class G>
  static constexpr bool slotted = operands_of<G>::size > 0 && G::dim == 1;
};

}  // namespace detail

template <class S, class R, Output Out>
struct GpuTop {
  using Storage = S;
  using T = computed_in<S>;
  using Reduction = R;
  using F = typename R::result;
  static constexpr bool one = Out == Output::one;
  static constexpr Category lanes = indexed_by(Out), reduced = opposite(lanes);
  static constexpr i64 window = 1;
  using plan = detail::ScalarPlan<reduced, typename R::formulas>;
  using nodes = typename plan::nodes;
  using lane_variables = variables_of<lanes, nodes>;

  static constexpr int positions = gpu_positions<nodes>;
  static constexpr int ranks = static_cast<int>(R::ranks);
  static_assert(ranks <= 1024, "keopsnb: on a GPU at most the 1024 first terms are kept");
  static constexpr int threads = 256, resident = 1;

  // As many outputs at a time as have room.
  static constexpr int number_bytes = static_cast<int>(sizeof(T));
  template <int Packs>
  using KeptOf = GpuKept<T, typename R::order, ranks, Packs, threads>;
  static constexpr int packs = one                         ? 1
                               : KeptOf<4>::bytes <= 49168 ? 4
                               : KeptOf<2>::bytes <= 49168 ? 2
                                                           : 1;
  using Kept = KeptOf<packs>;
  using Lists = typename Kept::Lists;
  static constexpr int length = Kept::length;

  // Outputs of a block: those of its threads, or, for a single list, one after the other.
  static constexpr int rows = one ? 256 : packs;
  static constexpr int window_state = 2 * ranks;
  static constexpr GpuTraits traits = gpu_traits<S, R>({.chunks = static_cast<int>(R::dim),
                                                        .windows = static_cast<int>(R::dim),
                                                        .window_state = window_state,
                                                        .threads_least = threads,
                                                        .threads_most = threads,
                                                        .rows = rows,
                                                        .tile = threads,
                                                        .shared = Kept::bytes,
                                                        .one = one,
                                                        .merge_shared = 4 * length * number_bytes,
                                                        .merge_block = 1});

  struct Inputs {
    const void* at[positions];
  };
  template <class V>
  KEOPSNB_FN static T load(const Inputs& in, i64 row, i64 c) {
    return load_number<V, S>(in.at[V::position], row * V::dim + c);
  }

  // Short lane variables are in registers, where no component is asked for at run time.
  static constexpr i64 lane_dim = offset_of<void>(lane_variables{});
  static constexpr bool held = R::dim == 1 && packs * lane_dim * number_bytes <= 256;
  static constexpr i64 lane_numbers = held && lane_dim > 0 ? packs* lane_dim : 1;

  // One reduced index, for all outputs of the block.
  struct Evaluation : EvaluationOf<plan, T, lanes, packs, 1> {
    using fixed_slots = slots_of<plan, false>;
    using varying_slots = slots_of<plan, true>;

    const Inputs& in;
    i64 first, last;  // outputs
    i64 j;
    T lane_values[lane_numbers];
    Slots<Evaluation, fixed_slots> fixed;
    Slots<Evaluation, varying_slots> varying;

    KEOPSNB_FN Evaluation(const Inputs& inputs, i64 begin, i64 end)
        : in(inputs), first(begin), last(end - 1), j(0) {
      if constexpr (held)
        for_each(
            [&]<class V>(V) KEOPSNB_LAMBDA {
              constexpr i64 offset = offset_of<V>(lane_variables{});
              for_components<V::dim>([&](i64 c) KEOPSNB_LAMBDA {
                KEOPSNB_UNROLL
                for (int p = 0; p < packs; ++p)
                  lane_values[(offset + c) * packs + p] = load<V>(in, output(p), c);
              });
            },
            lane_variables{});
      fill(*this, fixed_slots{});
    }

    // Beyond the last output it is repeated.
    KEOPSNB_FN i64 output(int p) const { return first + p < last ? first + p : last; }
    KEOPSNB_FN integer_of<T> index(int) const { return static_cast<integer_of<T>>(j); }
    KEOPSNB_FN Evaluation& at_step(int) { return *this; }
    template <class G>
    KEOPSNB_FN auto& slot_at(i64 c) {
      if constexpr (plan::template varies<G>)
        return slot<G>(varying, c);
      else
        return slot<G>(fixed, c);
    }
    template <class V>
    KEOPSNB_FN tile_of<Evaluation, V> variable(i64 c) {
      tile_of<Evaluation, V> t;
      if constexpr (V::category == lanes) {
        KEOPSNB_UNROLL
        for (int p = 0; p < packs; ++p) {
          if constexpr (held)
            t.at(p, 0) = lane_values[(offset_of<V>(lane_variables{}) + c) * packs + p];
          else
            t.at(p, 0) = load<V>(in, output(p), c);
        }
      } else {
        t.at(0, 0) = load<V>(in, V::category == reduced ? j : 0, c);
      }
      return t;
    }
  };

  template <class Device>
  KEOPSNB_FN static void run(Device& dev, const GpuCall& call, const GpuInput* inputs) {
    const GpuJob job(call, traits.chunks, dev.block(), rows);
    Inputs in;
    KEOPSNB_UNROLL
    for (int k = 0; k < positions; ++k) in.at[k] = job.rows_of(inputs[k]);

    const Kept kept(dev);
    const i64 end = job.begin + rows < job.end ? job.begin + rows : job.end;
    for (i64 begin = job.begin; begin < end; begin += packs) {
      Evaluation x(in, begin, end);
      for (GpuTiles tiles(job, threads); tiles.count > 0; tiles.next()) {
        const bool counts = dev.thread() < tiles.count;
        x.j = tiles.at + (counts ? dev.thread() : tiles.count - 1);
        fill(x, typename Evaluation::varying_slots{});
        const auto term = get<F>(x, job.chunk);
        const T index = index_bits<T>(x, 0);
        bool full = false;
        KEOPSNB_UNROLL
        for (int p = 0; p < packs; ++p)
          if (counts && begin + p < end) full |= kept.add(dev, p, term.at(p, 0), index);
        if (dev.any(full)) kept.flush(dev);
      }
    }
    kept.flush(dev);
    store(dev, kept.lists, call, job, end);
  }

  // The entries of a list as the state of a window.
  struct Entries {
    const Lists& lists;
    int list;
    KEOPSNB_FN T operator()(int s) const {
      return s % 2 == 0 ? lists.values(list)[s / 2] : lists.indices(list)[s / 2];
    }
  };

  template <class Device>
  KEOPSNB_FN static void store(Device& dev, const Lists& lists, const GpuCall& call,
                               const GpuJob& job, i64 end) {
    if constexpr (one) {
      const i64 part = job.split * call.tiles + job.tile, parts = call.splits * call.tiles;
      T* const to = static_cast<T*>(call.states) +
                    ((job.batch * parts + part) * traits.windows + job.chunk) * window_state;
      for (int s = dev.thread(); s < window_state; s += threads) to[s] = Entries{lists, 0}(s);
      return;
    }
    for (int p = 0; p < packs && job.begin + p < end; ++p) {
      const i64 output = job.begin + p;
      if (call.states) {
        const i64 row = (job.batch * call.splits + job.split) * traits.windows + job.chunk;
        T* const to = static_cast<T*>(call.states) + row * window_state * call.outputs + output;
        for (int s = dev.thread(); s < window_state; s += threads)
          to[s * call.outputs] = Entries{lists, p}(s);
      } else {
        write_list(dev, lists, p, result_of<GpuTop>(call, job.batch * call.outputs + output),
                   job.chunk);
      }
    }
  }

  template <class Device>
  KEOPSNB_FN static void write_list(Device& dev, const Lists& lists, int list,
                                    const GpuResult<S>& to, i64 c) {
    for (int k = dev.thread(); k < ranks; k += dev.threads()) {
      if constexpr (R::values) to.values[k * R::dim + c] = to_storage<S>(lists.values(list)[k]);
      if constexpr (R::indices) to.indices[k * R::dim + c] = integer_bits(lists.indices(list)[k]);
    }
  }
};

// A block merges the lists of the parts of an output, and passes over those it would not change.
template <class Kernel>
  requires(Kernel::traits.merge_block == 1)
struct GpuMerger<Kernel> {
  using T = typename Kernel::T;
  using Lists = typename Kernel::Lists;
  static constexpr int threads = gpu_merge_threads;

  template <class Device>
  KEOPSNB_FN static void run(Device& dev, const GpuMerge& call) {
    constexpr int length = Kernel::length, ranks = Kernel::ranks;
    constexpr i64 windows = Kernel::traits.windows, state_dim = Kernel::window_state;
    const i64 row = dev.block() / call.outputs, output = dev.block() - row * call.outputs;
    const i64 batch = row / windows, mine = row - batch * windows;
    T* const shared = reinterpret_cast<T*>(dev.shared());
    const Lists lists{shared, 1, length, 2 * length};
    const Lists part{shared + 2 * length, 1, length, 2 * length};
    for (int k = dev.thread(); k < length; k += threads) lists.clear(0, k);
    dev.sync();
    for (i64 n = 0; n < call.parts; ++n) {
      const T* from = static_cast<const T*>(call.states) +
                      ((batch * call.parts + n) * windows + mine) * state_dim * call.outputs +
                      output;
      if (!lists.before(from[0], from[call.outputs], 0, ranks - 1)) continue;
      for (int k = dev.thread(); k < length; k += threads)
        if (k < ranks)
          part.put(0, k, from[2 * k * call.outputs], from[(2 * k + 1) * call.outputs]);
        else
          part.clear(0, k);
      lists.merge(dev, part, length);
    }
    Kernel::write_list(dev, lists, 0, result_of<Kernel>(call, batch * call.outputs + output), mine);
  }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
