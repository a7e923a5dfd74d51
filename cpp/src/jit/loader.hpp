// The system's dynamic loader.
//
// In a child forked while another thread was in it, glibc's own lock would stay held: forks wait.
#pragma once
#include <dlfcn.h>

#include <string>

#include "fork_lock.hpp"

namespace keopsnb::jit {

struct Loader;

// The handle of a shared object, or null and `why` in the loader's words.
inline void* open_shared(const std::string& path, std::string& why, int flags = RTLD_LOCAL) {
  const ForkLock<Loader> lock;
  if (void* handle = dlopen(path.c_str(), RTLD_NOW | flags)) return handle;
  const char* words = dlerror();
  why = words != nullptr ? words : "dlopen gave no reason";
  return nullptr;
}

inline void close_shared(void* handle) {
  const ForkLock<Loader> lock;
  dlclose(handle);
}

}  // namespace keopsnb::jit
