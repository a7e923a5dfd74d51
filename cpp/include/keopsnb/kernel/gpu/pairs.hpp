// Scalars of a formula over long vectors, for a tile of pairs (i, j) at once.
//
// The threads of a block form a square of gpu_side by gpu_side; each holds `outputs` x `steps`
// pairs in registers. A sum over a long vector, such as SqDist or Scalprod, runs over chunks of
// components that all threads load into shared memory together: each number loaded serves a row or
// a column of pairs, and registers hold nothing that grows with the dimension. `contract` is the
// place where a sum of another form (a matrix product) may be done for the whole tile.
#pragma once
#include <keopsnb/kernel/gpu/device.hpp>
#include <keopsnb/kernel/gpu/long_plan.hpp>
#include <keopsnb/kernel/gpu/states.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

inline constexpr int gpu_side = 16;

template <class S, class Formulas, Category Lanes, int Outputs, int Steps>
struct GpuPairs {
  using T = computed_in<S>;
  static constexpr Category lanes = Lanes, reduced = opposite(Lanes);
  using plan = GpuLongPlan<lanes, Formulas>;
  using nodes = typename plan::nodes;

  static constexpr int side = gpu_side, threads = side * side;
  static constexpr int outputs = Outputs, steps = Steps;
  static constexpr int rows = side * outputs, tile = side * steps;
  static constexpr int positions = gpu_positions<nodes>;

  struct Inputs {
    const void* at[positions];
  };
  template <class V>
  KEOPSNB_FN static T load(const Inputs& in, i64 row, i64 c) {
    return load_number<V, S>(in.at[V::position], row * V::dim + c);
  }

  // ---- Chunks of components in shared memory --------------------------------------------------

  // Component c of row r lies at c * stride + r: neighbours in a row are read together. Threads
  // fetch 8 components, a sector of memory, of each row, and write them to 32 different banks.
  static constexpr int chunk = 8, rows_at_once = threads / chunk;
  static constexpr int lane_stride = rows + 4, reduced_stride = tile + 4;

  template <class A>
  static constexpr int chunk_numbers = chunk * (streamed<lanes, A>::size * lane_stride +
                                                streamed<reduced, A>::size * reduced_stride);
  // Two chunks take turns.
  static constexpr int shared_numbers = [] {
    return []<class... F>(List<F...>) {
      int most = 0;
      ((most = larger(most, 2 * chunk_numbers<detail::operand_type<0, F>>)), ...);
      return most;
    }(typename plan::contractions{});
  }();

  template <class Device>
  struct Evaluation : EvaluationOf<plan, T, lanes, outputs, steps> {
    using Fixed = Slots<Evaluation, typename plan::fixed_slots>;
    using Held = Slots<Evaluation, typename plan::held_slots>;

    Device& dev;
    const Inputs& in;
    T* shared;
    i64 first, last;  // outputs: the first of the block, the last there is
    i64 j;            // the first reduced index of the tile
    int count;        // reduced indices in the tile
    Fixed& fixed;
    Held& held;

    KEOPSNB_FN int out_lane() const { return dev.thread() / side; }
    KEOPSNB_FN int red_lane() const { return dev.thread() % side; }
    // Four neighbours at a time, so that one wide load brings them.
    KEOPSNB_FN static int place(int lane, int k, int each) {
      return each % 4 == 0 ? (k / 4 * side + lane) * 4 + k % 4 : lane * each + k;
    }
    // Number k of a lane; the compiler joins four neighbours into a wide load.
    KEOPSNB_FN static T number_at(const T* from, int lane, int k, int each) {
      if (each % 4 != 0) return from[place(lane, k, each)];
      const void* four = __builtin_assume_aligned(from + place(lane, k - k % 4, each), 16);
      return static_cast<const T*>(four)[k % 4];
    }
    KEOPSNB_FN int out_place(int p) const { return place(out_lane(), p, outputs); }
    KEOPSNB_FN int red_place(int s) const { return place(red_lane(), s, steps); }
    KEOPSNB_FN i64 output(int p) const { return output_at(out_place(p)); }
    KEOPSNB_FN i64 output_at(int place) const {
      return first + place < last ? first + place : last;
    }
    KEOPSNB_FN i64 index(int s) const { return index_at(red_place(s)); }
    KEOPSNB_FN i64 index_at(int place) const { return j + (place < count ? place : count - 1); }
    KEOPSNB_FN bool counts(int s) const { return red_place(s) < count; }

    template <class F>
    KEOPSNB_FN auto& slot_at(i64 c) {
      if constexpr (plan::template varies<F>)
        return slot<F>(held, c);
      else
        return slot<F>(fixed, c);
    }
    template <class V>
    KEOPSNB_FN auto variable(i64 c) {
      return variable_at<V, steps>(c, 0);
    }
    template <class V, int J>
    KEOPSNB_FN auto variable_at(i64 c, int s) {
      if constexpr (V::category == lanes) {
        Tile<T, outputs, 1> t;
        KEOPSNB_UNROLL
        for (int p = 0; p < outputs; ++p) t.at(p, 0) = load<V>(in, output(p), c);
        return t;
      } else if constexpr (V::category == reduced) {
        Tile<T, 1, J> t;
        KEOPSNB_UNROLL
        for (int k = 0; k < J; ++k) t.at(0, k) = load<V>(in, index(s + k), c);
        return t;
      } else {
        return Tile<T, 1, 1>{{load<V>(in, 0, c)}};
      }
    }
    KEOPSNB_FN auto at_step(int s) { return OneStep<Evaluation>{*this, s}; }

    // The evaluation at one reduced index, with the scalars that are not held.
    struct AtStep : EvaluationOf<plan, T, lanes, outputs, 1> {
      Evaluation& all;
      int step;
      Slots<AtStep, typename plan::local_slots> local;

      KEOPSNB_FN static bool counts(int) { return true; }
      KEOPSNB_FN integer_of<T> index(int) const {
        return static_cast<integer_of<T>>(all.index(step));
      }
      KEOPSNB_FN AtStep& at_step(int) { return *this; }
      template <class F>
      KEOPSNB_FN auto& slot_at(i64 c) {
        return slot<F>(local, c);
      }
      template <class F>
      KEOPSNB_FN tile_of<AtStep, F> slotted(i64 c) {
        if constexpr (plan::template held<F> || !plan::template varies<F>)
          return OneStep<Evaluation>{all, step}.template slotted<F>(c);
        else
          return slot_at<F>(c);
      }
      template <class V>
      KEOPSNB_FN tile_of<AtStep, V> variable(i64 c) {
        return all.template variable_at<V, 1>(c, step);
      }
    };

    // The evaluation at one reduced index of a chunk: component c lies in shared memory.
    template <class A>
    struct AtChunk : EvaluationOf<plan, T, lanes, outputs, 1> {
      Evaluation& all;
      const T* buffer;
      int at;  // the component's place in the chunk
      int step;

      template <class F>
      KEOPSNB_FN tile_of<AtChunk, F> slotted(i64 c) {
        return OneStep<Evaluation>{all, step}.template slotted<F>(c);
      }
      template <class V>
      KEOPSNB_FN tile_of<AtChunk, V> variable(i64 c) {
        tile_of<AtChunk, V> t;
        if constexpr (V::dim != A::dim || V::category == Category::parameter) {
          return all.template variable_at<V, 1>(c, step);
        } else if constexpr (V::category == lanes) {
          const T* from = buffer + offset<V>() + at * lane_stride;
          KEOPSNB_UNROLL
          for (int p = 0; p < outputs; ++p)
            t.at(p, 0) = number_at(from, all.out_lane(), p, outputs);
        } else {
          const T* from = buffer + offset<V>() + at * reduced_stride;
          t.at(0, 0) = number_at(from, all.red_lane(), step, all.steps);
        }
        return t;
      }
      // Of V's chunk in the buffer.
      template <class V>
      KEOPSNB_FN static constexpr i64 offset() {
        if constexpr (V::category == lanes)
          return offset_of<V>(streamed<lanes, A>{}) / A::dim * chunk * lane_stride;
        else
          return chunk * (streamed<lanes, A>::size * lane_stride +
                          offset_of<V>(streamed<reduced, A>{}) / A::dim * reduced_stride);
      }
    };

    // Numbers a thread holds while a chunk is on its way.
    template <class A>
    static constexpr int in_flight = streamed<lanes, A>::size * (rows / rows_at_once) +
                                     streamed<reduced, A>::size * (tile / rows_at_once);

    template <class A>
    KEOPSNB_FN void fetch(T* numbers, i64 begin) {
      const i64 c =
          begin + dev.thread() % chunk < A::dim ? begin + dev.thread() % chunk : A::dim - 1;
      const int row = dev.thread() / chunk;
      int n = 0;
      for_each(
          [&]<class V>(V) KEOPSNB_LAMBDA {
            KEOPSNB_UNROLL
            for (int k = 0; k < rows / rows_at_once; ++k)
              numbers[n++] = load<V>(in, output_at(row + k * rows_at_once), c);
          },
          streamed<lanes, A>{});
      for_each(
          [&]<class V>(V) KEOPSNB_LAMBDA {
            KEOPSNB_UNROLL
            for (int k = 0; k < tile / rows_at_once; ++k)
              numbers[n++] = load<V>(in, index_at(row + k * rows_at_once), c);
          },
          streamed<reduced, A>{});
    }
    template <class A>
    KEOPSNB_FN void put(const T* numbers, T* buffer) {
      const int c = dev.thread() % chunk, row = dev.thread() / chunk;
      int n = 0;
      for_each(
          [&]<class V>(V) KEOPSNB_LAMBDA {
            T* to = buffer + AtChunk<A>::template offset<V>() + c * lane_stride + row;
            KEOPSNB_UNROLL
            for (int k = 0; k < rows / rows_at_once; ++k) to[k * rows_at_once] = numbers[n++];
          },
          streamed<lanes, A>{});
      for_each(
          [&]<class V>(V) KEOPSNB_LAMBDA {
            T* to = buffer + AtChunk<A>::template offset<V>() + c * reduced_stride + row;
            KEOPSNB_UNROLL
            for (int k = 0; k < tile / rows_at_once; ++k) to[k * rows_at_once] = numbers[n++];
          },
          streamed<reduced, A>{});
    }

    // Sum over the components of A, for all pairs of the tile. All threads of the block call it.
    template <class A>
      requires plan::template
    contracted<Node<op::Sum, A>> KEOPSNB_FN Tile<T, outputs, steps> contract() {
      Tile<T, outputs, steps> sum{};
      T* buffer = shared;
      T* other = shared + chunk_numbers<A>;
      T numbers[in_flight<A>];
      fetch<A>(numbers, 0);
      dev.sync();  // the last contraction's buffers are free
      put<A>(numbers, buffer);
      for (i64 begin = 0; begin < A::dim; begin += chunk) {
        dev.sync();
        const i64 next = begin + chunk;
        if (next < A::dim) fetch<A>(numbers, next);
        const int end = A::dim % chunk == 0 || next < A::dim ? chunk : A::dim % chunk;
        KEOPSNB_UNROLL_BY(A::dim % chunk == 0 ? 4 : 1)
        for (int k = 0; k < end; ++k) {
          KEOPSNB_UNROLL
          for (int s = 0; s < steps; ++s) {
            AtChunk<A> one{{}, *this, buffer, k, s};
            const auto term = get<A>(one, begin + k);
            KEOPSNB_UNROLL
            for (int p = 0; p < outputs; ++p) sum.at(p, s) += term.at(p, 0);
          }
        }
        if (next < A::dim) put<A>(numbers, other);
        T* const used = buffer;
        buffer = other;
        other = used;
      }
      return sum;
    }
  };
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
