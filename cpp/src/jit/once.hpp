// Values made once per process for each name: of several threads that ask for the same one, one
// makes it and the others wait; different ones are made at the same time.
#pragma once
#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <new>

#include "errors.hpp"
#include "process.hpp"

namespace keopsnb::jit {

template <class Name, class Value>
class Once {
 public:
  // The value of `name`; make(), which returns a shared_ptr to one, is called when there is none
  // yet. A failure is told to all who wait, and the next call tries again. Throws Interrupted.
  template <class Make>
  static std::shared_ptr<const Value> get(const Name& name, const Interrupt& interrupt,
                                          Make&& make) {
    Table& all = table();
    std::unique_lock lock(all.mutex);
    for (;;) {
      const auto [at, inserted] = all.entries.try_emplace(name);
      if (inserted) at->second = std::make_shared<Entry>();
      const std::shared_ptr<Entry> entry = at->second;
      if (inserted) return make_entry(all, lock, name, *entry, make);
      while (!entry->done) {
        all.changed.wait_for(lock, std::chrono::milliseconds(25));
        if (entry->done || !interrupt) continue;
        lock.unlock();  // the callback may need a lock that another caller of ours holds
        if (interrupt()) throw Interrupted();
        lock.lock();
      }
      if (entry->value) return entry->value;
      if (entry->error) std::rethrow_exception(entry->error);
      // Else the thread that made it was interrupted: it is our turn.
    }
  }

 private:
  struct Entry {
    std::shared_ptr<const Value> value;
    std::exception_ptr error;
    bool done = false;
  };

  struct Table {
    std::mutex mutex;  // never held while anything is made
    std::condition_variable changed;
    std::map<Name, std::shared_ptr<Entry>> entries;
  };

  template <class Make>
  static std::shared_ptr<const Value> make_entry(Table& all, std::unique_lock<std::mutex>& lock,
                                                 const Name& name, Entry& entry, Make&& make) {
    lock.unlock();
    const auto finish = [&](std::exception_ptr error) {
      lock.lock();
      entry.error = error;
      entry.done = true;
      if (!entry.value) all.entries.erase(name);
      all.changed.notify_all();
    };
    try {
      entry.value = make();
    } catch (const CompileError&) {
      finish(std::current_exception());
      throw;
    } catch (const CacheError&) {
      finish(std::current_exception());
      throw;
    } catch (const CudaError&) {
      finish(std::current_exception());
      throw;
    } catch (...) {
      finish(nullptr);
      throw;
    }
    finish(nullptr);
    return entry.value;
  }

  // A forked child holds the mutex, and has none of the threads that make or wait. A condition
  // variable they wait on cannot be destroyed, only forgotten.
  static void start_anew() {
    new (&table_->changed) std::condition_variable;
    std::erase_if(table_->entries, [](const auto& entry) { return !entry.second->done; });
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
