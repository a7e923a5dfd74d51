// The headers as g++ keeps them once it has read them: to read them is most of the time that a
// short kernel takes to compile.
#pragma once
#include <string>

#include "cache.hpp"
#include "host_compiler.hpp"

namespace keopsnb::jit {

// The precompiled headers of a store for this compiler, whose name stands for them behind
// `-include`; "" if there are none. Making them takes as long as some four kernels save by them, so
// that the fourth kernel of a process does, where no process did before.
std::string precompiled_headers(const Store& store, const WorkFolder& work,
                                const HostCompiler& compiler, const Interrupt& interrupt);

// The compiler does not read them: no kernel of this process takes them any more.
void refuse_precompiled();

}  // namespace keopsnb::jit
