// Calls, and the end of the interpreter.
//
// Up to Python 3.13 a thread that asks for the GIL of an interpreter that ends is unwound by force,
// which ends the process with an error where a function that lets no exception pass is on its way.
// So, from the moment that Python runs what is registered with `atexit`, threads that come back to
// Python stop here for ever, as those of Python 3.14 do; and Python waits for those on their way.
#pragma once
#include <nanobind/nanobind.h>

namespace keopsnb {

// A call that may give the GIL away, in this module or in those it calls. Made with the GIL.
class Call {
 public:
  Call();
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
};

// Work without the GIL, within a Call.
class WithoutGil {
 public:
  WithoutGil();
  ~WithoutGil();
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

// Some work with the GIL, within one without it.
class WithGil {
 public:
  WithGil();
  ~WithGil();
  WithGil(const WithGil&) = delete;
  WithGil& operator=(const WithGil&) = delete;

 private:
  PyGILState_STATE state_;
};

}  // namespace keopsnb
