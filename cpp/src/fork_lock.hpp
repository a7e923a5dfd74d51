// Locks that a forked child finds free.
//
// A child has none of its parent's other threads, so what they hold when it is made is held for
// ever. A fork therefore waits for whoever holds one of these; the thread that does may itself
// fork.
// A fork takes them all, in no order that is known here: take none while you hold another.
#pragma once
#include <pthread.h>

#include <mutex>

namespace keopsnb {

// Holds the one mutex of a tag.
template <class Tag>
class ForkLock {
 public:
  ForkLock() {
    static const bool watched = pthread_atfork(before, after, after) == 0;
    (void)watched;
    mutex_.lock();
    mine_ = true;
  }
  ~ForkLock() {
    mine_ = false;
    mutex_.unlock();
  }
  ForkLock(const ForkLock&) = delete;
  ForkLock& operator=(const ForkLock&) = delete;

 private:
  static void before() {
    if (!mine_) mutex_.lock();
  }
  static void after() {
    if (!mine_) mutex_.unlock();
  }

  static inline std::mutex mutex_;
  static inline thread_local bool mine_ = false;
};

}  // namespace keopsnb
