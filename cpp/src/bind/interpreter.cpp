#include "bind/interpreter.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "bind/bind.hpp"

namespace keopsnb {
namespace {

std::atomic<bool> ending{false};
std::thread::id last_thread;    // the one that ends the interpreter; set before `ending`
std::atomic<int> returning{0};  // threads that wait for the GIL, or have it, within WithoutGil
int calling = 0, away = 0;      // threads in a Call, with the GIL and without; under the GIL

bool too_late() { return ending.load() && std::this_thread::get_id() != last_thread; }

[[noreturn]] void stop() {
  for (;;) pause();
}

// Raises `returning`, unless it is too late for the GIL. Either end() sees it raised, and waits, or
// it is seen here that the end has begun.
void ask_for_gil() {
  returning.fetch_add(1);
  if (!too_late()) return;
  returning.fetch_sub(1);
  stop();
}

// Registered with atexit. Threads that are about to return to Python do so now.
void end() {
  last_thread = std::this_thread::get_id();
  ending.store(true);
  constexpr int most = 2000;  // milliseconds: what waits longer does not wait for us
  for (int k = 0; k < most && (returning.load() > 0 || calling > 0); ++k) {
    const nb::gil_scoped_release release;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (away > 0) nb::set_leak_warnings(false);  // what stopped threads hold is not given back
}

}  // namespace

Call::Call() {
  if (too_late()) {
    PyEval_SaveThread();
    stop();
  }
  ++calling;
}
Call::~Call() { --calling; }

WithoutGil::WithoutGil() {
  --calling, ++away;
  state_ = PyEval_SaveThread();
}
WithoutGil::~WithoutGil() {
  ask_for_gil();
  PyEval_RestoreThread(state_);
  ++calling, --away;
  returning.fetch_sub(1);
}

WithGil::WithGil() {
  ask_for_gil();
  state_ = PyGILState_Ensure();
}
WithGil::~WithGil() {
  PyGILState_Release(state_);
  returning.fetch_sub(1);
}

void bind_interpreter(nb::module_& m) {
  // A child has none of the other threads.
  pthread_atfork(nullptr, nullptr, [] { returning = calling = away = 0; });
  m.def("_end", &end, "Lets no thread return to an interpreter that ends.");
  nb::module_::import_("atexit").attr("register")(m.attr("_end"));
}

}  // namespace keopsnb
