// Lists of terms with their indices in shared memory, which the threads of a block sort and merge.
//
// Bitonic networks (Batcher 1968): of two sorted lists, one turned around, the better of each pair
// of entries are the first half of all, and a bitonic sequence, which log2(size) steps sort. The
// order is total, so that the result does not depend on the order of arrival.
#pragma once
#include <keopsnb/reductions/extremum.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

KEOPSNB_FN constexpr int power_of_two_from(int n) {
  int size = 2;
  while (size < n) size *= 2;
  return size;
}

// So many lists of values, each with the bits of its entries' indices behind: `capacity` of each,
// and `stride` numbers from one list to the next.
template <class T, class Order>
struct GpuLists {
  T* first;
  int lists, capacity, stride;

  KEOPSNB_FN T* values(int list) const { return first + list * stride; }
  KEOPSNB_FN T* indices(int list) const { return first + list * stride + capacity; }
  KEOPSNB_FN void put(int list, int k, T value, T index) const {
    values(list)[k] = value;
    indices(list)[k] = index;
  }
  // An entry behind all terms.
  KEOPSNB_FN void clear(int list, int k) const { put(list, k, Order::template last<T>(), T{}); }
  KEOPSNB_FN bool before(T value, T index, int list, int k) const {
    return Order::before(value, index, values(list)[k], indices(list)[k]);
  }

  // Entries [0, size) of each list in sequences of `length`, each bitonic: every other of them in
  // the opposite order. Powers of two. The last step ends without a barrier.
  template <class Device>
  KEOPSNB_FN void sort_bitonic(Device& dev, int size, int length) const {
    for (int step = length / 2; step > 0; step /= 2) {
      dev.sync();
      for (int k = dev.thread(); k < lists * (size / 2); k += dev.threads()) {
        const int list = k / (size / 2), pair = k % (size / 2);
        const int low = 2 * pair - pair % step, high = low + step;
        const bool turned = (low & length) != 0;
        const int a = turned ? high : low, b = turned ? low : high;
        T *const value = values(list), *const index = indices(list);
        const T behind = value[b], behind_index = index[b];
        if (!before(behind, behind_index, list, a)) continue;
        put(list, b, value[a], index[a]);
        put(list, a, behind, behind_index);
      }
    }
  }

  template <class Device>
  KEOPSNB_FN void sort(Device& dev, int size) const {
    for (int length = 2; length <= size; length *= 2) sort_bitonic(dev, size, length);
  }

  // The first of these entries and of the other lists', which are sorted as well: `size` of each.
  template <class Device>
  KEOPSNB_FN void merge(Device& dev, const GpuLists& other, int size) const {
    dev.sync();
    for (int k = dev.thread(); k < lists * capacity; k += dev.threads()) {
      const int list = k / capacity, at = k % capacity, from = capacity - 1 - at;
      if (from >= size) continue;
      const T value = other.values(list)[from], index = other.indices(list)[from];
      if (before(value, index, list, at)) put(list, at, value, index);
    }
    sort_bitonic(dev, capacity, capacity);
    dev.sync();
  }
};

// The lists of the first Ranks terms of several outputs, and buffers before them: each takes a term
// of every thread of the block while it is at most half full. In shared memory.
template <class T, class Order, int Ranks, int Packs, int Threads>
struct GpuKept {
  using Lists = GpuLists<T, Order>;
  static constexpr int length = power_of_two_from(Ranks), buffer = 2 * Threads;
  static constexpr int numbers = Packs * 2 * (length + buffer);
  static constexpr int counts_at = numbers * static_cast<int>(sizeof(T)), bytes = counts_at + 16;
  static_assert(Packs <= 4);

  Lists lists, buffers;
  int* counts;  // of the terms in each buffer

  template <class Device>
  KEOPSNB_FN explicit GpuKept(Device& dev) {
    T* const shared = reinterpret_cast<T*>(dev.shared());
    lists = {shared, Packs, length, 2 * length};
    buffers = {shared + Packs * 2 * length, Packs, buffer, 2 * buffer};
    counts = reinterpret_cast<int*>(dev.shared() + counts_at);
    for (int k = dev.thread(); k < Packs * length; k += Threads)
      lists.clear(k / length, k % length);
    if (dev.thread() < Packs) counts[dev.thread()] = 0;
    dev.sync();
  }

  // Whether it made the buffer of output p more than half full.
  template <class Device>
  KEOPSNB_FN bool add(Device& dev, int p, T term, T index) const {
    if (!lists.before(term, index, p, Ranks - 1)) return false;
    const int at = dev.take(counts + p);
    buffers.put(p, at, term, index);
    return at >= Threads;
  }

  // The buffers into the lists. A barrier precedes it and another ends it.
  template <class Device>
  KEOPSNB_FN void flush(Device& dev) const {
    int most = 0;
    for (int p = 0; p < Packs; ++p)
      if (counts[p] > most) most = counts[p];
    const int size = power_of_two_from(most);
    for (int p = 0; p < Packs; ++p)
      for (int k = counts[p] + dev.thread(); k < size; k += Threads) buffers.clear(p, k);
    buffers.sort(dev, size);
    lists.merge(dev, buffers, size);
    if (dev.thread() < Packs) counts[dev.thread()] = 0;
    dev.sync();
  }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
