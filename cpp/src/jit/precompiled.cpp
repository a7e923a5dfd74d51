#include "precompiled.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <system_error>
#include <utility>

#include "digest.hpp"
#include "memo.hpp"

namespace keopsnb::jit {
namespace {

constexpr std::string_view precompiled_extension = ".hpp.gch";
constexpr int most_failures = 2;  // of a process to make them
// Seconds after which another process that makes them is dead.
constexpr std::time_t patience = 120;

// What is known of those of one store and compiler.
struct State {
  std::atomic<int> asked = 0, failed = 0;
  std::atomic<const std::string*> name = nullptr;  // kept for ever: a reader may hold it
};

Memo<State>& states() {
  static auto& all = *new Memo<State>;
  return all;
}

// clang has them too, but ends with an error where they do not fit its flags.
bool reads_them(const HostCompiler& compiler) {
  return compiler.version.find("Free Software Foundation") != std::string::npos;
}

std::string precompiled_key(const HostCompiler& compiler) {
  Key key;
  key.field("keopsnb precompiled headers 1").field(headers_digest());
  key.field(compiler.version).field(join_words(compiler.command));
  return key.field(join_words(host_flags())).field(cpu_identity()).hex().substr(0, 40);
}

// The mark of the one process that makes them. No two compilations give the same bytes, so that
// those of several processes would all stay.
class Claim {
 public:
  explicit Claim(std::string path) : path_(std::move(path)) {
    struct stat info;
    if (stat(path_.c_str(), &info) == 0 && std::time(nullptr) - info.st_mtime > patience)
      unlink(path_.c_str());
    const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    held_ = file >= 0;
    if (held_) close(file);
  }
  ~Claim() {
    if (held_) unlink(path_.c_str());
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  bool held() const { return held_; }

 private:
  std::string path_;
  bool held_ = false;
};

// Their path; "" where another process makes them, or they cannot be made.
std::string make_precompiled(const Store& store, const WorkFolder& work, const std::string& key,
                             const HostCompiler& compiler, const Interrupt& interrupt,
                             State& state) {
  const Claim claim(store.headers() + "/" + key + ".claim");
  if (!claim.held()) return "";
  // By a process that was faster.
  if (const auto made = store.find_beside_headers(key, precompiled_extension)) return *made;
  const std::string source = work.path() + "/all.hpp", made = source + ".gch";
  write_file(source, "#include <keopsnb/kernel/cpu.hpp>\n");
  if (compile_as_wanted(compiler, {source, made, store.headers(), work.path(), ""},
                        Product::headers, interrupt)) {
    ++state.failed;
    return "";
  }
  return store.publish_beside_headers(made, key, precompiled_extension);
}

// Their name, without what g++ adds to it; "" where there are none yet.
std::string precompiled_headers(const Store& store, const WorkFolder& work,
                                const HostCompiler& compiler, const Interrupt& interrupt) {
  if (!reads_them(compiler)) return "";
  const std::string key = precompiled_key(compiler);
  State& state =
      states().get(store.headers() + '\n' + key, [] { return std::make_unique<State>(); });
  if (state.failed >= most_failures) return "";
  const std::string* known = state.name;
  if (known != nullptr && access((*known + ".gch").c_str(), R_OK) == 0) return *known;
  try {
    std::string path = store.find_beside_headers(key, precompiled_extension).value_or("");
    if (path.empty() && ++state.asked >= worthwhile)
      path = make_precompiled(store, work, key, compiler, interrupt, state);
    if (path.empty()) return "";
    path.resize(path.size() - std::string_view(".gch").size());
    state.name = new std::string(path);
    return path;
  } catch (const std::system_error&) {  // no room, or no right to write: kernels do without
    ++state.failed;
    return "";
  }
}

void forget(const std::string& name) {
  unlink((name + ".gch").c_str());
  states().each([&](State& state) {
    const std::string* known = state.name;
    if (known != nullptr && *known == name) state.failed = most_failures;
  });
}

}  // namespace

std::optional<Refusal> compile_kernel(const HostCompiler& compiler, const Compilation& job,
                                      const Store& store, const WorkFolder& work,
                                      const Interrupt& interrupt) {
  Compilation with = job;
  with.precompiled = precompiled_headers(store, work, compiler, interrupt);
  if (with.precompiled.empty()) return compile_shared(compiler, job, interrupt);
  const auto first = compile_as_wanted(compiler, with, Product::object, interrupt);
  if (!first) return std::nullopt;
  auto refusal = compile_shared(compiler, job, interrupt);
  // One that was killed says nothing of them, nor does what has a fault of its own.
  if (!refusal && !first->log.empty()) forget(with.precompiled);
  return refusal;
}

}  // namespace keopsnb::jit
