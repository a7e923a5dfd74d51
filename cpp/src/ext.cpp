// The extension module keopsnb._core.
#include <cstdlib>

#include "bind/bind.hpp"

NB_MODULE(_core, m) {
  // Objects that torch still holds when the interpreter ends are no leak of ours, and importing
  // this module must print nothing; the tests ask for the warnings.
  nb::set_leak_warnings(std::getenv("KEOPSNB_LEAK_WARNINGS") != nullptr);
  m.doc() = "Formulas, kernels and threads of keopsnb; use keopsnb.numpy and keopsnb.torch.";
  m.attr("__version__") = KEOPSNB_VERSION;
  keopsnb::bind_errors(m);
  keopsnb::bind_catalogue(m);
  keopsnb::bind_graph(m);
  keopsnb::bind_symbolic(m);
  keopsnb::bind_info(m);
  keopsnb::bind_cuda(m);
  keopsnb::bind_ranges(m);
  keopsnb::bind_routine(m);
  keopsnb::bind_reduction(m);
  keopsnb::bind_options(m);
  keopsnb::bind_interpreter(m);
}
