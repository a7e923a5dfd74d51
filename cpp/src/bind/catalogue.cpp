// The catalogue of operations, for documentation and tests.
#include "catalogue.hpp"

#include "bind/bind.hpp"

namespace keopsnb {

void bind_catalogue(nb::module_& m) {
  nb::class_<Row>(m, "Operation", "One operation of the formula language.")
      .def_ro("name", &Row::name, "Its name in a formula.")
      .def_ro("call", &Row::call, "Its name in C++.")
      .def_ro("signature", &Row::signature, "Dimensions of operands and result.")
      .def_ro("operands", &Row::operands, "Number of formulas it takes; -1 for one or more.")
      .def_ro("ints", &Row::ints, "Number of integers it takes, after the formulas.")
      .def_ro("domain", &Row::domain, "Intervals where its operands may be drawn from, in tests.")
      .def_ro("reference", &Row::reference, "The same value as a NumPy expression.")
      .def_ro("sentence", &Row::sentence, "What it computes.")
      .def_ro("partials", &Row::partials, "Derivative in each operand, if it is elementwise.")
      .def("__repr__", [](const Row& row) {
        return std::string("<Operation ") + row.name + ": " + row.signature + ">";
      });
  m.def(
      "catalogue",
      [] {
        nb::list rows;
        for (const Row& row : catalogue()) rows.append(nb::cast(&row, nb::rv_policy::reference));
        return rows;
      },
      nb::sig("def catalogue() -> list[Operation]"), "All operations of the formula language.");
}

}  // namespace keopsnb
