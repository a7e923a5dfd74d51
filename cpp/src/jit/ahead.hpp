// Kernels made ahead of time: stores that are shipped, and named in KEOPSNB_KERNEL_PATH. Their keys
// hold the source, the headers, the flags and what is compiled for, but no compiler: a machine
// without any runs them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cache.hpp"
#include "library.hpp"

namespace keopsnb::jit {

// The folders that KEOPSNB_KERNEL_PATH names. One that is missing is left out, as in PATH. Throws
// CacheError when others could write to one.
std::vector<Store> ahead_stores();

// The kernel of this source for this machine's CPU, the best there is; null if there is none.
std::shared_ptr<const Library> find_ahead(const std::string& source);

// Compiles for the CPU "native" (or "cpu": this machine's) or, on x86-64, "x86-64", "x86-64-v2",
// "-v3" and "-v4" (every CPU of that level), into `folder`. Returns the object's path. Throws
// CompileError, CacheError, Interrupted, and std::invalid_argument on another target.
std::string build(const std::string& source, const std::string& target, const std::string& folder,
                  const Interrupt& interrupt);

}  // namespace keopsnb::jit
