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

// The precompiled headers of a store for this compiler, whose name stands for them behind
// `-include`; "" where there are none yet, or another process is making them.
std::string precompiled_headers(const Store& store, const WorkFolder& work,
                                const HostCompiler& compiler, const Interrupt& interrupt);

// Whether a compiler that refused a source may have done so for the precompiled headers it was
// given.
bool blames_precompiled(const Refusal& refusal, const std::string& name);

// The compiler does not read them: they go, and this process makes none in their place.
void refuse_precompiled(const std::string& name);

}  // namespace keopsnb::jit
