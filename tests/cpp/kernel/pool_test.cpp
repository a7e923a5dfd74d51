#include <launch/pool.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <launch/cpu_count.hpp>
#include "check.hpp"

using keopsnb::i64;
using keopsnb::Pool;
using namespace std::chrono_literals;

namespace {

// TSan cannot follow a thread made in the child of a process that had threads.
#if defined(__SANITIZE_THREAD__)
constexpr bool can_fork = false;
#elif defined(__has_feature)
constexpr bool can_fork = !__has_feature(thread_sanitizer);
#else
constexpr bool can_fork = true;
#endif

Pool& pool() { return Pool::instance(); }

// Result of `body` in a forked child: true if it returned true within 20 s.
template <class Body>
bool in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(body() ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

template <class Condition>
bool soon(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(100us);
  }
  return true;
}

bool covers(i64 tasks) {
  std::vector<std::atomic<int>> calls(static_cast<std::size_t>(tasks));
  pool().run(tasks, [&](i64 task) { calls[static_cast<std::size_t>(task)].fetch_add(1); });
  for (auto& count : calls)
    if (count.load() != 1) return false;
  return true;
}

// A value read before anything else has asked for the number of threads.
void environment_sets_the_count() {
  const auto count_with = [](const char* text) {
    setenv("KEOPSNB_NUM_THREADS", text, 1);
    return pool().threads();
  };
  CHECK(in_child([&] { return count_with("3") == 3; }));
  CHECK(in_child([&] { return count_with("") == keopsnb::available_cpus(); }));
  CHECK(in_child([&] {
    try {
      count_with("many");
    } catch (const std::invalid_argument& error) {
      return std::string(error.what()).find("\"many\"") != std::string::npos;
    }
    return false;
  }));
  for (const char* bad : {"0", "-1", "2x", " 2", "1.5", "99999999999"})
    CHECK_THROWS(std::invalid_argument, bad, keopsnb::parse_count(bad, "NAME", "threads"));
  for (int count : {1, 2, 64}) {
    const std::string text = std::to_string(count);
    CHECK(keopsnb::parse_count(text.c_str(), "NAME", "threads") == count);
  }
}

void each_task_runs_once() {
  for (int threads : {1, 2, 3, 8}) {
    pool().set_threads(threads);
    CHECK(pool().threads() == threads);
    for (i64 tasks : {0, 1, 2, 3, 7, 64, 1000}) CHECK(covers(tasks));
  }
  CHECK_THROWS(std::invalid_argument, "is 0", pool().set_threads(0));
  CHECK_THROWS(std::invalid_argument, "is -2", pool().set_threads(-2));
}

// n tasks that wait for one another end only if n threads take part; with one thread, it is ours.
void as_many_threads_as_asked() {
  for (int threads : {2, 3, 5, 2}) {
    pool().set_threads(threads);
    std::atomic<int> here{0};
    std::atomic<bool> met{true};
    pool().run(threads, [&](i64) {
      ++here;
      if (!soon([&] { return here.load() == threads; })) met = false;
    });
    CHECK(met.load());
  }
  for (int threads : {1, 2, 4}) {
    pool().set_threads(threads);
    std::atomic<int> now{0}, most{0};
    pool().run(64, [&](i64) {
      const int with_me = ++now;
      for (int seen = most; seen < with_me && !most.compare_exchange_weak(seen, with_me);) {
      }
      std::this_thread::sleep_for(200us);
      --now;
    });
    CHECK(most.load() <= threads);
  }
  pool().set_threads(1);
  const auto me = std::this_thread::get_id();
  pool().run(8, [&](i64) { CHECK(std::this_thread::get_id() == me); });
}

void a_run_inside_a_task_is_serial() {
  for (int threads : {1, 4}) {
    pool().set_threads(threads);
    std::atomic<int> wrong{0};
    pool().run(16, [&](i64) {
      const auto me = std::this_thread::get_id();
      i64 expected = 0;
      pool().run(10, [&](i64 task) {
        if (task != expected++ || std::this_thread::get_id() != me) ++wrong;
      });
      if (expected != 10) ++wrong;
    });
    CHECK(wrong.load() == 0);
  }
}

void exceptions_reach_the_caller() {
  for (int threads : {1, 2, 4}) {
    pool().set_threads(threads);
    CHECK_THROWS(std::runtime_error, "task 3", pool().run(10, [](i64 task) {
      if (task == 3) throw std::runtime_error("task 3");
    }));
    std::atomic<int> begun{0};
    CHECK_THROWS(std::runtime_error, "each", pool().run(1000, [&](i64) {
      ++begun;
      throw std::runtime_error("each");
    }));
    CHECK(begun.load() >= 1 && begun.load() <= threads);
    CHECK(covers(100));
  }
}

void callers_do_not_wait_for_each_other() {
  pool().set_threads(3);
  // The first caller's tasks hold it and all workers until the second caller's run is over.
  std::atomic<int> held{0};
  std::atomic<bool> second_done{false}, released{true};
  std::thread first([&] {
    pool().run(3, [&](i64) {
      ++held;
      if (!soon([&] { return second_done.load(); })) released = false;
    });
  });
  CHECK(soon([&] { return held.load() == 3; }));
  CHECK(covers(50));
  second_done = true;
  first.join();
  CHECK(released.load());

  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&wrong, caller] {
      for (int i = 0; i < 200; ++i)
        if (!covers(1 + (i * 7 + caller) % 40)) ++wrong;
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong.load() == 0);
}

void signals_are_for_the_application() {
  pool().set_threads(3);
  const auto me = pthread_self();
  std::atomic<int> workers{0}, open{0};
  pool().run(3, [&](i64) {
    const int here = ++workers;
    soon([&] { return workers.load() == 3; });
    if (here == 0 || pthread_equal(pthread_self(), me)) return;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int signal : {SIGINT, SIGTERM, SIGCHLD, SIGALRM})
      if (!sigismember(&mask, signal)) ++open;
  });
  CHECK(workers.load() == 3);
  CHECK(open.load() == 0);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CHECK(!sigismember(&mask, SIGINT));
}

void a_forked_child_starts_anew() {
  if (!can_fork) return;
  pool().set_threads(3);
  covers(100);
  const auto meet = [] {
    std::atomic<int> here{0};
    std::atomic<bool> met{true};
    pool().run(3, [&](i64) {
      ++here;
      if (!soon([&] { return here.load() == 3; })) met = false;
    });
    return met.load() && covers(100);
  };
  CHECK(in_child(meet));
  // ... and while another thread is calling.
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) pool().run(20, [](i64) {});  // no allocation: its locks are not what is tested
  });
  for (int i = 0; i < 20; ++i) CHECK(in_child([] { return covers(100); }));
  stop = true;
  busy.join();
  CHECK(meet());
}

void idle_workers_sleep() {
  pool().set_threads(4);
  covers(1000);
  std::this_thread::sleep_for(5ms);
  const auto used = [] {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return 1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) +
           static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
  };
  const double before = used();
  std::this_thread::sleep_for(300ms);
  CHECK(used() - before < 0.03);
}

}  // namespace

int main() {
  environment_sets_the_count();
  each_task_runs_once();
  as_many_threads_as_asked();
  a_run_inside_a_task_is_serial();
  exceptions_reach_the_caller();
  callers_do_not_wait_for_each_other();
  signals_are_for_the_application();
  a_forked_child_starts_anew();
  idle_workers_sleep();
  return report("pool");
}
