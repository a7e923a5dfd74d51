// The catalogue of operations, for documentation and tests.
#include <nanobind/stl/string_view.h>

#include <catalogue/operations.hpp>
#include <catalogue/reductions.hpp>

#include "bind/bind.hpp"
#include "launch/array.hpp"
#include "reduction/laws.hpp"

namespace keopsnb {

bool picks(const ReductionRow& row) {
  if (row.gives == Gives::indices || row.gives == Gives::both || !*row.call) return true;
  const law::Law* const law = law::find(row.call);
  return law && law->picks;
}

void bind_catalogue(nb::module_& m) {
  nb::class_<OperationRow>(m, "Operation", "One operation of the formula language.")
      .def_ro("name", &OperationRow::name, "Its name in a formula.")
      .def_ro("call", &OperationRow::call, "Its name in C++.")
      .def_ro("signature", &OperationRow::signature, "Dimensions of operands and result.")
      .def_ro("operands", &OperationRow::operands,
              "Number of formulas it takes; -1 for one or more.")
      .def_ro("ints", &OperationRow::ints, "Number of integers it takes, after the formulas.")
      .def_ro("optional", &OperationRow::optional, "How many of the last integers may be left out.")
      .def_ro("lists", &OperationRow::lists,
              "Number of lists of integers it takes, after the formulas.")
      .def_ro("optional_lists", &OperationRow::optional_lists,
              "How many of the last may be left out.")
      .def_ro("index", &OperationRow::index,
              "The operand that has to be a variable of integers, or -1.")
      .def_ro("cases", &OperationRow::cases, "Dimensions and other arguments, for tests; or \"\".")
      .def_ro("group", &OperationRow::group, "Where it stands in the documentation.")
      .def_ro("domain", &OperationRow::domain,
              "Intervals where its operands may be drawn from, in tests.")
      .def_ro("reference", &OperationRow::reference, "The same value as a NumPy expression.")
      .def_ro("sentence", &OperationRow::sentence, "What it computes.")
      .def_ro("partials", &OperationRow::partials,
              "Derivative in each operand, if it is elementwise.")
      .def_ro("arguments", &OperationRow::arguments,
              "Integers of tests, for operands of dimension D.")
      .def_ro("numpy", &OperationRow::numpy, "NumPy's ufuncs that are this operation.")
      .def_ro("torch", &OperationRow::torch, "PyTorch's functions that are.")
      .def_ro("special", &OperationRow::special, "Python's operator, such as \"__add__\"; or \"\".")
      .def_ro("method", &OperationRow::method,
              "Of symbolic matrices, where it is another than its name.")
      .def("__repr__", [](const OperationRow& row) {
        return std::string("<Operation ") + row.name + ": " + row.signature + ">";
      });
  nb::enum_<Gives>(m, "Gives", "What a reduction gives.")
      .value("values", Gives::values)
      .value("indices", Gives::indices)
      .value("both", Gives::both)
      .value("counts", Gives::counts)
      .value("flags", Gives::flags);
  nb::enum_<Weight>(m, "Weight", "Whether a reduction takes weights.")
      .value("none", Weight::none)
      .value("optional", Weight::optional)
      .value("required", Weight::required);
  nb::class_<ReductionRow>(m, "ReductionRow", "One reduction.")
      .def_ro("name", &ReductionRow::name, "The value of reduction_op.")
      .def_ro("call", &ReductionRow::call, "Its name in C++.")
      .def_ro("sentence", &ReductionRow::sentence, "What it computes.")
      .def_ro("reference", &ReductionRow::reference,
              "The same in NumPy, of f (M, N, D), weights g (M, N, E) and opt_arg n.")
      .def_prop_ro(
          "differentiable",
          [](const ReductionRow& row) { return !*row.call || law::find(row.call); },
          "Whether it has derivatives.")
      .def_prop_ro("picks", &picks,
                   "Whether its results depend on which terms are found along the index.")
      .def_ro("gives", &ReductionRow::gives, "What it gives.")
      .def_ro("weight", &ReductionRow::weight, "Whether it takes weights.")
      .def_ro("sums", &ReductionRow::sums, "Whether its terms are summed.")
      .def_ro("ranked", &ReductionRow::ranked, "Whether it gives opt_arg results a component.")
      .def_ro("option", &ReductionRow::option, "What opt_arg is, or \"\".")
      .def_ro("fallback", &ReductionRow::fallback, "opt_arg where it is not given, or -1.")
      .def_ro("method", &ReductionRow::method, "Of symbolic matrices; or \"\".")
      .def_ro("torch", &ReductionRow::torch, "PyTorch's function of the same axes; or \"\".")
      .def("__repr__",
           [](const ReductionRow& row) { return std::string("<ReductionRow ") + row.name + ">"; });
  nb::class_<DtypeFacts>(m, "Dtype", "A type of numbers or of integers in memory.")
      .def_ro("name", &DtypeFacts::name, "Its name, where NumPy and torch have it.")
      .def_ro("bytes", &DtypeFacts::bytes, "Bytes of each.")
      .def_ro("integer", &DtypeFacts::integer, "Whether it is one of integers.")
      .def_prop_ro(
          "computed",
          [](const DtypeFacts& f) {
            return facts(computed_as(static_cast<Dtype>(&f - dtype_facts.data()))).name;
          },
          "The type that its numbers are computed in.")
      .def("__repr__", [](const DtypeFacts& f) { return "<Dtype " + std::string(f.name) + ">"; });
  m.def(
      "dtypes",
      [] {
        nb::list rows;
        for (const DtypeFacts& row : dtype_facts)
          rows.append(nb::cast(&row, nb::rv_policy::reference));
        return rows;
      },
      nb::sig("def dtypes() -> list[Dtype]"), "All types of numbers and integers in memory.");
  m.def(
      "reductions",
      [] {
        nb::list rows;
        for (const ReductionRow& row : reduction_catalogue())
          rows.append(nb::cast(&row, nb::rv_policy::reference));
        return rows;
      },
      nb::sig("def reductions() -> list[ReductionRow]"), "All reductions.");
  m.def(
      "catalogue",
      [] {
        nb::list rows;
        for (const OperationRow& row : catalogue())
          rows.append(nb::cast(&row, nb::rv_policy::reference));
        return rows;
      },
      nb::sig("def catalogue() -> list[Operation]"), "All operations of the formula language.");
}

}  // namespace keopsnb
