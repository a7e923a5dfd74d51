// The C++ compiler of this machine: finding it, and turning a source file into a shared object.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "process.hpp"

namespace keopsnb::jit {

struct HostCompiler {
  std::vector<std::string> command;  // absolute path of the program, then the user's own arguments
  std::string version;               // what --version prints
};

// The first that answers --version: KEOPSNB_CXX (binding: if set, no other is tried), CXX, c++,
// g++, clang++. Found once for each value of these variables and PATH; throws CompileError.
const HostCompiler& host_compiler();

// All flags that bear on the machine code, in order, as tried first; part of a cache key.
std::vector<std::string> host_flags();

// The CPU's name, and the instruction sets of it that kernels may use, for people.
std::string cpu_name();
std::string cpu_instructions();

// Names all that code compiled for the "native" CPU may depend on; part of a cache key.
const std::string& cpu_identity();

// Why a compiler made no object.
struct Refusal {
  std::string command, status, log;
};

// Throws CompileError; `source` and `log` are the paths of the kept texts.
[[noreturn]] void throw_refused(const Refusal& refusal, const std::string& source,
                                const std::string& log);

struct Compilation {
  std::string source, object, include_folder;  // paths
  std::string temporary_folder;                // for the compiler's own files
  std::string flags;                           // more flags, separated by blanks
  std::string precompiled = "";                // headers read before the source; none if ""
};

// Makes the shared object. Flags this compiler or its linker does not know are given up, down to
// code for the baseline of the architecture. Throws Interrupted.
std::optional<Refusal> compile_shared(const HostCompiler& compiler, const Compilation& job,
                                      const Interrupt& interrupt);

// What a compiler makes of a source: the object, or, of headers, what g++ reads faster.
enum class Product { object, headers };

// With the wanted flags, or not at all.
std::optional<Refusal> compile_as_wanted(const HostCompiler& compiler, const Compilation& job,
                                         Product product, const Interrupt& interrupt);

}  // namespace keopsnb::jit
