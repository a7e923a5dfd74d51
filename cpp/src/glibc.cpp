// A module built on a recent Linux runs on those with glibc 2.28 too: libstdc++ is linked into it,
// and what glibc gave new versions since is defined here, over the versions that it keeps.
#if defined(__linux__)
#include <features.h>
#endif
#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__))
#if __GLIBC_PREREQ(2, 34)
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

// The first version of glibc for this processor, and of its struct stat.
#if defined(__x86_64__)
#define FIRST_GLIBC "GLIBC_2.2.5"
static constexpr int stat_version = 1;
#else
#define FIRST_GLIBC "GLIBC_2.17"
static constexpr int stat_version = 0;
#endif

// first_NAME is NAME as that first version had it. All of them have C's calling convention.
#define FIRST(result, name, ...)                              \
  __asm__(".symver first_" #name ", " #name "@" FIRST_GLIBC); \
  result first_##name(__VA_ARGS__) noexcept

extern "C" {
FIRST(void*, dlopen, const char*, int);
FIRST(void*, dlsym, void*, const char*);
FIRST(int, dlclose, void*);
FIRST(char*, dlerror, );
FIRST(int, dladdr, const void*, Dl_info*);
FIRST(int, pthread_create, pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
FIRST(int, pthread_attr_setstacksize, pthread_attr_t*, size_t);
FIRST(int, pthread_once, pthread_once_t*, void (*)());
FIRST(int, pthread_key_create, pthread_key_t*, void (*)(void*));
FIRST(int, pthread_sigmask, int, const sigset_t*, sigset_t*);
FIRST(int, __xstat, int, const char*, struct stat*);
FIRST(int, __lxstat, int, const char*, struct stat*);
FIRST(int, __fxstat, int, int, struct stat*);

#pragma GCC visibility push(hidden)
// libstdc++ asks this before it leaves out atomic operations, which it never may.
char __libc_single_threaded = 0;

void* dlopen(const char* file, int mode) noexcept { return first_dlopen(file, mode); }
void* dlsym(void* handle, const char* name) noexcept { return first_dlsym(handle, name); }
int dlclose(void* handle) noexcept { return first_dlclose(handle); }
char* dlerror() noexcept { return first_dlerror(); }
int dladdr(const void* address, Dl_info* info) noexcept { return first_dladdr(address, info); }
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) noexcept {
  return first_pthread_create(thread, attributes, run, argument);
}
int pthread_attr_setstacksize(pthread_attr_t* attributes, size_t size) noexcept {
  return first_pthread_attr_setstacksize(attributes, size);
}
int pthread_once(pthread_once_t* once, void (*run)()) { return first_pthread_once(once, run); }
int pthread_key_create(pthread_key_t* key, void (*destroy)(void*)) noexcept {
  return first_pthread_key_create(key, destroy);
}
int __pthread_key_create(pthread_key_t* key, void (*destroy)(void*)) noexcept {
  return first_pthread_key_create(key, destroy);
}
int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) noexcept {
  return first_pthread_sigmask(how, set, old);
}
int stat(const char* path, struct stat* out) noexcept {
  return first___xstat(stat_version, path, out);
}
int lstat(const char* path, struct stat* out) noexcept {
  return first___lxstat(stat_version, path, out);
}
int fstat(int file, struct stat* out) noexcept { return first___fxstat(stat_version, file, out); }
// The same structure on these processors.
int fstat64(int file, struct stat64* out) noexcept {
  return fstat(file, reinterpret_cast<struct stat*>(out));
}

// New in 2.30: waits on the clock that conditions have, until as much time has passed.
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  constexpr long second = 1'000'000'000;
  timespec now, end;
  clock_gettime(clock, &now);
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += until->tv_sec - now.tv_sec;
  end.tv_nsec += until->tv_nsec - now.tv_nsec;
  if (end.tv_nsec < 0) end.tv_nsec += second, --end.tv_sec;
  if (end.tv_nsec >= second) end.tv_nsec -= second, ++end.tv_sec;
  return pthread_cond_timedwait(condition, mutex, &end);
}
#pragma GCC visibility pop
}
#endif
#endif
