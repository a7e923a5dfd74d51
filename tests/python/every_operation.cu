// Every operation with its first derivatives, on scalars, as a CUDA thread evaluates them.
#include <keopsnb/eval.hpp>
#include <keopsnb/ops.hpp>

using namespace keopsnb;

namespace {

// Where variables and slots of the formula F are, for one output and one reduced index.
template <class T, class F>
struct Scalars {
  using plan = Plan<Category::j, F>;
  using pack = T;
  using scalar = T;
  static constexpr Category lanes = Category::i, reduced = Category::j;
  static constexpr int packs = 1, steps = 1;
  using Fixed = typename SlotsOf<plan, false, List<>, typename plan::nodes>::type;
  using Varying = typename SlotsOf<plan, true, List<>, typename plan::nodes>::type;

  const T* const* in;
  Slots<Scalars, Fixed> fixed;
  Slots<Scalars, Varying> varying;

  template <bool Varies>
  KEOPSNB_FN auto& slots() {
    if constexpr (Varies)
      return varying;
    else
      return fixed;
  }
  template <class G>
  KEOPSNB_FN tile_of<Scalars, G> slotted(i64 c) {
    return slot<G>(slots<plan::template varies<G>>(), c);
  }
  template <class V>
  KEOPSNB_FN tile_of<Scalars, V> variable(i64 c) {
    return {{in[V::position][c]}};
  }
  KEOPSNB_FN Scalars& at_step(int) { return *this; }
};

template <class T, class F>
KEOPSNB_FN T* write(const T* const* in, T* out, F) {
  Scalars<T, F> x{in, {}, {}};
  fill(x, typename Scalars<T, F>::Fixed{});
  fill(x, typename Scalars<T, F>::Varying{});
  for (i64 c = 0; c < F::dim; ++c) *out++ = get<F>(x, c).at(0, 0);
  return out;
}

template <class T, class F, class... V>
KEOPSNB_FN void write_all(const T* const* in, T* out, F f, V... v) {
  out = write(in, out, f);
  ((out = write(in, out, grad(f, v, vi<3, F::dim>))), ...);
}

constexpr auto x = vi<0, 2>;
constexpr auto y = vj<1, 2>;
constexpr auto z = pm<2, 1>;

}  // namespace

#if KEOPSNB_CUDA
#define KEOPSNB_ENTRY extern "C" __global__
#else
#define KEOPSNB_ENTRY extern "C"
#endif

// A kernel for each operation and type.
#define KEOPSNB_KERNEL(name, T, ...) \
  KEOPSNB_ENTRY void name##_##T(const T* const* in, T* out) { write_all(in, out, __VA_ARGS__); }
#ifdef KEOPSNB_FLOAT_ONLY
#define KEOPSNB_EVERY(name, ...) KEOPSNB_KERNEL(name, float, __VA_ARGS__)
#else
#define KEOPSNB_EVERY(name, ...)           \
  KEOPSNB_KERNEL(name, float, __VA_ARGS__) \
  KEOPSNB_KERNEL(name, double, __VA_ARGS__)
#endif
#define KEOPSNB_UNARY(N, call, ...) KEOPSNB_EVERY(N, keopsnb::call(x), x)
#define KEOPSNB_UNARY_INT1(N, call, ...) KEOPSNB_EVERY(N, keopsnb::call<3>(x), x)
#define KEOPSNB_UNARY_INT2(N, call, ...) KEOPSNB_EVERY(N, keopsnb::call<-1, 1>(x), x)
#define KEOPSNB_BINARY(N, call, ...) KEOPSNB_EVERY(N, keopsnb::call(x, z), x, z)
#define KEOPSNB_TERNARY(N, call, ...) KEOPSNB_EVERY(N, keopsnb::call(x, y, z), x, y, z)
#include <keopsnb/ops.def>
KEOPSNB_EVERY(Sum, sum(x), x)
KEOPSNB_EVERY(SumT, sumt<4>(z), z)
KEOPSNB_EVERY(Concat, concat(x, y, z), x, y, z)
KEOPSNB_EVERY(Extract, extract<1, 1>(x), x)
KEOPSNB_EVERY(ExtractT, extractt<1, 4>(x), x)
KEOPSNB_EVERY(Elem, elem<1>(x), x)
KEOPSNB_EVERY(ElemT, elemt<3, 1>(z), z)
KEOPSNB_EVERY(Scalprod, scalprod(x, y), x, y)
KEOPSNB_EVERY(SqNorm2, sqnorm2(x - y), x, y)
KEOPSNB_EVERY(Norm2, norm2(x - y), x, y)
KEOPSNB_EVERY(SqDist, exp(-sqdist(x, y) * square(z)), x, y, z)
KEOPSNB_EVERY(Normalize, normalize(x), x)
