// Kernels to load, and a cache folder to load them through, for tests of the cache.
#pragma once
#include <unistd.h>

#include <string>
#include <vector>

#include <jit/files.hpp>
#include <jit/host_compiler.hpp>
#include <jit/library.hpp>
#include <jit/shelf.hpp>

#include "scratch.hpp"

// A kernel that returns `value`; it needs the embedded headers, libm and memset.
inline std::string source_of(int value) {
  return "#include <keopsnb/config.hpp>\n"
         "extern \"C\" double cos(double);\n"
         "extern \"C\" [[gnu::visibility(\"default\")]] int run(const double* x) {\n"
         "  volatile char zeros[4096] = {};\n"
         "  return static_cast<keopsnb::i64>(cos(*x)) - 1 + zeros[17] + " +
         std::to_string(value) + ";\n}\n";
}

inline bool runs(int value, const keopsnb::jit::Interrupt& interrupt = {},
                 std::size_t limit = keopsnb::jit::Shelf<keopsnb::jit::Library>::no_limit) {
  const double zero = 0;
  using Libraries = keopsnb::jit::Shelf<keopsnb::jit::Library>;
  const auto place = Libraries::entry(source_of(value));
  const auto library = Libraries::open(
      place, limit, interrupt, [&] { return keopsnb::jit::load(source_of(value), interrupt); });
  return library->function<int(const double*)>("run")(&zero) == value;
}

// A value whose source this process has not loaded: only the disk or the compiler can give it.
inline int unseen() {
  static int last = 1000;
  return ++last;
}

inline bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

inline std::vector<std::string> objects(const std::string& home) {
  std::vector<std::string> paths;
  for (const std::string& shard : keopsnb::jit::names_in(home + "/objects"))
    for (const std::string& name : keopsnb::jit::names_in(home + "/objects/" + shard))
      paths.push_back(home + "/objects/" + shard + "/" + name);
  return paths;
}

// A cache folder of its own, and a compiler that leaves a mark at each call.
struct CacheFixture {
  scratch::Folder folder;
  std::string home = folder / "cache";
  std::string temporary = make_temporary();
  scratch::Variable cache{"KEOPSNB_CACHE_DIR", home};
  scratch::Variable retreat{"TMPDIR", temporary};
  scratch::Variable compiler{"KEOPSNB_CXX", counting_compiler()};

  std::string make_temporary() const {
    keopsnb::jit::make_folders(folder / "tmp");
    return folder / "tmp";
  }
  std::string counting_compiler() const {
    return scratch::script(folder / "cxx", "case $* in *-shared*) echo >> " + (folder / "calls") +
                                               ";; esac\nexec " + real_compiler() + " \"$@\"");
  }
  std::size_t calls() const { return scratch::read(folder / "calls").size(); }
  static const std::string& real_compiler() {
    static const std::string path = keopsnb::jit::host_compiler().command[0];
    return path;
  }
};
