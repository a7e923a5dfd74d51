// Integers that launches read: there when they are read, whatever came between, and for any graph.
#include <cuda/constants.hpp>

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include <cuda/memory.hpp>

#include "check.hpp"
#include "fake_cuda.hpp"

using namespace keopsnb::cuda;
using Values = std::vector<long long>;

namespace {

Values values_of(long long first, std::size_t count = 100) {
  Values values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

CUstream new_stream() {
  const Current current(0);
  CUstream stream = nullptr;
  driver().cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING);
  return stream;
}

// A launch that reads them: a copy to the host, done when the stream comes to it.
void read(Values& to, const Constants& from, CUstream stream) {
  const Current current(0);
  driver().cuMemcpyDtoHAsync(to.data(), reinterpret_cast<CUdeviceptr>(from.data()),
                             to.size() * sizeof(long long), stream);
}

void finish(CUstream stream) {
  const Current current(0);
  driver().cuStreamSynchronize(stream);
}

// Law: a launch reads its values, however late and however many others are held by then.
void launches_read_their_values() {
  for (const bool pools : {true, false})
    scenario([&] {
      fake_cuda().pools = pools;
      const Device& gpu = device(0);
      const CUstream streams[] = {new_stream(), new_stream(), nullptr};
      std::vector<Values> got(600, Values(100));
      for (std::size_t n = 0; n < got.size(); ++n) {
        const CUstream stream = streams[n % 3];
        const Constants held(gpu, stream, values_of(static_cast<long long>(n % 200)));
        read(got[n], held, stream);
      }
      for (const CUstream stream : streams) finish(stream);
      for (std::size_t n = 0; n < got.size(); ++n)
        CHECK(got[n] == values_of(static_cast<long long>(n % 200)));
      const Constants one_more(gpu, nullptr, values_of(1000));
      CHECK(fake_cuda().allocations <= 65);
    });
  scenario([] {  // few that are large
    const Device& gpu = device(0);
    for (long long n = 0; n < 20; ++n) {
      {
        const Constants held(gpu, nullptr, values_of(n, 1 << 20));
      }
      finish(nullptr);
    }
    CHECK(fake_cuda().allocations <= 8);
    CHECK(Constants(gpu, nullptr, {}).data() == nullptr);
  });
}

void equal_values_are_one() {
  scenario([] {
    const Device& gpu = device(0);
    const Constants first(gpu, nullptr, values_of(1)), again(gpu, nullptr, values_of(1)),
        other(gpu, nullptr, values_of(2));
    CHECK(first.data() == again.data() && first.data() != other.data());
    CHECK(fake_cuda().calls("cuMemcpyHtoDAsync") == 2);
  });
}

// Law: nobody waits for what the stream is busy with, and nothing is freed behind its back.
void no_call_waits_for_kernels() {
  scenario([] {
    const Device& gpu = device(0);
    const CUstream busy = new_stream();
    const Constants early(gpu, busy, values_of(7));
    Values kernel(100);
    read(kernel, early, busy);
    for (long long n = 0; n < 200; ++n) const Constants held(gpu, busy, values_of(n));
    CHECK(kernel == Values(100));
    CHECK(fake_cuda().calls("cuStreamSynchronize") == 0);
    finish(busy);
    CHECK(kernel == values_of(7));
  });
}

// Law: a graph reads the same values at each replay, whether they were there before the capture or
// not; and the capture goes on.
void graphs_read_their_values() {
  for (const bool before : {true, false})
    scenario([&] {
      const Device& gpu = device(0);
      const CUstream stream = new_stream();
      const FakeGraphs graphs = fake_graphs();
      if (before) const Constants held(gpu, stream, values_of(5));
      Values got(100);
      graphs.begin(stream);
      {
        const Constants held(gpu, stream, values_of(5));
        read(got, held, stream);
      }
      const int graph = graphs.end(stream);
      CHECK(got == Values(100));
      for (int round = 0; round < 2; ++round) {
        for (long long n = 0; n < 200; ++n) const Constants held(gpu, stream, values_of(n + 6));
        finish(stream);
        got.assign(100, 0);
        graphs.replay(graph);
        CHECK(got == values_of(5));
      }
    });
}

void threads_share_them() {
  scenario([] {
    const Device& gpu = device(0);
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int id = 0; id < 4; ++id)
      threads.emplace_back([&] {
        const CUstream stream = new_stream();
        for (long long n = 0; n < 100; ++n) {
          Values got(100);
          {
            const Constants held(gpu, stream, values_of(n));
            read(got, held, stream);
          }
          finish(stream);
          good += got == values_of(n);
        }
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(good == 400);
  });
}

// Law: what fails throws, and costs no later call anything.
void failures_are_told() {
  scenario([] {
    const Device& gpu = device(0);
    for (const char* call : {"cuMemAllocFromPoolAsync", "cuMemHostAlloc", "cuEventCreate"}) {
      fake_cuda().failures[call] = CUDA_ERROR_OUT_OF_MEMORY;
      bool thrown = false;
      try {
        const Constants held(gpu, nullptr, values_of(1));
      } catch (const CudaError& error) {
        thrown = error.code == CUDA_ERROR_OUT_OF_MEMORY;
      }
      CHECK(thrown);
      fake_cuda().failures.clear();
    }
    const Constants held(gpu, nullptr, values_of(1));
    Values got(100);
    read(got, held, nullptr);
    finish(nullptr);
    CHECK(got == values_of(1));
  });
}

}  // namespace

int main() {
  launches_read_their_values();
  equal_values_are_one();
  no_call_waits_for_kernels();
  graphs_read_their_values();
  threads_share_them();
  failures_are_told();
  return report("cuda_constants");
}
