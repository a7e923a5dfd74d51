// The headers as g++ keeps them once it has read them: to read them is most of the time that a
// short kernel takes to compile.
#pragma once
#include <string>

#include "cache.hpp"
#include "host_compiler.hpp"

namespace keopsnb::jit {

// Making them takes as long as some four kernels save by them. A process does so for its kernel of
// this number, so that a program of a few formulas never waits for them.
constexpr int worthwhile = 8;

// Makes the shared object of a kernel as compile_shared does, with the precompiled headers of the
// store where there are some. Those that the compiler does not read go, and this process makes none
// in their place.
std::optional<Refusal> compile_kernel(const HostCompiler& compiler, const Compilation& job,
                                      const Store& store, const WorkFolder& work,
                                      const Interrupt& interrupt);

}  // namespace keopsnb::jit
