// Folders that the cache cannot use: another is taken, or a clear error says why none is.
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <cstring>
#include <fstream>
#include <string>

#include <jit/cache.hpp>
#include <jit/errors.hpp>

#include "check.hpp"
#include "jit_fixture.hpp"

using namespace keopsnb::jit;
using scratch::in_child;
using scratch::Variable;

namespace {

// In a child: the source loads, from a temporary folder, which is gone when the child is.
bool retreats(const std::string& temporary, const std::string& reason) {
  const int value = unseen();
  const std::size_t before = names_in(temporary).size();
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    bool good = false;
    try {
      good = runs(value) && Cache::current().folder_in_use().starts_with(temporary + "/keopsnb-") &&
             Cache::current().reason().find(reason) != std::string::npos;
      if (!good)
        std::fprintf(stderr, "in use: %s, because %s\n", Cache::current().folder_in_use().c_str(),
                     Cache::current().reason().c_str());
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in a child: %s\n", error.what());
    }
    std::exit(good ? 0 : 1);  // runs what is registered for the end of a process
  }
  return scratch::child_succeeds(child) && names_in(temporary).size() == before;
}

void folders_that_cannot_be_written() {
  const CacheFixture fixture;
  const std::string& temporary = fixture.temporary;
  {
    const Variable cache("KEOPSNB_CACHE_DIR", nullptr), xdg("XDG_CACHE_HOME", nullptr);
    {
      const Variable home("HOME", nullptr);
      CHECK(retreats(temporary, "HOME"));
    }
    const Variable home("HOME", fixture.folder / "home");
    const std::string usual = Cache::current().home();
    make_folders(usual);
    chmod(usual.c_str(), 0777);
    CHECK(retreats(temporary, "other users may write"));
    std::filesystem::remove(usual);
    scratch::write(usual, "");
    CHECK(retreats(temporary, "is not a folder"));
  }
  // Read-only, for root too: a folder that the kernel itself provides.
  const Variable cache("KEOPSNB_CACHE_DIR", "/proc/keopsnb");
  CHECK(retreats(temporary, "/proc/keopsnb"));
  if (geteuid() != 0) return;
  // A cache that root made and others may read serves them.
  const Variable shared("KEOPSNB_CACHE_DIR", fixture.home);
  const int value = unseen();
  CHECK(in_child([&] { return runs(value); }));
  chmod(fixture.folder.path.c_str(), 0755);
  chmod(fixture.home.c_str(), 0755);
  for (const std::string& name :
       {std::string("/objects"), objects(fixture.home).at(0).substr(fixture.home.size(), 11)})
    chmod((fixture.home + name).c_str(), 0755);
  chmod(temporary.c_str(), 0777);
  scratch::write(fixture.folder / "calls", "");
  chmod((fixture.folder / "calls").c_str(), 0666);
  const auto as_nobody = [](auto body) {
    return in_child([&] { return setgid(65534) == 0 && setuid(65534) == 0 && body(); });
  };
  CHECK(as_nobody([&] { return runs(value) && fixture.calls() == 0; }));
  CHECK(as_nobody([&] { return retreats(temporary, "denied") && runs(value); }));
}

void folders_that_are_not_safe() {
  const CacheFixture fixture;
  make_folders(fixture.home);
  for (mode_t mode : {0777, 0770, 0702}) {
    chmod(fixture.home.c_str(), mode);
    CHECK_THROWS(CacheError, "other users may write", runs(200));
    CHECK_THROWS(CacheError, fixture.home.c_str(), Cache::current().clear());
  }
  chmod(fixture.home.c_str(), 0700);
  if (geteuid() == 0) {
    CHECK(chown(fixture.home.c_str(), 12345, 12345) == 0);
    CHECK_THROWS(CacheError, "belongs to user 12345", runs(200));
    CHECK(chown(fixture.home.c_str(), 0, 0) == 0);
  }
  CHECK(runs(200));
  const Variable cache("KEOPSNB_CACHE_DIR", fixture.folder / "file");
  scratch::write(fixture.folder / "file", "");
  CHECK_THROWS(CacheError, "is not a folder", runs(201));
  const Variable below("KEOPSNB_CACHE_DIR", fixture.folder / "file/below");
  CHECK(in_child([] { return runs(201) && !Cache::current().reason().empty(); }));
}

void folders_that_are_full() {
  const CacheFixture fixture;
  const std::string& temporary = fixture.temporary;
  // No process may write a file of more than 4 KiB: there is no fixture to go.
  const int value = unseen();
  CHECK(in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit little{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &little);
    try {
      runs(value);
    } catch (const CacheError& error) {
      return std::strstr(error.what(), "KEOPSNB_CACHE_DIR") != nullptr;
    }
    return false;
  }));
#ifdef __linux__
  // A full disk, where we may mount one.
  make_folders(fixture.home);
  for (const char* size : {"size=4k", "size=600k"}) {
    if (mount("tmpfs", fixture.home.c_str(), "tmpfs", 0, size) != 0) {
      std::printf("jit_folders: no right to mount; a full disk is not tested\n");
      break;
    }
    chmod(fixture.home.c_str(), 0700);
    std::ofstream(fixture.home + "/ballast") << std::string(600'000, '.');
    CHECK(retreats(temporary, fixture.home));
    umount(fixture.home.c_str());
  }
  if (mount("tmpfs", fixture.home.c_str(), "tmpfs", MS_NOEXEC, "size=8m") == 0) {
    chmod(fixture.home.c_str(), 0700);
    CHECK(retreats(temporary, "failed to map"));
    umount(fixture.home.c_str());
  }
#endif
}

}  // namespace

int main() {
  folders_that_cannot_be_written();
  folders_that_are_not_safe();
  folders_that_are_full();
  return report("jit_folders");
}
