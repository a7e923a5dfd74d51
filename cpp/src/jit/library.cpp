#include "library.hpp"

#include <system_error>
#include <utility>

#include "ahead.hpp"
#include "cache.hpp"
#include "digest.hpp"
#include "host_compiler.hpp"
#include "loader.hpp"
#include "precompiled.hpp"

namespace keopsnb::jit {
namespace {

constexpr std::string_view schema = "keopsnb host object 2";
constexpr std::uint64_t ample_room = 1 << 20;  // for a kernel; less free space explains a failure

// Compiles the source into a store. Null, and a reason in words, if the store is at fault.
std::shared_ptr<const Library> compile_in(const Store& store, const std::string& source,
                                          const std::string& key, const HostCompiler& compiler,
                                          const Interrupt& interrupt, std::string& fault) {
  try {
    const std::unique_ptr<WorkFolder> work = store.work();
    const std::string &here = work->path(), file = here + "/kernel.cpp", made = here + "/kernel.so";
    const std::string name = key.substr(0, 16);
    const auto keep = [&] { return store.keep_failed(*work, name + ".cpp", source); };
    write_file(file, source);
    store.mend_headers(*work);
    const Compilation job{file, made, store.headers(), here, ""};
    if (const auto refusal = compile_kernel(compiler, job, store, *work, interrupt)) {
      if (!work->has_room(ample_room))
        fault = "the folder " + store.folder() + " has less than 1 MiB of room";
      else if (store.mend_headers(*work))
        fault = "headers vanished from " + store.folder();
      else
        throw_refused(*refusal, keep(), store.keep_failed(*work, name + ".log", refusal->log));
      return nullptr;
    }
    const std::string object = store.publish(made, key, library_extension);
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
                                       const HostCompiler& compiler, const Interrupt& interrupt,
                                       Cache& cache) {
  for (bool again = false;; again = true) {
    const Store store = cache.writable();
    std::string fault;
    if (auto library = compile_in(store, source, key, compiler, interrupt, fault)) return library;
    // Only the second time in a row: another process may have cleared the cache meanwhile.
    if (again && !cache.retreat(store, fault))
      throw CacheError("A kernel could not be compiled: " + fault +
                       ". Set KEOPSNB_CACHE_DIR to a folder of your own with some room.");
  }
}

// A key is two digests: of the kernel, which any compiler may have made, and of its compiler.
std::string kernel_key(const std::string& source) {
  Key key;
  key.field(schema).field(source).field(headers_digest()).field(join_words(host_flags()));
  return key.field(cpu_identity()).hex().substr(0, 40);
}

std::string compiler_key(const HostCompiler& compiler) {
  Key key;
  return key.field(compiler.version).field(join_words(compiler.command)).hex().substr(0, 24);
}

std::shared_ptr<const Library> find_in(const Cache& cache, const std::string& key) {
  const std::optional<std::string> object = cache.find(key, library_extension);
  try {
    return object ? std::make_shared<const Library>(*object) : nullptr;
  } catch (const CompileError&) {  // whole, but not for this system
    return nullptr;
  }
}

}  // namespace

Library::Library(const std::string& path) : path_(path) {
  std::string why;
  handle_ = open_shared(path, why);
  if (handle_ == nullptr)
    throw CompileError("A compiled kernel cannot be loaded: " + why, "", why, "");
}

Library::~Library() {
  if (handle_ != nullptr) close_shared(handle_);
}

void* Library::symbol(const char* name) const {
  if (void* address = dlsym(handle_, name)) return address;
  throw CompileError(std::string("The compiled kernel exports no symbol ") + name + ".", "", "",
                     "");
}

std::shared_ptr<const Library> load(const std::string& source, const Interrupt& interrupt) {
  if (auto library = find_ahead(source)) return library;
  Cache& cache = Cache::current();
  const std::string kernel = kernel_key(source);
  try {
    const HostCompiler& compiler = host_compiler();
    const std::string key = kernel + compiler_key(compiler);
    if (auto library = find_in(cache, key)) return library;
    return compile(source, key, compiler, interrupt, cache);
  } catch (const CompileError&) {
    if (auto library = find_in(cache, kernel)) return library;
    throw;
  }
}

}  // namespace keopsnb::jit
