// A content-addressed, append-only store of compiled objects. It knows nothing of compilers.
//
// Law: an object is found under a key only if it is whole, exactly as published under that key, and
// nobody but this user and root could have written it; otherwise it is as if it were not there. So
// with any number of processes, killed at any moment. No lock and no index: an object's name holds
// its key and its digest, and it gets that name by rename, from a private folder on the same disk.
//
//   <home>/objects/<2 digits>/<key>-<digest><extension>   headers-<digest>/...   failed/   work/
//   headers-<digest>/<key>-<digest><extension>: what a compiler made of the headers
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "files.hpp"
#include "headers.hpp"

namespace keopsnb::jit {

struct CacheUsage {
  std::uint64_t entries = 0;  // objects
  std::uint64_t bytes = 0;    // of all files
};

// One folder of that layout.
class Store {
 public:
  explicit Store(std::string folder) : folder_(std::move(folder)) {}
  const std::string& folder() const { return folder_; }

  std::unique_ptr<WorkFolder> work() const;
  // The path of an object whose key is, or begins with, `key`.
  std::optional<std::string> find(const std::string& key, std::string_view extension) const;
  // Publishes a file made in a work folder of this store; returns the object's path.
  std::string publish(const std::string& file, const std::string& key,
                      std::string_view extension) const;
  // Makes headers-<digest>, or what of it is missing or damaged. False if all of it was there.
  bool mend_headers(const WorkFolder& work) const;
  std::string headers() const;
  // The same as find and publish, of what is made of the headers and goes with them.
  std::optional<std::string> find_beside_headers(const std::string& key,
                                                 std::string_view extension) const;
  std::string publish_beside_headers(const std::string& file, const std::string& key,
                                     std::string_view extension) const;
  // Keeps a source text that does not compile; returns its path.
  std::string keep_failed(const WorkFolder& work, const std::string& name,
                          std::string_view text) const;
  CacheUsage usage() const;
  void clear() const;

 private:
  std::string folder_;
};

// The user's store, with a temporary one of this process to go on in where that cannot be used.
class Cache {
 public:
  // The cache that KEOPSNB_CACHE_DIR, XDG_CACHE_HOME and HOME name now. Makes no file.
  static Cache& current();

  // The same, in either store. Throws CacheError when KEOPSNB_CACHE_DIR names
  // something unsafe.
  std::optional<std::string> find(const std::string& key, std::string_view extension) const;
  // The store for new files. Throws CacheError when there is none.
  Store writable();
  // Gives up `store` for the temporary one, for the life of this process. False if it is that.
  bool retreat(const Store& store, const std::string& reason);

  // The user's folder, "" if there is none; and why it is not in use, "" while it is.
  const std::string& home() const { return home_; }
  std::string folder_in_use() const;
  std::string reason() const;
  // Of the user's folder.
  CacheUsage usage() const;
  CacheUsage clear();  // returns what there was

 private:
  struct Refuge {
    std::string folder, reason;
    int process;  // a forked child must not live in a folder its parent removes
  };

  Cache(std::string home, std::string reason, bool chosen);
  // The user's store if it may be trusted. Throws CacheError.
  std::optional<Store> trusted_home() const;
  const Refuge* refuge() const;

  std::string home_;
  std::string reason_;  // why home_ is ""
  bool chosen_;         // by KEOPSNB_CACHE_DIR: then it is an error if it is unsafe
  std::atomic<const Refuge*> refuge_{nullptr};
};

}  // namespace keopsnb::jit
