// Formulas and reductions by their definition, pair by pair in double precision.
#pragma once
#include <cmath>
#include <vector>

#include "emulation.hpp"

namespace gpu_test {

using namespace keopsnb;
using emulation::size;

// ---- Formulas by their definition: no plan, no slot, no tile
// --------------------------------------

struct Pair {
  const std::vector<const double*>& in;  // by position
  i64 i, j;
  const i64 serial = last_serial++;  // no two pairs have the same

  inline static i64 last_serial = 0;
};

template <class F>
struct Value;

template <class F>
double value(const Pair& pair, i64 c) {
  if constexpr (F::dim > 1 || operands_of<F>::size == 0) {
    return Value<F>::at(pair, F::dim == 1 ? 0 : c);
  } else {  // scalars are asked for once for each component of a vector
    static i64 known_for = -1;
    static double known = 0;
    if (known_for != pair.serial) {
      known = Value<F>::at(pair, 0);
      known_for = pair.serial;
    }
    return known;
  }
}

template <i64 D>
struct Value<Zero<D>> {
  static double at(const Pair&, i64) { return 0; }
};
template <i64 M, int E>
struct Value<Lit<M, E>> {
  static double at(const Pair&, i64) { return Lit<M, E>::value; }
};
template <int P, i64 D, Category C>
struct Value<Var<P, D, C>> {
  static double at(const Pair& pair, i64 c) {
    const i64 row = C == Category::i ? pair.i : C == Category::j ? pair.j : 0;
    return pair.in[size(P)][row * D + c];
  }
};
template <int P, i64 D, Category C>
struct Value<IVar<P, D, C>> : Value<Var<P, D, C>> {};
template <class A>
struct Value<Node<op::FromInteger, A>> {
  static double at(const Pair& pair, i64 c) { return value<A>(pair, c); }
};
template <class Op, class A, class B>
struct Value<Node<op::OfIntegers<Op>, A, B>> {
  static double at(const Pair& pair, i64 c) {
    return op::compare_integers<Op>(value<A>(pair, c), value<B>(pair, c));
  }
};
template <class Op, class... A>
struct Value<Node<Op, A...>> {
  static double at(const Pair& pair, i64 c) { return Op::value(value<A>(pair, c)...); }
};
template <class A>
struct Value<Node<op::Sum, A>> {
  static double at(const Pair& pair, i64) {
    double sum = 0;
    for (i64 c = 0; c < A::dim; ++c) sum += value<A>(pair, c);
    return sum;
  }
};
template <i64 N, class A>
struct Value<Node<op::SumT<N>, A>> {
  static double at(const Pair& pair, i64) { return value<A>(pair, 0); }
};
template <class... A>
struct Value<Node<op::Concat, A...>> {
  static double at(const Pair& pair, i64 c) {
    double found = 0;
    i64 first = 0;
    ((c >= first&& c < first + A::dim ? found = value<A>(pair, c - first) : 0, first += A::dim),
     ...);
    return found;
  }
};
template <i64 Start, i64 D, class A>
struct Value<Node<op::Extract<Start, D>, A>> {
  static double at(const Pair& pair, i64 c) { return value<A>(pair, Start + c); }
};
template <i64 Start, i64 D, class A>
struct Value<Node<op::ExtractT<Start, D>, A>> {
  static double at(const Pair& pair, i64 c) {
    return c >= Start && c < Start + A::dim ? value<A>(pair, c - Start) : 0;
  }
};

// The terms of an output, summed: the result, and how large a rounding error may be beside it.
struct Expected {
  double value = 0, scale = 0;
  i64 index = 0;  // where the reduction gives indices
};

// One pair as an evaluation.
struct EverySlot {
  template <class F>
  static constexpr bool slotted = true;
};
struct AtPair : EvaluationOf<EverySlot, double, Category::i, 1, 1> {
  const Pair& pair;
  i64 reduced_index;

  static bool counts(int) { return true; }
  i64 index(int) const { return reduced_index; }
  AtPair& at_step(int) { return *this; }
  template <class F>
  Tile<double, 1, 1> slotted(i64 c) {
    return {{value<F>(pair, c)}};
  }
};

// A reduction by its own laws, of one term after the other: what these are is tested elsewhere.
template <class R>
struct Terms {
  std::vector<double> state;
  Terms() {
    for (i64 s = 0; s < R::state_dim(R::dim); ++s) state.push_back(R::template identity<double>(s));
  }

  void add(const Pair& pair, i64 reduced_index) {
    AtPair x{{}, pair, reduced_index};
    const auto numbers = [](std::vector<double>& v) {
      return [&v](i64 s, int = 0) -> double& { return v[size(s)]; };
    };
    if constexpr (R::direct) {
      R::step(numbers(state), x);
    } else {
      std::vector<double> block;
      for (i64 s = 0; s < R::block_dim(R::dim); ++s)
        block.push_back(R::template block_identity<double>(s));
      R::step(numbers(block), x);
      R::absorb(numbers(state), numbers(block));
    }
  }
  Expected at(i64 c, i64 k) const {
    std::vector<double> copy = state;
    const auto number = [&](i64 s) -> double& { return copy[size(s)]; };
    Expected e;
    if constexpr (R::values) e.value = R::finish(number, c, k);
    if constexpr (R::indices) e.index = R::index(number, c, k);
    e.scale = 1 + std::abs(e.value);
    return e;
  }
  // Component c of what is kept beside the result as number N.
  template <int N>
  Expected kept(i64 c) const {
    std::vector<double> copy = state;
    const double value =
        R::template keep<R::dim, N>([&](i64 s) -> double& { return copy[size(s)]; }, c);
    return {value, 1 + std::abs(value)};
  }
};

template <class F>
struct Terms<SumReduction<F>> {
  std::vector<Expected> sums = std::vector<Expected>(size(F::dim));

  void add(const Pair& pair, i64) {
    for (i64 c = 0; c < F::dim; ++c) {
      const double term = value<F>(pair, c);
      sums[size(c)].value += term;
      sums[size(c)].scale += std::abs(term);
    }
  }
  Expected at(i64 c, i64) const { return sums[size(c)]; }
};

template <class F, class G>
struct Terms<ExponentialReduction<F, G, false>> {
  std::vector<double> sums = std::vector<double>(size(G::dim));

  // Formulas under test are small enough for exp.
  void add(const Pair& pair, i64) {
    const double e = std::exp(value<F>(pair, 0));
    for (i64 c = 0; c < G::dim; ++c) sums[size(c)] += e * value<G>(pair, c);
  }
  Expected at(i64 c, i64) const {
    const double value = std::log(sums[size(c)]);
    return {value, 2 + std::abs(value)};
  }
};

}  // namespace gpu_test
