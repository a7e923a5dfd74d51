#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "cache.hpp"
#include "digest.hpp"

namespace keopsnb::jit {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t digest_digits = 32;  // of one, in an object's name

std::string content_digest(std::string_view bytes) {
  return digest_of(bytes).substr(0, digest_digits);
}

std::string shard(const std::string& folder, const std::string& key) {
  return folder + "/objects/" + key.substr(0, 2);
}

std::optional<std::string> find_in(const std::string& folder, const std::string& key,
                                   std::string_view extension) {
  for (const std::string& name : names_in(folder)) {
    const std::size_t dash = name.find('-');
    if (dash == std::string::npos || dash < key.size() || !name.starts_with(key) ||
        name.size() != dash + 1 + digest_digits + extension.size() || !name.ends_with(extension))
      continue;
    const std::string path = folder + "/" + name;
    if (!distrust(path).empty()) continue;
    const std::optional<std::string> bytes = read_file(path);
    if (bytes && content_digest(*bytes) == name.substr(dash + 1, digest_digits)) return path;
  }
  return std::nullopt;
}

std::string publish_in(const std::string& folder, const std::string& file, const std::string& key,
                       std::string_view extension) {
  const std::optional<std::string> bytes = read_file(file);
  if (!bytes) throw_errno("cannot read " + file);
  // Whatever the umask: an object that others may write is never loaded.
  if (chmod(file.c_str(), 0644) != 0) throw_errno("cannot change the mode of " + file);
  make_folders(folder);
  const std::string path =
      folder + "/" + key + "-" + content_digest(*bytes) + std::string(extension);
  if (rename(file.c_str(), path.c_str()) != 0) throw_errno("cannot make " + path);
  return path;
}

}  // namespace

std::unique_ptr<WorkFolder> Store::work() const {
  make_folders(folder_ + "/work");
  return std::make_unique<WorkFolder>(folder_ + "/work");
}

std::optional<std::string> Store::find(const std::string& key, std::string_view extension) const {
  return find_in(shard(folder_, key), key, extension);
}

std::string Store::publish(const std::string& file, const std::string& key,
                           std::string_view extension) const {
  return publish_in(shard(folder_, key), file, key, extension);
}

std::optional<std::string> Store::find_beside_headers(const std::string& key,
                                                      std::string_view extension) const {
  return find_in(headers(), key, extension);
}

std::string Store::publish_beside_headers(const std::string& file, const std::string& key,
                                          std::string_view extension) const {
  return publish_in(headers(), file, key, extension);
}

std::string Store::headers() const {
  return folder_ + "/headers-" + headers_digest().substr(0, digest_digits);
}

bool Store::mend_headers(const WorkFolder& work) const {
  bool mended = false;
  for (const Header& header : embedded_headers()) {
    const std::string path = headers() + "/" + std::string(header.path);
    if (read_file(path) == header.text) continue;
    work.publish(path, header.text);
    mended = true;
  }
  return mended;
}

std::string Store::keep_failed(const WorkFolder& work, const std::string& name,
                               std::string_view text) const {
  const std::string path = folder_ + "/failed/" + name;
  work.publish(path, text);
  return path;
}

CacheUsage Store::usage() const {
  CacheUsage sum;
  std::error_code error;
  const std::string objects = folder_ + "/objects/";
  for (fs::recursive_directory_iterator at(folder_, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code gone;  // another process may remove what we look at
    if (!at->is_regular_file(gone)) continue;
    const std::uintmax_t size = at->file_size(gone);
    if (gone) continue;
    sum.bytes += size;
    sum.entries += at->path().string().starts_with(objects);
  }
  return sum;
}

// Not the work folder: others may be compiling there. They notice, and mend, missing headers.
void Store::clear() const {
  for (const std::string& name : names_in(folder_)) {
    std::error_code ignored;
    if (name == "objects" || name == "failed" || name.starts_with("headers-"))
      fs::remove_all(folder_ + "/" + name, ignored);
  }
}

}  // namespace keopsnb::jit
