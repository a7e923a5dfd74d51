// The stages in which a GPU kernel evaluates the parts of a formula.
//
// fixed   what does not change with the reduced index: once a thread.
// row     what does not change with the outputs: once a block for each reduced index, as its
//         tile is loaded; it lies in shared memory beside the variables.
// pair    what changes with both: in the inner loop.
#pragma once
#include <keopsnb/eval.hpp>
#include <keopsnb/kernel/layout.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

enum class Stage { fixed, row, pair };

// Inputs that a kernel of these nodes takes.
template <class Nodes>
inline constexpr int gpu_positions =
    larger(larger(1, positions_of(variables_of<Category::i, Nodes>{})),
           larger(positions_of(variables_of<Category::j, Nodes>{}),
                  positions_of(variables_of<Category::parameter, Nodes>{})));

template <Category Lanes, class Formulas>
struct GpuPlan {
  static constexpr Category lanes = Lanes, reduced = opposite(Lanes);
  using base = Plan<reduced, Formulas>;
  using roots = typename base::roots;
  using nodes = typename base::nodes;

  template <class F>
  static constexpr bool varies = depends<reduced, F>;
  template <class F>
  static constexpr Stage stage = !depends<reduced, F> ? Stage::fixed
                                 : depends<lanes, F>  ? Stage::pair
                                                      : Stage::row;

  // Whether the inner loop reads F.
  struct InPairs {
    template <class F>
    static constexpr bool keeps = stage<F> == Stage::pair;
  };
  template <class F>
  static constexpr bool read_in_pairs =
      Edges<nodes>::template read_by<InPairs, F>() || roots::template count<F> != 0;

  template <class F>
  static constexpr bool in_row = stage<F> == Stage::row && read_in_pairs<F>;
  // In a row but not a variable: it has to be computed.
  template <class F>
  static constexpr bool hoisted = in_row<F> && operands_of<F>::size > 0;

  template <class F>
  static constexpr bool slotted = [] {
    if constexpr (operands_of<F>::size == 0)
      return false;
    else if constexpr (stage<F> == Stage::row)
      return hoisted<F>;
    else
      return base::template slotted<F>;
  }();

  struct RowRule {
    template <class F>
    static constexpr bool keeps = in_row<F>;
  };
  struct HoistedRule {
    template <class F>
    static constexpr bool keeps = hoisted<F>;
  };
  template <Stage S>
  struct SlotRule {
    template <class F>
    static constexpr bool keeps = slotted<F> && stage<F> == S;
  };

  using row = filter<RowRule, nodes>;
  using computed_in_row = filter<HoistedRule, nodes>;
  template <Stage S>
  using slots_of = filter<SlotRule<S>, nodes>;

  // Numbers in the slots of a stage.
  template <Stage S>
  static constexpr i64 slot_dim = offset_of<void>(slots_of<S>{});
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
