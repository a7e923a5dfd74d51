// A reduction is a monoid of states, into which terms are stepped.
//
//   formulas                 the List of those it evaluates
//   state_dim(c)             how many numbers the state of c components has; block_dim(c), a block
//   identity<V>(s)           number s of the state of no term
//   step<C>(block, x, first) the terms of the evaluation x, for C components from `first` on
//   absorb<C>(state, block)  a block of terms into a state; blocks begin as block_identity<V>(s)
//   begin<C>(block, state)   optional: what an empty block takes from the state that it goes into
//   is_full<C>(block)        optional, on CPUs: whether it is to be absorbed; one that is not goes
//                            on, and takes as many terms as a block has before it is asked again
//   merge<C>(state, other)   a state into a state: associative, with `identity` as neutral element,
//                            and the same whichever way the terms were split
//   finish<C>(state, c, k)   component c of the result, of rank k where a component has several
//   index<C>(state, c, k)    the same of a result that is an index of the reduced side
//   law                      how it differentiates (law.hpp); `NoLaw` by default
//   keep<C, n>(state, c)     kept number n of component c, where the law keeps some
//   part<F>                  optional: the same reduction of another formula. Kernels rewrite and
//                            cut formulas only where there is one; `step` of fewer components may
//                            then get what was laid out for more
//
// A reduction works on a window of C components of its result, all of them by default, so that a
// kernel may compute a long result in parts. Where it is `direct` there are no blocks: `step` gets
// the state. Integers among the numbers of a state are their bits (ops/integers.hpp).
#pragma once
#include <keopsnb/eval.hpp>
#include <keopsnb/ops/integers.hpp>
#include <keopsnb/reductions/law.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// The terms of a block, and no more: summed naively, their rounding error is that of the whole sum.
inline constexpr i64 default_block = 128;

// The common part of most reductions. Result: the formula whose components those of the result
// are.
template <Formula Result>
struct ReductionBase {
  using result = Result;
  static constexpr i64 dim = Result::dim;
  static constexpr i64 ranks = 1;  // results of a component: (ranks, dim) for each output
  static constexpr bool values = true;
  static constexpr bool indices = false;
  static constexpr bool direct = false;
  using law = NoLaw;
  static constexpr i64 option = 0;    // that of its law
  static constexpr i64 kept_dim = 0;  // columns behind the result (kept.hpp)
  static constexpr i64 block_dim(i64) { return 0; }
};

// Whether blocks take something from their state, as numbers At.
template <class R, class At>
concept begins_from_state = requires(At at) { R::begin(at, at); };

// Whether a block may go on over several runs of terms.
template <class R>
concept carries_blocks = requires(double& (*at)(i64)) { R::is_full(at); };

// The terms of an evaluation that count: body(c, s, p, t) for component `first` + c of F at step s,
// for pack p of outputs.
template <class F, i64 C, class X, class Body>
KEOPSNB_FN void for_terms(X& x, i64 first, Body&& body) {
  for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
    auto&& own = at_component<F>(x, first + c);
    KEOPSNB_UNROLL
    for (int s = 0; s < X::steps; ++s) {
      auto&& one = own.at_step(s);
      const auto term = get<F>(one, first + c);
      KEOPSNB_UNROLL
      for (int p = 0; p < X::packs; ++p)
        if (x.counts(s)) body(c, s, p, to_number<typename X::pack>(term.at(p, 0)));
    }
  });
}

// The same where the terms of component c change the N numbers(begin + N c, p) and on: body(own, c,
// s, p, t) has them as own[0], ..., in registers. No compiler knows that they lie apart from what
// terms are read from, and each term would store them: a sum of 64 components took twice as long.
template <class F, i64 C, int N = 1, class Numbers, class X, class Body>
KEOPSNB_FN void into_numbers(Numbers&& numbers, i64 begin, X& x, i64 first, Body&& body) {
  for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
    typename X::pack own[X::packs * N];
    KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p) KEOPSNB_UNROLL
    for (int n = 0; n < N; ++n) own[p * N + n] = numbers(begin + N * c + n, p);
    for_terms<F, 1>(x, first + c, [&](i64, int s, int p, typename X::pack t) KEOPSNB_LAMBDA {
      body(own + p * N, c, s, p, t);
    });
    KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p) KEOPSNB_UNROLL
    for (int n = 0; n < N; ++n) numbers(begin + N * c + n, p) = own[p * N + n];
  });
}

// The index of step s of an evaluation in every lane, as the bits of V.
template <Number V, class X>
KEOPSNB_FN V index_bits(X& x, int s) {
  return from_integer_bits<V>(integer_of<V>{} + x.index(s));
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
