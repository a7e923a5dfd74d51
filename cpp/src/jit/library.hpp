// From a C++ source text to a loaded kernel.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "errors.hpp"
#include "process.hpp"

namespace keopsnb::jit {

// Of shared objects, on all systems: Python's own.
inline constexpr std::string_view library_extension = ".so";

// A loaded shared object. Function pointers into it are valid as long as it lives.
class Library {
 public:
  // Throws CompileError with the loader's words.
  explicit Library(const std::string& path);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  // Address of an exported symbol; throws CompileError when there is none of that name.
  void* symbol(const char* name) const;
  template <class F>
  F* function(const char* name) const {
    return reinterpret_cast<F*>(symbol(name));
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  void* handle_ = nullptr;
};

// The library of this source: from the folders that KEOPSNB_KERNEL_PATH names, else from the cache
// on disk, else compiled. Without a compiler that works, one that another compiler made of the same
// source for this CPU will do. Throws CompileError, CacheError, Interrupted.
std::shared_ptr<const Library> load(const std::string& source, const Interrupt& interrupt = {});

}  // namespace keopsnb::jit
