// Values found once per process for each key, and kept for ever.
#pragma once
#include <memory>
#include <string>

#include "grown_list.hpp"

namespace keopsnb::jit {

template <class T>
class Memo {
 public:
  // The value of `key`; make(), which returns a unique_ptr<T>, is called when there is none yet.
  // Two threads may both make one: the first to be kept is the value for all.
  template <class Make>
  T& get(const std::string& key, Make&& make) {
    if (T* value = find(key)) return *value;
    return *list_.keep(key, make());
  }

  // The value of `key`, or null.
  T* find(const std::string& key) const {
    const std::unique_ptr<T>* value = list_.find(key);
    return value != nullptr ? value->get() : nullptr;
  }

  template <class Visit>
  void each(Visit&& visit) const {
    list_.each([&](const std::unique_ptr<T>& value) { visit(*value); });
  }

 private:
  GrownList<std::string, std::unique_ptr<T>> list_;
};

}  // namespace keopsnb::jit
