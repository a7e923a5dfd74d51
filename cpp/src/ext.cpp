// The extension module keopsnb._core.
#include "bind/bind.hpp"

NB_MODULE(_core, m) {
  m.doc() = "Formulas, kernels and threads of keopsnb; use keopsnb.numpy and keopsnb.torch.";
  m.attr("__version__") = KEOPSNB_VERSION;
  keopsnb::bind_errors(m);
  keopsnb::bind_catalogue(m);
  keopsnb::bind_info(m);
  keopsnb::bind_routine(m);
}
