#include "pool.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "cpu_count.hpp"

namespace keopsnb {
namespace {

using Clock = std::chrono::steady_clock;

// A thread watches for its next event so long before it sleeps. Waking a sleeper costs the waker
// about 5 us and the job 30-60 us; watching this long bridges the gap between two calls in a loop.
constexpr std::chrono::microseconds watch_time{50};
constexpr std::size_t stack_bytes = 8 << 20;  // some platforms give threads 128-512 KiB

thread_local bool inside_task = false;

struct InsideTask {
  bool before = std::exchange(inside_task, true);
  ~InsideTask() { inside_task = before; }
};

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield");
#endif
}

template <class Condition>
void watch(Condition&& happened) {
  const auto deadline = Clock::now() + watch_time;
  do {
    for (int i = 0; i < 32; ++i) {
      if (happened()) return;
      pause();
    }
  } while (Clock::now() < deadline);
}

struct Job {
  FunctionRef<void(i64)> body;
  const i64 tasks;
  std::atomic<i64> next{0};     // first task nobody has begun
  std::atomic<int> helpers{0};  // workers that hold a pointer to this job; raised under the mutex
  std::atomic<bool> failed{false};
  std::exception_ptr error{};  // written by the one that sets `failed`

  bool open() const { return next.load(std::memory_order_relaxed) < tasks; }

  void work() noexcept {
    for (i64 task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) {
      try {
        body(task);
      } catch (...) {
        if (!failed.exchange(true)) error = std::current_exception();
        next.store(tasks, std::memory_order_relaxed);
      }
    }
  }
};

struct State {
  std::atomic<int> threads{0};       // 0: not yet known
  std::mutex mutex;                  // guards all below but the atomics
  std::condition_variable wake;      // idle workers
  std::condition_variable finished;  // callers whose helpers are still busy
  std::vector<Job*> jobs;            // oldest first
  std::atomic<unsigned> posted{0};   // jobs ever queued: what idle workers watch
  int workers = 0;                   // exist
  int busy = 0;                      // of them, inside a job
  int watching = 0;                  // of them, about to look at the queue without being woken
  bool watch_pays = true;            // no more threads than CPUs

  Job* claim() {
    if (busy >= threads.load() - 1) return nullptr;
    for (Job* job : jobs)
      if (job->open()) return job;
    return nullptr;
  }

  [[noreturn]] void serve() {
    inside_task = true;
    std::unique_lock lock(mutex);
    for (;;) {
      if (Job* job = claim()) {
        ++busy;
        job->helpers.fetch_add(1, std::memory_order_relaxed);
        lock.unlock();
        job->work();
        lock.lock();
        --busy;
        // The caller may return, and the job vanish, from this line on.
        if (job->helpers.fetch_sub(1, std::memory_order_release) == 1) finished.notify_all();
        continue;
      }
      if (watch_pays) {
        const unsigned seen = posted.load(std::memory_order_relaxed);
        ++watching;
        lock.unlock();
        watch([&] { return posted.load(std::memory_order_relaxed) != seen; });
        lock.lock();
        --watching;
        if (claim() != nullptr) continue;
      }
      wake.wait(lock);
    }
  }

  // Without the right to a new thread the run goes on with those there are.
  void add_workers(int wanted) {
    if (workers >= wanted) return;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    // A thread inherits the mask: signals are for the threads of the application.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const auto enter = [](void* self) -> void* { static_cast<State*>(self)->serve(); };
    pthread_t thread;
    while (workers < wanted && pthread_create(&thread, &attributes, enter, this) == 0) ++workers;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
  }

  void run(Job& job) {
    int to_wake;
    {
      std::lock_guard lock(mutex);
      jobs.push_back(&job);
      posted.fetch_add(1, std::memory_order_relaxed);
      const int most = threads.load() - 1;
      const int helpers = static_cast<int>(std::min<i64>(job.tasks - 1, most));
      add_workers(std::min(busy + helpers, most));
      to_wake = helpers - watching;
    }
    for (int i = 0; i < to_wake; ++i) wake.notify_one();
    {
      InsideTask inside;
      job.work();
    }
    std::unique_lock lock(mutex);
    std::erase(jobs, &job);
    if (job.helpers.load() == 0) return;
    const auto alone = [&] { return job.helpers.load(std::memory_order_acquire) == 0; };
    if (watch_pays) {
      lock.unlock();
      watch(alone);
      if (alone()) return;
      lock.lock();
    }
    finished.wait(lock, alone);
  }

  // In a forked child, which has neither the workers nor the other callers, but holds the mutex.
  // A condition variable they wait on cannot be destroyed, only forgotten.
  void start_anew() {
    new (&wake) std::condition_variable;
    new (&finished) std::condition_variable;
    jobs.clear();
    workers = busy = watching = 0;
    mutex.unlock();
  }
};

State* state = nullptr;  // never destroyed: idle workers may outlive every static object

State& current_state() {
  static const bool ready = [] {
    state = new State;
    pthread_atfork([] { state->mutex.lock(); }, [] { state->mutex.unlock(); },
                   [] { state->start_anew(); });
    return true;
  }();
  (void)ready;
  return *state;
}

int thread_count(State& pool) {
  int count = pool.threads.load(std::memory_order_relaxed);
  if (count > 0) return count;
  const char* name = "KEOPSNB_NUM_THREADS";
  const char* text = std::getenv(name);
  const int found =
      text != nullptr && *text != '\0' ? parse_count(text, name, "threads") : available_cpus();
  std::lock_guard lock(pool.mutex);
  if (pool.threads.load() == 0) {
    pool.threads.store(found);
    pool.watch_pays = found <= available_cpus();
  }
  return pool.threads.load();
}

}  // namespace

Pool& Pool::instance() {
  static Pool pool;
  return pool;
}

int Pool::threads() { return thread_count(current_state()); }

void Pool::set_threads(int count) {
  if (count < 1)
    throw std::invalid_argument("The number of threads is " + std::to_string(count) +
                                ". Give a number of 1 or more.");
  State& pool = current_state();
  std::lock_guard lock(pool.mutex);
  pool.threads.store(count);
  pool.watch_pays = count <= available_cpus();
}

void Pool::run(i64 tasks, FunctionRef<void(i64)> body) {
  State& pool = current_state();
  if (tasks <= 1 || inside_task || thread_count(pool) == 1) {
    InsideTask inside;
    for (i64 task = 0; task < tasks; ++task) body(task);
    return;
  }
  Job job{body, tasks};
  pool.run(job);
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace keopsnb
