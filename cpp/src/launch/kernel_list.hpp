// The kernels of a routine, loaded once each. Finding takes no lock.
#pragma once
#include "jit/grown_list.hpp"

namespace keopsnb {

template <class Key, class Kernel>
class KernelList : public jit::GrownList<Key, Kernel> {
 public:
  ~KernelList() { this->free(); }
};

}  // namespace keopsnb
