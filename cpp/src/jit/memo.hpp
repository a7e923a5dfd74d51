// Values found once per process for each key, and kept for ever.
#pragma once
#include <atomic>
#include <memory>
#include <string>

namespace keopsnb::jit {

// A list that only grows, at its head, by compare-and-swap: a reader or a fork at any moment sees a
// whole list, and no lock can be left behind in a child. For a handful of keys.
template <class T>
class Memo {
 public:
  // The value of `key`; make(), which returns a unique_ptr<T>, is called when there is none yet.
  // Two threads may both make one: the first to be kept is the value for all.
  template <class Make>
  T& get(const std::string& key, Make&& make) {
    if (T* value = find(key)) return *value;
    Node* node = new Node{key, make(), head_.load()};
    while (!head_.compare_exchange_weak(node->next, node)) {
    }
    return *find(key);
  }

  // The value of `key`, or null.
  T* find(const std::string& key) const {
    T* found = nullptr;  // the oldest, where there are two
    for (Node* node = head_.load(); node != nullptr; node = node->next)
      if (node->key == key) found = node->value.get();
    return found;
  }

  template <class Visit>
  void each(Visit&& visit) const {
    for (Node* node = head_.load(); node != nullptr; node = node->next) visit(*node->value);
  }

 private:
  struct Node {
    std::string key;
    std::unique_ptr<T> value;
    Node* next;
  };

  std::atomic<Node*> head_{nullptr};
};

}  // namespace keopsnb::jit
