#include "reduction/laws.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <keopsnb/reductions.hpp>

#include "reduction/symbol.hpp"

namespace keopsnb::law {
namespace {

using Found = std::optional<OutputTerm>;

Found found(Constant) { return std::nullopt; }
Found found(const Term<Symbol, Symbol>& term) {
  return OutputTerm{term.s.formula(), term.c.formula()};
}

// The formula of reductions here: one of its squares differentiates as one of these.
constexpr auto f = vi<0, 1>;
template <class R>
constexpr bool of_squares = same<at<0, typename R::formulas>, decltype(square(f))>;

template <class R>
Found term(int n, const Operands& given, const expr::Expr& e) {
  using Law = typename R::law;
  const Symbol formula = of_squares<R> ? square(Symbol(given.formula)) : Symbol(given.formula);
  return [&]<int... K>(Ints<K...>) {
    const auto kept = [&](int k) { return Symbol(given.kept[static_cast<std::size_t>(k)]); };
    using Kept = KeptNumbers<decltype(kept(K))...>;
    const LawOperands<Symbol, Symbol, Symbol, Symbol, Kept> operands{
        formula, given.weights, given.result, given.option, Kept{kept(K)...}};
    if (n == 0) return found(Law::result(operands, Symbol(e)));
    Found output;
    if constexpr (Law::keeps::size > 0)
      ((n == K + 1 ? void(output = found(Law::kept(Int<K>{}, operands, Symbol(e)))) : void()), ...);
    return output;
  }(up_to<Law::keeps::size>{});
}

template <Keep... K>
std::span<const Keep> listed(Keeps<K...>) {
  static constexpr Keep all[] = {K..., Keep::of_row};
  return {all, sizeof...(K)};
}

template <class R>
Law law(const char* call, R) {
  constexpr bool picks = same<typename R::law, PickingLaw>, none = same<typename R::law, NoLaw>;
  Law made{call, picks, listed(typename R::law::keeps{}), nullptr};
  if constexpr (!picks && !none) made.term = term<R>;
  return made;
}

const std::vector<Law>& all() {
  static const std::vector<Law> laws = {
      law("sum_reduction", sum_reduction(f)),
      law("mean_reduction", mean_reduction(f)),
      law("variance_reduction", variance_reduction(f)),
      law("sumsq_reduction", sumsq_reduction(f)),
      law("norm2_reduction", norm2_reduction(f)),
      law("prod_reduction", prod_reduction(f)),
      law("logsumexp_reduction", logsumexp_reduction(f)),
      law("softmax_reduction", softmax_reduction(f, f)),
      law("max_reduction", max_reduction(f)),
      law("min_reduction", min_reduction(f)),
      law("argmax_reduction", argmax_reduction(f)),
      law("argmin_reduction", argmin_reduction(f)),
      law("max_argmax_reduction", max_argmax_reduction(f)),
      law("min_argmin_reduction", min_argmin_reduction(f)),
      law("kmin_reduction", kmin_reduction<1>(f)),
      law("kmax_reduction", kmax_reduction<1>(f)),
      law("argkmin_reduction", argkmin_reduction<1>(f)),
      law("argkmax_reduction", argkmax_reduction<1>(f)),
      law("kmin_argkmin_reduction", kmin_argkmin_reduction<1>(f)),
      law("kmax_argkmax_reduction", kmax_argkmax_reduction<1>(f)),
      law("any_reduction", any_reduction(f)),
      law("all_reduction", all_reduction(f)),
      law("count_reduction", count_reduction(f)),
  };
  return laws;
}

}  // namespace

const Law* find(std::string_view call) {
  const auto found = std::ranges::find(all(), call, &Law::call);
  if (found == all().end())
    throw std::logic_error("The list of laws lacks " + std::string(call) + ".");
  return found->picks || found->term ? &*found : nullptr;
}

}  // namespace keopsnb::law
