// The module's own threads.
#pragma once
#include <memory>
#include <type_traits>
#include <utility>

#include <keopsnb/config.hpp>

namespace keopsnb {

// A callable passed by reference: two words, no allocation. The callable must outlive the call.
template <class Signature>
class FunctionRef;
template <class R, class... A>
class FunctionRef<R(A...)> {
 public:
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
             std::is_invocable_r_v<R, F&, A...>)
  FunctionRef(F&& f)
      : object_(const_cast<void*>(static_cast<const volatile void*>(std::addressof(f)))),
        call_([](void* object, A... a) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<A>(a)...);
        }) {}
  R operator()(A... a) const { return call_(object_, std::forward<A>(a)...); }

 private:
  void* object_;
  R (*call_)(void*, A...);
};

// Law: run(n, f) calls f(0) ... f(n-1), each exactly once, and returns when all have returned. The
// calling thread takes part and needs no other to finish, so any number of callers make progress;
// workers help them in the order they came. A run inside a task is serial. After an exception no
// further task begins, and the first one is rethrown to the caller.
class Pool {
 public:
  static Pool& instance();

  // Threads a run may use, the caller's included: the last set_threads, else KEOPSNB_NUM_THREADS,
  // else the CPUs this process may use. Throws std::invalid_argument on a bad KEOPSNB_NUM_THREADS.
  int threads();
  void set_threads(int count);

  void run(i64 tasks, FunctionRef<void(i64 task)> body);

 private:
  Pool() = default;
};

}  // namespace keopsnb
