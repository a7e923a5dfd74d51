// The Gaussian sum and its gradient of main.cpp, the gradient of a log-sum-exp, and nearest
// neighbours, on an NVIDIA GPU, compiled by nvcc:
//
//   nvcc -std=c++20 -arch=native -I <include folder> gpu.cu -o gpu
//
// The results are checked against two plain loops. Where there is no GPU the program says so.
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce_gpu.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

using keopsnb::i64;
using Numbers = std::vector<float>;

void check(cudaError_t status) {
  if (status == cudaSuccess) return;
  std::fprintf(stderr, "CUDA: %s\n", cudaGetErrorString(status));
  std::exit(1);
}

Numbers random_numbers(i64 count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  Numbers numbers(static_cast<std::size_t>(count));
  for (float& number : numbers) number = normal(engine);
  return numbers;
}

// Numbers in the memory of the GPU.
template <class T>
class OnGpu {
 public:
  explicit OnGpu(i64 count) : bytes_(static_cast<std::size_t>(count) * sizeof(T)) {
    check(cudaMalloc(&data_, bytes_));
  }
  explicit OnGpu(const std::vector<T>& numbers) : OnGpu(static_cast<i64>(numbers.size())) {
    check(cudaMemcpy(data_, numbers.data(), bytes_, cudaMemcpyHostToDevice));
  }
  OnGpu(const OnGpu&) = delete;
  OnGpu& operator=(const OnGpu&) = delete;
  ~OnGpu() { cudaFree(data_); }

  T* data() { return data_; }
  // Waits for the work before it; an error of that work comes out here.
  std::vector<T> download() const {
    std::vector<T> numbers(bytes_ / sizeof(T));
    check(cudaMemcpy(numbers.data(), data_, bytes_, cudaMemcpyDeviceToHost));
    return numbers;
  }

 private:
  std::size_t bytes_;
  T* data_ = nullptr;
};

struct Plain {
  std::vector<double> sum, gradient, soft_gradient, nearest;
};

Plain plain_loops(const Numbers& x, const Numbers& y, const Numbers& b, const Numbers& e) {
  Plain result{std::vector<double>(e.size()), std::vector<double>(x.size()),
               std::vector<double>(y.size()), std::vector<double>(e.size(), 1e300)};
  std::vector<double> weights(b.size());
  for (std::size_t i = 0; i < e.size(); ++i) {
    double total = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      double d[3], squares = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        d[c] = static_cast<double>(x[3 * i + c]) - static_cast<double>(y[3 * j + c]);
        squares += d[c] * d[c];
      }
      const double term = std::exp(-squares) * static_cast<double>(b[j]);
      result.sum[i] += term;
      result.nearest[i] = std::fmin(result.nearest[i], squares);
      for (std::size_t c = 0; c < 3; ++c)
        result.gradient[3 * i + c] -= 2 * static_cast<double>(e[i]) * term * d[c];
      weights[j] = std::exp(-squares);
      total += weights[j];
    }
    for (std::size_t j = 0; j < b.size(); ++j)
      for (std::size_t c = 0; c < 3; ++c)
        result.soft_gradient[3 * j + c] +=
            2 * static_cast<double>(e[i]) * weights[j] / total *
            (static_cast<double>(x[3 * i + c]) - static_cast<double>(y[3 * j + c]));
  }
  return result;
}

// Greatest difference, relative to the greatest value.
double error(const Numbers& found, const std::vector<double>& expected) {
  double difference = 0, greatest = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    const double d = std::fabs(static_cast<double>(found[k]) - expected[k]);
    if (!(d <= difference)) difference = d;  // NaN counts
    greatest = std::fmax(greatest, std::fabs(expected[k]));
  }
  return difference / greatest;
}

}  // namespace

int main() {
  int devices = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&devices); devices == 0) {
    std::printf("There is no GPU here (%s): nothing was computed.\n", cudaGetErrorString(status));
    return 0;
  }
  constexpr i64 M = 2000, N = 3000, K = 5;
  const Numbers xs = random_numbers(3 * M, 1), ys = random_numbers(3 * N, 2),
                bs = random_numbers(N, 3), es = random_numbers(M, 4);
  OnGpu x_gpu(xs), y_gpu(ys), b_gpu(bs), e_gpu(es);
  OnGpu<float> a_gpu(M), g_gpu(3 * M), s_gpu(M), t_gpu(3 * N), d_gpu(K * M);
  OnGpu<i64> n_gpu(K * M);

  constexpr auto x = keopsnb::vi<0, 3>;
  constexpr auto y = keopsnb::vj<1, 3>;
  constexpr auto b = keopsnb::vj<2, 1>;
  constexpr auto e = keopsnb::vi<3, 1>;
  constexpr auto gaussian = exp(-sqdist(x, y)) * b;

  // All return at once and run one after the other, on the default stream.
  check(keopsnb::reduce_gpu<float>(keopsnb::sum_over_j(gaussian), a_gpu.data(), M, N,
                                   {x_gpu.data(), y_gpu.data(), b_gpu.data()}));
  check(keopsnb::reduce_gpu<float>(grad(keopsnb::sum_over_j(gaussian), x, e), g_gpu.data(), M, N,
                                   {x_gpu.data(), y_gpu.data(), b_gpu.data(), e_gpu.data()}));
  // The log-sum-exp of minus the squared distances, and its gradient in y, which is over i.
  constexpr auto soft = keopsnb::logsumexp_over_j(-sqdist(x, y));
  constexpr auto s = keopsnb::vi<4, soft.dim>;
  check(keopsnb::reduce_gpu<float>(soft, s_gpu.data(), M, N, {x_gpu.data(), y_gpu.data()}));
  check(keopsnb::reduce_gpu<float>(
      grad(soft, y, e, s), t_gpu.data(), M, N,
      {x_gpu.data(), y_gpu.data(), b_gpu.data(), e_gpu.data(), s_gpu.data()}));
  // The squared distances of the K nearest y_j, from the least on, and their indices.
  check(
      keopsnb::reduce_gpu<float>(keopsnb::over_j(keopsnb::kmin_argkmin_reduction<K>(sqdist(x, y))),
                                 {d_gpu.data(), n_gpu.data()}, M, N, {x_gpu.data(), y_gpu.data()}));
  const Numbers a = a_gpu.download(), g = g_gpu.download(), t = t_gpu.download(),
                d = d_gpu.download();
  const std::vector<i64> n = n_gpu.download();
  Numbers nearest, at_index;
  for (std::size_t i = 0; i < static_cast<std::size_t>(M); ++i) {
    float squares = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      const float step = xs[3 * i + c] - ys[3 * static_cast<std::size_t>(n[K * i]) + c];
      squares += step * step;
    }
    nearest.push_back(d[K * i]);
    at_index.push_back(squares);
  }

  const Plain plain = plain_loops(xs, ys, bs, es);
  const double errors[] = {error(a, plain.sum), error(g, plain.gradient),
                           error(t, plain.soft_gradient), error(nearest, plain.nearest),
                           error(at_index, plain.nearest)};
  std::printf("a_0 = %.7f, relative error %.1e\n", static_cast<double>(a[0]), errors[0]);
  std::printf("g_0 = (%.7f, %.7f, %.7f), relative error %.1e\n", static_cast<double>(g[0]),
              static_cast<double>(g[1]), static_cast<double>(g[2]), errors[1]);
  std::printf("t_0 = (%.7f, %.7f, %.7f), relative error %.1e\n", static_cast<double>(t[0]),
              static_cast<double>(t[1]), static_cast<double>(t[2]), errors[2]);
  std::printf("nearest to x_0: y_%lld, at a squared distance of %.7f, relative error %.1e\n", n[0],
              static_cast<double>(d[0]), errors[3]);
  for (double e : errors)
    if (!(e < 5e-6)) return 1;
  return 0;
}
