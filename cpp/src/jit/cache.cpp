#include "cache.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "errors.hpp"
#include "memo.hpp"
#include "process.hpp"

namespace keopsnb::jit {
namespace fs = std::filesystem;
namespace {

// Folders of this process, and of no child of it, that go when it ends.
struct Temporary {
  std::string folder;
  int process;
};

std::string make_temporary() {
  static Memo<Temporary> all;
  static const bool registered = std::atexit([] {
                                   all.each([](const Temporary& one) {
                                     std::error_code ignored;
                                     if (one.process == getpid())
                                       fs::remove_all(one.folder, ignored);
                                   });
                                 }) == 0;
  (void)registered;
  std::string tried;
  for (const std::string& parent :
       {environment_variable("TMPDIR"), std::string("/tmp"), std::string("/var/tmp")}) {
    std::string folder = parent + "/keopsnb-XXXXXX";
    if (parent.starts_with('/') && mkdtemp(folder.data()) != nullptr) {
      all.get(folder, [&] {
        return std::make_unique<Temporary>(Temporary{folder, static_cast<int>(getpid())});
      });
      return folder;
    }
  }
  return "";
}

// Why a cache folder cannot be used at all; "" if nothing speaks against it, or it does not exist.
std::string fault_of(const std::string& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::exists(status) && !fs::is_directory(status)) return "it is not a folder";
  return distrust(folder);
}

}  // namespace

Cache::Cache(std::string home, std::string reason, bool chosen)
    : home_(std::move(home)), reason_(std::move(reason)), chosen_(chosen) {}

Cache& Cache::current() {
  static Memo<Cache> caches;
  const std::string chosen = environment_variable("KEOPSNB_CACHE_DIR"),
                    xdg = environment_variable("XDG_CACHE_HOME"),
                    home = environment_variable("HOME");
  return caches.get(chosen + '\n' + xdg + '\n' + home, [&] {
    const auto make = [](std::string folder, std::string reason, bool by_user) {
      return std::unique_ptr<Cache>(new Cache(std::move(folder), std::move(reason), by_user));
    };
    if (!chosen.empty()) {
      std::error_code error;
      return make(fs::absolute(chosen, error).lexically_normal().string(), "", true);
    }
#ifdef __APPLE__
    const std::string usual = "/Library/Caches/keopsnb";
#else
    const std::string usual = "/.cache/keopsnb";
    if (xdg.starts_with('/')) return make(xdg + "/keopsnb", "", false);
#endif
    if (home.starts_with('/')) return make(home + usual, "", false);
    return make("", "HOME names no folder", false);
  });
}

std::optional<Store> Cache::trusted_home() const {
  if (home_.empty()) return std::nullopt;
  const std::string fault = fault_of(home_);
  if (fault.empty()) return Store(home_);
  if (chosen_)
    throw CacheError("The cache folder " + home_ +
                     ", which KEOPSNB_CACHE_DIR names, cannot be used: " + fault +
                     ". What it holds is loaded as machine code, so it must be a folder that "
                     "only you can write to. Name one of your own (a new one is made for you), or, "
                     "if this one is yours, run: chmod go-w " +
                     join_words({home_}));
  return std::nullopt;
}

const Cache::Refuge* Cache::refuge() const {
  const Refuge* refuge = refuge_.load();
  return refuge != nullptr && refuge->process == getpid() ? refuge : nullptr;
}

std::optional<std::string> Cache::find(const std::string& key, std::string_view extension) const {
  if (const Refuge* place = refuge())
    if (auto path = Store(place->folder).find(key, extension)) return path;
  const std::optional<Store> store = trusted_home();
  return store ? store->find(key, extension) : std::nullopt;
}

Store Cache::writable() {
  if (const Refuge* place = refuge()) return Store(place->folder);
  const std::optional<Store> store = trusted_home();
  if (store) return *store;
  retreat(Store(home_), home_.empty() ? reason_ : home_ + " is not safe: " + fault_of(home_));
  return Store(refuge()->folder);
}

bool Cache::retreat(const Store& store, const std::string& reason) {
  const Refuge* before = refuge_.load();
  const bool ours = before != nullptr && before->process == getpid();
  if (ours) return before->folder != store.folder();
  const std::string folder = make_temporary();
  if (folder.empty())
    throw CacheError("No folder can hold compiled kernels: " + reason +
                     ", and no temporary folder can be made in TMPDIR, /tmp or /var/tmp. Set "
                     "KEOPSNB_CACHE_DIR to a folder of your own with some room.");
  // Kept for ever: a reader may hold it. Of two threads that retreat at once, one place is used.
  const Refuge* place = new Refuge{folder, reason, static_cast<int>(getpid())};
  if (!refuge_.compare_exchange_strong(before, place)) delete place;
  return true;
}

std::string Cache::folder_in_use() const {
  const Refuge* place = refuge();
  return place != nullptr ? place->folder : home_;
}

std::string Cache::reason() const {
  const Refuge* place = refuge();
  return place != nullptr ? place->reason : reason_;
}

CacheUsage Cache::usage() const {
  const std::optional<Store> store = trusted_home();
  return store ? store->usage() : CacheUsage{};
}

CacheUsage Cache::clear() {
  const std::optional<Store> store = trusted_home();
  if (!store) return {};
  const CacheUsage before = store->usage();
  store->clear();
  return before;
}

}  // namespace keopsnb::jit
