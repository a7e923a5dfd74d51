#include "library.hpp"

#include <dlfcn.h>
#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "cache.hpp"
#include "digest.hpp"
#include "host_compiler.hpp"

namespace keopsnb::jit {
namespace {

constexpr std::string_view schema = "keopsnb host object 1";
constexpr std::string_view extension = ".so";
constexpr std::uint64_t ample_room = 1 << 20;  // for a kernel; less free space explains a failure

std::string cut(const std::string& log, std::size_t limit) {
  return log.size() <= limit ? log : log.substr(0, limit) + "\n[the rest is in the field log]";
}

[[noreturn]] void throw_refused(const Refusal& refusal, const std::string& source) {
  throw CompileError("The C++ compiler did not accept the source of a kernel (it ended with " +
                         refusal.status + ").\nCommand: " + refusal.command +
                         "\nSource: " + source + "\n" + cut(refusal.log, 4000),
                     refusal.command, refusal.log, source);
}

// Compiles the source into a store. Null, and a reason in words, if the store is at fault.
std::shared_ptr<const Library> compile_in(const Store& store, const std::string& source,
                                          const std::string& key, const HostCompiler& compiler,
                                          const Options& options, std::string& fault) {
  try {
    const std::unique_ptr<WorkFolder> work = store.work();
    const std::string &here = work->path(), file = here + "/kernel.cpp", made = here + "/kernel.so";
    const auto keep = [&] { return store.keep_failed(*work, key.substr(0, 16) + ".cpp", source); };
    write_file(file, source);
    store.mend_headers(*work);
    if (const auto refusal = compile_shared(
            compiler, {file, made, store.headers(), here, options.flags}, options.interrupt)) {
      if (!work->has_room(ample_room))
        fault = "the folder " + store.folder() + " has less than 1 MiB of room";
      else if (store.mend_headers(*work))
        fault = "headers vanished from " + store.folder();
      else
        throw_refused(*refusal, keep());
      return nullptr;
    }
    const std::string object = store.publish(made, key, extension);
    try {
      return std::make_shared<const Library>(object);
    } catch (const CompileError& error) {
      fault = error.log;
      if (!may_execute(object)) return nullptr;
      const std::string kept = keep();
      throw CompileError(std::string(error.what()) + "\nSource: " + kept, "", error.log, kept);
    }
  } catch (const std::system_error& error) {
    fault = error.what();
    return nullptr;
  }
}

std::shared_ptr<const Library> compile(const std::string& source, const std::string& key,
                                       const HostCompiler& compiler, const Options& options,
                                       Cache& cache) {
  for (bool again = false;; again = true) {
    const Store store = cache.writable();
    std::string fault;
    if (auto library = compile_in(store, source, key, compiler, options, fault)) return library;
    // Only the second time in a row: another process may have cleared the cache meanwhile.
    if (again && !cache.retreat(store, fault))
      throw CacheError("A kernel could not be compiled: " + fault +
                       ". Set KEOPSNB_CACHE_DIR to a folder of your own with some room.");
  }
}

std::shared_ptr<const Library> find_or_compile(const std::string& source, const Options& options) {
  Cache& cache = Cache::current();
  const HostCompiler& compiler = host_compiler();
  Key fields;
  fields.field(schema).field(source).field(headers_digest()).field(compiler.version);
  fields.field(join_words(compiler.command)).field(join_words(host_flags(options.flags)));
  const std::string key = fields.field(cpu_identity()).hex();
  if (const std::optional<std::string> object = cache.find(key, extension)) {
    try {
      return std::make_shared<const Library>(*object);
    } catch (const CompileError&) {  // whole, but not for this system: it is made anew
    }
  }
  return compile(source, key, compiler, options, cache);
}

struct Entry {
  std::shared_ptr<const Library> library;
  std::exception_ptr error;
  bool done = false;
};

using Name = std::pair<std::string, std::string>;  // source and flags

struct Libraries {
  std::mutex mutex;  // never held while anything is compiled
  std::condition_variable changed;
  std::map<Name, std::shared_ptr<Entry>> entries;
};

Libraries* libraries = nullptr;  // never destroyed: threads may use it while the process ends

// A forked child holds the mutex, and has none of the threads that compile or wait. A condition
// variable they wait on cannot be destroyed, only forgotten.
void start_anew() {
  new (&libraries->changed) std::condition_variable;
  std::erase_if(libraries->entries, [](const auto& entry) { return !entry.second->done; });
  libraries->mutex.unlock();
}

Libraries& current_libraries() {
  static const bool ready = [] {
    libraries = new Libraries;
    pthread_atfork([] { libraries->mutex.lock(); }, [] { libraries->mutex.unlock(); }, start_anew);
    return true;
  }();
  (void)ready;
  return *libraries;
}

}  // namespace

Library::Library(const std::string& path)
    : path_(path), handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ != nullptr) return;
  const char* words = dlerror();
  const std::string log = words != nullptr ? words : "dlopen gave no reason";
  throw CompileError("A compiled kernel cannot be loaded: " + log, "", log, "");
}

void* Library::symbol(const char* name) const {
  if (void* address = dlsym(handle_, name)) return address;
  throw CompileError(std::string("The compiled kernel exports no symbol ") + name + ".", "", "",
                     "");
}

std::shared_ptr<const Library> load(const std::string& source, const Options& options) {
  Libraries& all = current_libraries();
  const Name name{source, options.flags};
  std::unique_lock lock(all.mutex);
  for (;;) {
    const auto [at, inserted] = all.entries.try_emplace(name);
    if (inserted) at->second = std::make_shared<Entry>();
    const std::shared_ptr<Entry> entry = at->second;
    if (!inserted) {
      while (!entry->done) {
        all.changed.wait_for(lock, std::chrono::milliseconds(25));
        if (entry->done || !options.interrupt) continue;
        lock.unlock();  // the callback may need a lock that another caller of ours holds
        if (options.interrupt()) throw Interrupted();
        lock.lock();
      }
      if (entry->library) return entry->library;
      if (entry->error) std::rethrow_exception(entry->error);
      continue;  // the thread that compiled was interrupted: it is our turn
    }
    lock.unlock();
    const auto finish = [&] {
      lock.lock();
      entry->done = true;
      if (!entry->library) all.entries.erase(name);  // the next call tries again
      all.changed.notify_all();
    };
    try {
      entry->library = find_or_compile(source, options);
    } catch (const CompileError&) {
      entry->error = std::current_exception();
      finish();
      throw;
    } catch (const CacheError&) {
      entry->error = std::current_exception();
      finish();
      throw;
    } catch (...) {
      finish();
      throw;
    }
    finish();
    return entry->library;
  }
}

}  // namespace keopsnb::jit
