// The parts of formulas: variables, constants, and nodes that apply an operation to operands.
//
// A formula is an empty constexpr object whose type is its syntax tree; equal formulas have equal
// types. `dim` is the dimension of its value, a vector.
//
// A question to formulas as they are built is a concept, or an enumerator of a type: a variable
// template would be an object for each formula, and its name, as long as that, a compiler's work.
#pragma once
#include <keopsnb/category.hpp>
#include <keopsnb/config.hpp>
#include <keopsnb/meta.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

template <class F>
concept Formula = requires { typename F::keopsnb_operands; };

template <Formula F>
using operands_of = typename F::keopsnb_operands;

// The input at position Pos of a call: an array (rows, Dim), or (Dim) for a parameter.
template <int Pos, i64 Dim, Category C>
struct Var {
  static_assert(Pos >= 0, "keopsnb: the position of a variable is 0 or more");
  static_assert(Dim >= 1, "keopsnb: the dimension of a variable is 1 or more");
  using keopsnb_operands = List<>;
  static constexpr int position = Pos;
  static constexpr i64 dim = Dim;
  static constexpr Category category = C;
  enum : int { categories = 1 << static_cast<int>(C) };
};

// Positions of variables that no program has: of a direction, and of a result that is not given.
inline constexpr int probe_position = 2147483647, missing_position = probe_position - 1;

template <int Pos, i64 Dim>
inline constexpr Var<Pos, Dim, Category::i> vi{};
template <int Pos, i64 Dim>
inline constexpr Var<Pos, Dim, Category::j> vj{};
template <int Pos, i64 Dim>
inline constexpr Var<Pos, Dim, Category::parameter> pm{};

// The same of integers: int32 beside numbers of 32 bits or fewer, int64 beside float64. They are
// exact where integers are wanted (ops/integers.hpp) and numbers elsewhere.
template <int Pos, i64 Dim, Category C>
struct IVar {
  static_assert(Pos >= 0, "keopsnb: the position of a variable is 0 or more");
  static_assert(Dim >= 1, "keopsnb: the dimension of a variable is 1 or more");
  using keopsnb_operands = List<>;
  using integers = void;
  static constexpr int position = Pos;
  static constexpr i64 dim = Dim;
  static constexpr Category category = C;
  enum : int { categories = 1 << static_cast<int>(C) };
};

template <class F>
concept IntegerVariable = Formula<F> && requires { typename F::integers; };
// A variable that formulas are differentiated in.
template <class F>
concept NumberVariable = Formula<F> && !IntegerVariable<F> && requires { F::category; };

template <int Pos, i64 Dim>
inline constexpr IVar<Pos, Dim, Category::i> vi_integer{};
template <int Pos, i64 Dim>
inline constexpr IVar<Pos, Dim, Category::j> vj_integer{};
template <int Pos, i64 Dim>
inline constexpr IVar<Pos, Dim, Category::parameter> pm_integer{};

template <i64 Dim>
struct Zero {
  using keopsnb_operands = List<>;
  static constexpr i64 dim = Dim;
  enum : int { categories = 0 };
};
template <i64 Dim>
inline constexpr Zero<Dim> zero{};

constexpr double times_power_of_two(double x, int e) {
  for (; e > 0; --e) x *= 2;
  for (; e < 0; ++e) x /= 2;
  return x;
}

// The constant M * 2^E, any float64; M is odd or 0, so that equal constants are one type.
template <i64 M, int E>
struct Lit {
  static_assert(M % 2 != 0 || (M == 0 && E == 0), "keopsnb: write lit<M, E> with M odd");
  using keopsnb_operands = List<>;
  using literal = void;
  static constexpr i64 dim = 1;
  static constexpr int exponent = E;
  enum : int { categories = 0 };
  // In steps that stay exact for subnormal values too: |M| < 2^54 and M * 2^E is a float64.
  static constexpr double value = times_power_of_two(static_cast<double>(M), E);
};
template <i64 M, int E>
inline constexpr Lit<M, E> lit{};
template <i64 M, int E>
constexpr auto operator-(Lit<M, E>) {
  return lit<-M, E>;
}

namespace detail {
template <class F>
concept is_lit = requires { typename F::literal; };
// Nothing at all: what derivatives leave out. A product with it is nothing, whatever it is of.
template <class F>
concept is_zero = same<F, Zero<F::dim>>;
// The number 0 as well. In what is written, 0 * inf is NaN; among derivatives it is nothing.
template <class F>
concept is_null = is_zero<F> || same<F, Lit<0, 0>>;

}  // namespace detail

struct Binary64 {
  i64 mantissa;
  int exponent;
};

constexpr bool finite(double x) { return x - x == 0; }

// x = mantissa * 2^exponent with an odd mantissa, or 0 * 2^0; x is finite.
constexpr Binary64 decompose(double x) {
  if (x == 0) return {0, 0};
  constexpr double two53 = 9007199254740992.0, two62 = two53 * 512;
  int e = 0;
  for (; x < two53 && x > -two53 && x != static_cast<double>(static_cast<i64>(x)); --e) x *= 2;
  for (; x >= two62 || x <= -two62; ++e) x /= 2;
  i64 m = static_cast<i64>(x);
  for (; m % 2 == 0; ++e) m /= 2;
  return {m, e};
}

// The type of the constant x = f(), for a captureless constexpr f.
template <class F>
constexpr auto lit_of(F) {
  constexpr Binary64 b = decompose(F{}());
  return lit<b.mantissa, b.exponent>;
}

// The integer N as a constant: exact up to 2^53, as in float64.
template <i64 N>
inline constexpr auto cst = lit_of([] { return static_cast<double>(N); });

template <class Op, Formula... A>
struct Node {
  using keopsnb_operands = List<A...>;
  using op = Op;
  using unnamed = Node;
  static constexpr i64 dim = Op::dim(A::dim...);
  enum : int { categories = (0 | ... | static_cast<int>(A::categories)) };
  static_assert(dim >= 1, "keopsnb: the operands' dimensions do not fit this operation");
};

namespace detail {
template <class F>
concept is_node = requires { typename F::unnamed; };
template <class F>
concept is_named = is_node<F> && !same<F, typename F::unnamed>;
template <bool>
struct Unnamed {
  template <class F>
  using type = F;
};
template <>
struct Unnamed<true> {
  template <class F>
  using type = typename F::unnamed;
};
}  // namespace detail

// F without the name that KEOPSNB_NAMED (graph.hpp) gave it, but for those of its operands.
template <class F>
using unnamed = typename detail::Unnamed<detail::is_node<F>>::template type<F>;

// Op applied to operands, after its identities (terms.hpp). Free: the order of operations is not a
// user's.
template <class Op, bool Free = false, Formula... A>
constexpr auto build(A... a);

namespace detail {
// A derivative whose zeros are final, and a derivative times a partial one (gate.hpp).
template <Formula F>
constexpr auto gate(F f);
template <Formula P, Formula G>
constexpr auto chained(P p, G g);
}  // namespace detail

template <int K, class Op, Formula... A>
constexpr auto operand(Node<Op, A...>) {
  return at<K, List<A...>>{};
}

// Whether F depends on a variable of category C.
template <Category C, class F>
concept depends = ((static_cast<int>(F::categories) >> static_cast<int>(C)) & 1) != 0;

namespace detail {
template <char... C>
constexpr double parse_constant() {
  const char text[] = {C...};
  i64 digits = 0;
  int scale = 0, exponent = 0, sign = 1;
  bool fraction = false, in_exponent = false;
  for (char c : text) {
    if (c == '.')
      fraction = true;
    else if (c == 'e' || c == 'E')
      in_exponent = true;
    else if (c == '-')
      sign = -1;
    else if (c >= '0' && c <= '9' && in_exponent)
      exponent = 10 * exponent + (c - '0');
    else if (c >= '0' && c <= '9') {
      digits = 10 * digits + (c - '0');
      scale -= fraction;
    }
  }
  scale += sign * exponent;
  // Both factors are exact within these bounds, so that one rounding gives the nearest float64.
  if (digits >> 53 != 0 || scale > 22 || scale < -22) return -1;
  double power = 1;
  for (int k = 0; k < (scale < 0 ? -scale : scale); ++k) power *= 10;
  return scale < 0 ? static_cast<double>(digits) / power : static_cast<double>(digits) * power;
}
}  // namespace detail

// 2_c, 0.5_c, 1e-3_c: a constant in a formula, in every precision the nearest value.
template <char... C>
constexpr auto operator""_c() {
  constexpr double x = detail::parse_constant<C...>();
  static_assert(x >= 0, "keopsnb: write this constant with fewer digits, or as lit<M, E>");
  return lit_of([] { return detail::parse_constant<C...>(); });
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
