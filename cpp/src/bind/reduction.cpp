// The class keopsnb._core.Reduction.
#include "reduction/reduction.hpp"

#include <nanobind/stl/variant.h>

#include <algorithm>

#include "bind/bind.hpp"
#include "bind/routine.hpp"
#include "bind/tensors.hpp"

namespace keopsnb {
namespace {

Axis axis_of(i64 axis) {
  if (axis < 0 || axis > 2)
    throw std::invalid_argument("axis is " + std::to_string(axis) +
                                "; write axis=1 to reduce over j (the result is indexed by i) or "
                                "axis=0 to reduce over i (the result is indexed by j).");
  return static_cast<Axis>(axis);
}

std::optional<i64> option_of(nb::handle option) {
  if (option.is_none()) return std::nullopt;
  return integer_of(option, "opt_arg");
}

// A reduction that another one has made and owns.
nb::object owned(const Reduction& reduction, nb::handle owner) {
  if (const nb::object known = nb::find(reduction)) return known;
  // Python knows no const.
  return nb::inst_reference(nb::type<Reduction>(), const_cast<Reduction*>(&reduction), owner);
}
template <const Reduction& (Reduction::*Member)() const>
nb::object owned(nb::handle self) {
  return owned((nb::cast<const Reduction&>(self).*Member)(), self);
}

nb::list gradients(nb::handle self, const std::vector<bool>& needed, bool joined) {
  nb::list all;
  for (const Gradients& some : nb::cast<const Reduction&>(self).gradients(needed, joined))
    all.append(
        nb::make_tuple(owned(*some.sum, self), some.positions, some.dims, some.of_parameters));
  return all;
}

// The gradients in the variables that need one, of a call over all pairs of tensors in memory,
// where no graph is made of it; None where parts of them are put together in Python.
nb::object gradients_now(const Reduction& self, nb::tuple saved, nb::handle e,
                         const std::vector<bool>& needed, nb::handle backend,
                         nb::handle device_id) {
  const std::vector<Gradients>& sums = self.gradients(needed, true);
  const auto apart = [](const Gradients& some) { return some.of_parameters > 0; };
  if (self.axis() == Axis::both || std::ranges::any_of(sums, apart)) return nb::none();
  nb::list given(saved);
  given.append(e);
  if (wants_graph(given) != false) return nb::none();
  nb::list found;
  for (std::size_t k = 0; k < needed.size(); ++k) found.append(nb::none());
  for (const Gradients& some : sums) {
    const nb::object columns =
        call(*some.sum, torch_tensors(), nb::tuple(given), nb::none(), backend, device_id, nullptr);
    const std::vector<nb::object> all = side_by_side(columns, some.dims);
    for (std::size_t n = 0; n < all.size(); ++n) {
      const std::size_t k = some.positions[n];
      const bool parameter = self.category_of(k) == parse::Category::parameter;
      found[k] = fitted(all[n], saved[k], parameter);
    }
  }
  return found;
}

nb::list parts(nb::handle self) {
  nb::list all;
  for (const OwnReduction& one : nb::cast<const Reduction&>(self).parts())
    all.append(owned(*one, self));
  return all;
}

nb::list kernels(nb::handle self, const std::vector<bool>& needed) {
  nb::list all;
  for (const Reduction* one : nb::cast<const Reduction&>(self).kernels(needed))
    all.append(owned(*one, self));
  return all;
}

nb::tuple categories(const Reduction& reduction) {
  nb::list all;
  for (const parse::Variable& v : reduction.program().variables)
    all.append(static_cast<int>(v.category));
  return nb::tuple(all);
}

}  // namespace

void bind_reduction(nb::module_& m) {
  nb::class_<Reduction, Routine>(m, "Reduction",
                                 "A reduction of a formula, and those that its derivatives are.")
      .def(
          "__init__",
          [](Reduction* self, const FormulaOrText& formula, std::vector<std::string> aliases,
             std::string reduction, nb::handle axis, const std::optional<FormulaOrText>& weight,
             nb::handle option, bool compensated, bool fast_math, bool rowwise, std::string header,
             bool kept) {
            RoutineSpec spec{.formula = source_of(formula),
                             .aliases = std::move(aliases),
                             .reduction = std::move(reduction),
                             .axis = axis_of(integer_of(axis, "axis")),
                             .option = option_of(option),
                             .compensated = compensated,
                             .fast_math = fast_math,
                             .rowwise = rowwise,
                             .header = std::move(header)};
            if (weight) spec.weight = source_of(*weight);
            new (self) Reduction(std::move(spec), kept);
          },
          nb::arg("formula"), nb::arg("aliases"), nb::arg("reduction") = "Sum", nb::arg("axis") = 0,
          nb::arg("weight") = nb::none(), nb::arg("option").none() = nb::none(),
          nb::arg("compensated") = false, nb::arg("fast_math") = false, nb::arg("rowwise") = false,
          nb::arg("header") = "", nb::arg("kept") = false,
          nb::sig("def __init__(self, formula: str | Expr, aliases: collections.abc.Sequence[str], "
                  "reduction: str = 'Sum', axis: int = 0, weight: str | Expr | None = None, "
                  "option: int | None = None, compensated: bool = False, fast_math: bool = False, "
                  "rowwise: bool = False, header: str = '', kept: bool = False) "
                  "-> None"),
          "Parses and checks. `axis` is the index reduced over: 0 is i, 1 is j, 2 is both. `kept`: "
          "with what its\nderivatives take behind the result.")
      .def_prop_ro("name", &Reduction::name, "The value of reduction_op.")
      .def_prop_ro(
          "axis", [](const Reduction& r) { return static_cast<int>(r.axis()); },
          "The index reduced over: 0 is i, 1 is j, 2 is both.")
      .def_prop_ro(
          "result_category",
          [](const Reduction& r) { return static_cast<int>(result_category(r.axis())); },
          "That of its result among `categories`: the index not reduced over, or 2 where it is "
          "both.")
      .def_prop_ro("rowwise", &Reduction::is_rowwise,
                   "Whether row k of all i- and j-variables belongs together.")
      .def_prop_ro("compensated", &Reduction::is_compensated,
                   "Whether no rounding error accumulates.")
      .def_prop_ro("option", &Reduction::given_option, "opt_arg, as it was given.")
      .def_prop_ro("categories", &categories, nb::sig("def categories(self) -> tuple[int, ...]"),
                   "Those of the variables: 0: i, 1: j, 2: parameter.")
      .def_prop_ro("compiled", &Reduction::compiled,
                   "Whether it is a kernel; if not, it is made of others.")
      .def_prop_ro("differentiable", &Reduction::differentiable, "Whether it has derivatives.")
      .def_prop_ro("picks", &Reduction::picks, "Whether its results are terms that it picks.")
      .def_prop_ro("has_terms", &Reduction::has_terms, "Whether its derivatives are sums.")
      .def_prop_ro("takes_rows", &Reduction::takes_rows,
                   "Whether these take the rows of its result.")
      .def_prop_ro("keeps", &Reduction::keeps, "Whether these take what `kept` has and it has not.")
      .def_prop_ro("kept", &owned<&Reduction::kept>, nb::sig("def kept(self) -> Reduction"),
                   "The same with what its derivatives take behind the result.")
      .def("gradients", &gradients, nb::arg("needed"), nb::arg("joined") = false,
           nb::sig("def gradients(self, needed: collections.abc.Sequence[bool], joined: bool = "
                   "False) -> list[tuple[Reduction, list[int], list[int], int]]"),
           "The sums that give the gradients in the variables that need them, each with the "
           "positions of\nits variables, their dimensions, and how many of the last columns are "
           "still to be summed over the rows.\nIf `joined`, gradients in few parameters share the "
           "sum of others.")
      .def("gradients_now", &gradients_now, nb::arg("saved"), nb::arg("e"), nb::arg("needed"),
           nb::arg("backend"), nb::arg("device_id"),
           nb::sig(
               "def gradients_now(self, saved: tuple[typing.Any, ...], e: typing.Any, needed: "
               "collections.abc.Sequence[bool], backend: str, device_id: int) -> list[typing.Any] "
               "| None"),
           "The gradients in the variables that need one, for the gradient e of a result over all "
           "pairs, of\ntensors of torch. None where parts of them are put together first, or a "
           "graph is to be made of them.")
      .def(
          "tangent",
          [](nb::handle self, const std::vector<bool>& given) {
            return owned(nb::cast<const Reduction&>(self).tangent(given), self);
          },
          nb::arg("given"),
          nb::sig("def tangent(self, given: collections.abc.Sequence[bool]) -> Reduction"),
          "The sum that gives the derivative along tangents of these variables.")
      .def_prop_ro("picked", &owned<&Reduction::picked>, nb::sig("def picked(self) -> Reduction"),
                   "The values that it picks, and indices.")
      .def_prop_ro("at_rows", &owned<&Reduction::rowwise>,
                   nb::sig("def at_rows(self) -> Reduction"),
                   "The formula at rows of all variables that belong together.")
      .def(
          "widened",
          [](nb::handle self, std::size_t position, i64 dim) {
            const Reduction* found = nb::cast<const Reduction&>(self).widened(position, dim);
            return found ? owned(*found, self) : nb::none();
          },
          nb::arg("position"), nb::arg("dim"),
          nb::sig("def widened(self, position: int, dim: int) -> Reduction | None"),
          "The same with another dimension of a variable; None where the formula is not a kernel "
          "of\ndimension 1 times that variable, which goes with any.")
      .def_prop_ro(
          "parts", &parts, nb::sig("def parts(self) -> list[Reduction]"),
          "What it is made of: the maximum; the sum, which takes that too; both side by side.")
      .def("kernels", &kernels, nb::arg("needed"),
           nb::sig("def kernels(self, needed: collections.abc.Sequence[bool]) -> list[Reduction]"),
           "What is compiled for its gradients in the variables that need them, besides itself.")
      .def_prop_ro("text", &Reduction::text, "Its formula as text, over `aliases`.")
      .def_prop_ro("aliases", &Reduction::aliases, "Its variables, as \"x=Var(0,3,0)\".")
      .def_prop_ro("key", &Reduction::key, "What it is made of, as a list in JSON.");
}

}  // namespace keopsnb
