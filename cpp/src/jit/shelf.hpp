// Values made once for each name, of which the least recently used are given up: loaded kernels,
// which take room in the process.
//
// Law: of several threads that want the same value one makes it and the others wait; different ones
// are made at the same time. A value lives while a Use of it does; when more than a limit are open,
// those that nobody uses are closed, the least recently used first, and made again when wanted.
#pragma once
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "errors.hpp"
#include "process.hpp"

namespace keopsnb::jit {

template <class Value>
class Shelf {
  struct Attempt {
    std::exception_ptr error;
    bool done = false;
  };

 public:
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  // The entry of a name, with its value while that is open. Whoever keeps an entry keeps no value.
  class Entry {
    friend class Shelf;
    static constexpr std::int64_t closed = std::numeric_limits<std::int64_t>::min() / 2;

    std::atomic<std::int64_t> uses{closed};  // that there are; below 0 while there is no value
    std::atomic<std::uint64_t> last{0};      // the clock at the last use
    // Under the mutex; and the value changes only while `uses` is below 0.
    std::shared_ptr<const Value> value;
    std::shared_ptr<Attempt> attempt;  // to make it, at this moment
  };

  // Keeps the value where it is. The entry must outlive it.
  class Use {
   public:
    Use() = default;
    Use(Use&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
    Use& operator=(Use&& other) noexcept {
      std::swap(entry_, other.entry_);
      return *this;
    }
    ~Use() {
      if (entry_) entry_->uses.fetch_sub(1, std::memory_order_release);
    }
    explicit operator bool() const { return entry_; }
    const Value& operator*() const { return *entry_->value; }
    const Value* operator->() const { return entry_->value.get(); }
    // The same, kept for longer than the shelf may.
    const std::shared_ptr<const Value>& shared() const { return entry_->value; }

   private:
    friend class Shelf;
    explicit Use(Entry& entry) : entry_(&entry) {
      entry.last.store(clock_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    Entry* entry_ = nullptr;
  };

  static std::shared_ptr<Entry> entry(const std::string& name) {
    Table& all = table();
    std::lock_guard lock(all.mutex);
    if (all.entries.size() >= all.sweep_at) {
      std::erase_if(all.entries, [](const auto& entry) { return entry.second.expired(); });
      all.sweep_at = 2 * all.entries.size() + 64;
    }
    std::weak_ptr<Entry>& known = all.entries[name];
    if (auto entry = known.lock()) return entry;
    const auto entry = std::make_shared<Entry>();
    known = entry;
    return entry;
  }

  // The value if it is open: two atomic additions and no lock. Else nothing.
  static Use find(Entry& entry) {
    if (entry.uses.fetch_add(1, std::memory_order_acquire) >= 0) return Use(entry);
    entry.uses.fetch_sub(1, std::memory_order_relaxed);
    return {};
  }

  // The value; make(), which returns a shared_ptr to one, is called when it is not open. A failure
  // is told to all who wait, and the next call tries again. Throws Interrupted.
  template <class Make>
  static Use open(const std::shared_ptr<Entry>& entry, std::size_t limit,
                  const Interrupt& interrupt, Make&& make) {
    Table& all = table();
    std::unique_lock lock(all.mutex);
    for (;;) {
      if (entry->value) {
        entry->uses.fetch_add(1, std::memory_order_acquire);
        return Use(*entry);
      }
      const std::shared_ptr<Attempt> attempt = entry->attempt;
      if (!attempt) return make_open(all, lock, entry, limit, make);
      while (!attempt->done) {
        all.changed.wait_for(lock, std::chrono::milliseconds(25));
        if (attempt->done || !interrupt) continue;
        lock.unlock();  // the callback may need a lock that another caller of ours holds
        if (interrupt()) throw Interrupted();
        lock.lock();
      }
      if (attempt->error) std::rethrow_exception(attempt->error);
      // Else it is there, or the thread that made it was interrupted and it is our turn.
    }
  }

  // The number of values that are open.
  static std::size_t size() {
    Table& all = table();
    std::lock_guard lock(all.mutex);
    return all.open.size();
  }

 private:
  struct Table {
    std::mutex mutex;  // never held while anything is made, or given up
    std::condition_variable changed;
    std::map<std::string, std::weak_ptr<Entry>> entries;
    std::vector<std::shared_ptr<Entry>> open;
    std::size_t sweep_at = 64;
  };
  // Values opened so far. Uses between two of them are as recent as each other.
  static inline std::atomic<std::uint64_t> clock_{0};

  template <class Make>
  static Use make_open(Table& all, std::unique_lock<std::mutex>& lock,
                       const std::shared_ptr<Entry>& entry, std::size_t limit, Make&& make) {
    const auto attempt = entry->attempt = std::make_shared<Attempt>();
    lock.unlock();
    const auto finish = [&](std::exception_ptr error) {
      attempt->error = error;
      attempt->done = true;
      if (entry->attempt == attempt) entry->attempt.reset();
      all.changed.notify_all();
    };
    const auto fail = [&](std::exception_ptr error) {
      lock.lock();
      finish(error);
    };
    std::shared_ptr<const Value> value;
    try {
      value = make();
    } catch (const CompileError&) {
      fail(std::current_exception());
      throw;
    } catch (const CacheError&) {
      fail(std::current_exception());
      throw;
    } catch (const CudaError&) {
      fail(std::current_exception());
      throw;
    } catch (...) {
      fail(nullptr);
      throw;
    }
    std::vector<std::shared_ptr<const Value>> given_up;  // ends after the lock
    lock.lock();
    clock_.fetch_add(1, std::memory_order_relaxed);
    if (!entry->value) {
      entry->value = std::move(value);
      all.open.push_back(entry);
      entry->uses.fetch_add(1 - Entry::closed, std::memory_order_release);
    } else {
      entry->uses.fetch_add(1, std::memory_order_acquire);
    }
    Use use(*entry);
    finish(nullptr);
    while (all.open.size() > limit && close_oldest(all, given_up)) {
    }
    lock.unlock();
    return use;
  }

  // Closes the value that nobody has used for longest; false if all are in use.
  static bool close_oldest(Table& all, std::vector<std::shared_ptr<const Value>>& given_up) {
    auto oldest = all.open.end();
    for (auto at = all.open.begin(); at != all.open.end(); ++at)
      if ((*at)->uses.load(std::memory_order_relaxed) == 0 &&
          (oldest == all.open.end() || (*at)->last.load() < (*oldest)->last.load()))
        oldest = at;
    if (oldest == all.open.end()) return false;
    std::int64_t nobody = 0;
    if ((*oldest)->uses.compare_exchange_strong(nobody, Entry::closed, std::memory_order_acquire)) {
      given_up.push_back(std::move((*oldest)->value));
      all.open.erase(oldest);
    }
    return true;
  }

  // A forked child holds the mutex, and has none of the threads that make or wait. A condition
  // variable they wait on cannot be destroyed, only forgotten.
  static void start_anew() {
    new (&table_->changed) std::condition_variable;
    for (const auto& [name, known] : table_->entries)
      if (const auto entry = known.lock()) entry->attempt.reset();
    table_->mutex.unlock();
  }

  static Table& table() {
    static const bool ready = [] {
      table_ = new Table;
      pthread_atfork([] { table_->mutex.lock(); }, [] { table_->mutex.unlock(); }, start_anew);
      return true;
    }();
    (void)ready;
    return *table_;
  }

  static inline Table* table_ = nullptr;  // never destroyed: threads may use it at the very end
};

}  // namespace keopsnb::jit
