// The file system, as the cache needs it. Functions throw std::system_error unless they say more.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keopsnb::jit {

// The last error, with the sentence's beginning: "cannot write /x: No space left on device".
[[noreturn]] void throw_errno(const std::string& what);

std::optional<std::string> read_file(const std::string& path);  // nothing if it cannot be read
void write_file(const std::string& path, std::string_view bytes);

std::vector<std::string> names_in(const std::string& folder);  // none if it cannot be read

// Makes the folder, and those above it that are missing, for this user only (0700).
void make_folders(const std::string& path);

// Why a file or folder could hold what others wrote: "it belongs to user 1001"; "" if only this
// user and root can write it, or if it does not exist.
std::string distrust(const std::string& path);

// May the file be mapped as code? Not where the disk is mounted noexec, or when it is gone.
bool may_execute(const std::string& path);

// A new private folder, removed with all it holds: where a file is made before it is published.
// `parent` must exist. On the way, folders that processes left there over a day ago are removed.
class WorkFolder {
 public:
  explicit WorkFolder(const std::string& parent);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::string& path() const { return path_; }

  // Writes the file here, then renames it: nobody sees a part of it. `path` must be on the same
  // file system; its folders are made.
  void publish(const std::string& path, std::string_view bytes) const;
  // Does the disk take that many bytes more?
  bool has_room(std::uint64_t bytes) const;

 private:
  std::string path_;
};

}  // namespace keopsnb::jit
