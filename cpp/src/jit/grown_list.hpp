// Values by their keys, in a list that only grows.
#pragma once
#include <atomic>
#include <utility>

namespace keopsnb::jit {

// It grows at its head, by compare-and-swap: a reader or a fork at any moment sees a whole list,
// and no lock can be left behind in a child. For a handful of keys. Never freed unless by free().
template <class Key, class Value>
class GrownList {
 public:
  constexpr GrownList() = default;
  GrownList(const GrownList&) = delete;
  GrownList& operator=(const GrownList&) = delete;

  // The value of `key`, or null. Takes no lock.
  const Value* find(const Key& key) const {
    const Value* found = nullptr;  // the oldest, where there are two
    for (const Node* node = head_.load(std::memory_order_acquire); node; node = node->next)
      if (node->key == key) found = &node->value;
    return found;
  }

  // Keeps a value; of two that threads made at once, the first is kept for both.
  const Value& keep(const Key& key, Value value) {
    Node* node = new Node{key, std::move(value), head_.load()};
    while (!head_.compare_exchange_weak(node->next, node)) {
    }
    return *find(key);
  }

  template <class Visit>
  void each(Visit&& visit) const {
    for (const Node* node = head_.load(); node != nullptr; node = node->next) visit(node->value);
  }

 protected:
  void free() {
    for (const Node* node = head_; node != nullptr;) delete std::exchange(node, node->next);
  }

 private:
  struct Node {
    Key key;
    Value value;
    const Node* next;
  };
  std::atomic<const Node*> head_{nullptr};
};

}  // namespace keopsnb::jit
