// The kernels of a routine, loaded once each. Finding takes no lock.
#pragma once
#include <atomic>
#include <utility>

namespace keopsnb {

template <class Key, class Kernel>
class KernelList {
 public:
  KernelList() = default;
  KernelList(const KernelList&) = delete;
  KernelList& operator=(const KernelList&) = delete;
  ~KernelList() {
    for (const Node* node = head_; node != nullptr;) delete std::exchange(node, node->next);
  }

  const Kernel* find(const Key& key) const {
    const Kernel* found = nullptr;  // the oldest, where there are two
    for (const Node* node = head_.load(std::memory_order_acquire); node; node = node->next)
      if (node->key == key) found = &node->kernel;
    return found;
  }

  // Keeps a kernel; of two that threads made at once, the first is kept for both.
  const Kernel& keep(const Key& key, Kernel kernel) {
    Node* node = new Node{key, std::move(kernel), head_.load()};
    while (!head_.compare_exchange_weak(node->next, node)) {
    }
    return *find(key);
  }

 private:
  struct Node {
    Key key;
    Kernel kernel;
    const Node* next;
  };
  std::atomic<const Node*> head_{nullptr};  // the list grows at its head only
};

}  // namespace keopsnb
