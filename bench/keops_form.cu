// A kernel in the form that KeOps' kernels have, to count instructions of: one output a thread, its
// x_i in registers; a tile of the y_j in shared memory, loaded one row a thread; a loop over the rows
// of the tile that is not unrolled, the loops over components unrolled. Long vectors (D > 100) come
// in chunks of 64 components, with the partial sums of a whole tile in an array of the thread.
// -DFORMULA=..., -DDIM=... and -DNUMBER=... choose what is computed.

using T = NUMBER;
constexpr int D = DIM, block = 192, chunk = 64;

__device__ float exponential(float a) { return expf(a); }
__device__ double exponential(double a) { return exp(a); }
__device__ float root(float a) { return sqrtf(a); }
__device__ double root(double a) { return sqrt(a); }

template <class A, class B>
__device__ T squared_distance(const A& x, const B& y) {
  T s = 0;
#pragma unroll
  for (int c = 0; c < D; ++c) s += (x[c] - y[c]) * (x[c] - y[c]);
  return s;
}

// Formulas: `own` numbers of x_i, `row` numbers of y_j, `outputs` sums.
struct Gaussian {
  static constexpr int own = D, row = D + 1, outputs = 1;
  __device__ static void step(const T* x, const T* y, T* sum, long long) {
    sum[0] += exponential(-squared_distance(x, y)) * y[D];
  }
};
struct GaussianGradient {  // in x, for a gradient that is the last number of x_i
  static constexpr int own = D + 1, row = D + 1, outputs = D;
  __device__ static void step(const T* x, const T* y, T* sum, long long) {
    const T factor = T(-2) * x[D] * y[D] * exponential(-squared_distance(x, y));
#pragma unroll
    for (int c = 0; c < D; ++c) sum[c] += factor * (x[c] - y[c]);
  }
};
struct LogSumExp {  // greatest exponent, sum
  static constexpr int own = D, row = D, outputs = 2;
  __device__ static void step(const T* x, const T* y, T* sum, long long) {
    const T f = -squared_distance(x, y);
    if (f > sum[0]) {
      sum[1] = sum[1] * exponential(sum[0] - f) + T(1);
      sum[0] = f;
    } else {
      sum[1] += exponential(f - sum[0]);
    }
  }
};
struct Laplacian {
  static constexpr int own = D, row = D + 1, outputs = 1;
  __device__ static void step(const T* x, const T* y, T* sum, long long) {
    sum[0] += exponential(-root(squared_distance(x, y))) * y[D];
  }
};
struct Attention {  // values behind the keys
  static constexpr int own = D, row = 2 * D, outputs = D;
  __device__ static void step(const T* x, const T* y, T* sum, long long) {
    T s = 0;
#pragma unroll
    for (int c = 0; c < D; ++c) s += x[c] * y[c];
    const T e = exponential(s);
#pragma unroll
    for (int c = 0; c < D; ++c) sum[c] += e * y[D + c];
  }
};
struct ArgMin {  // least number, its index
  static constexpr int own = D, row = D, outputs = 2;
  __device__ static void step(const T* x, const T* y, T* sum, long long j) {
    const T f = squared_distance(x, y);
    if (f < sum[0]) {
      sum[0] = f;
      sum[1] = T(j);
    }
  }
};
struct KMin {  // 10 least numbers in order and their indices, in turns
  static constexpr int own = D, row = D, outputs = 20;
  __device__ static void step(const T* x, const T* y, T* sum, long long j) {
    T f = squared_distance(x, y), index = T(j);
#pragma unroll
    for (int k = 0; k < 10; ++k) {
      if (!(f < sum[2 * k])) continue;
      const T moved = sum[2 * k], moved_index = sum[2 * k + 1];
      sum[2 * k] = f;
      sum[2 * k + 1] = index;
      f = moved;
      index = moved_index;
    }
  }
};

extern __shared__ __align__(16) char memory[];

template <class F>
__device__ void whole_rows(const T* xs, const T* ys, T* out, long long M, long long N) {
  T* const tile = reinterpret_cast<T*>(memory);
  const long long i = blockIdx.x * static_cast<long long>(blockDim.x) + threadIdx.x;
  T x[F::own], sum[F::outputs];
#pragma unroll
  for (int c = 0; c < F::own; ++c) x[c] = i < M ? xs[i * F::own + c] : T(0);
#pragma unroll
  for (int k = 0; k < F::outputs; ++k) sum[k] = T(0);
  for (long long begin = 0; begin < N; begin += blockDim.x) {
    const long long j = begin + threadIdx.x;
    if (j < N)
      for (int c = 0; c < F::row; ++c) tile[threadIdx.x * F::row + c] = ys[j * F::row + c];
    __syncthreads();
    const int count = N - begin < blockDim.x ? static_cast<int>(N - begin) : blockDim.x;
#pragma unroll 1
    for (int r = 0; r < count; ++r) F::step(x, tile + r * F::row, sum, begin + r);
    __syncthreads();
  }
  if (i < M)
    for (int k = 0; k < F::outputs; ++k) out[i * F::outputs + k] = sum[k];
}

// The Gaussian, in chunks of components.
__device__ void chunks(const T* xs, const T* ys, T* out, long long M, long long N) {
  T* const tile = reinterpret_cast<T*>(memory);
  const long long i = blockIdx.x * static_cast<long long>(blockDim.x) + threadIdx.x;
  T sum = 0;
  for (long long begin = 0; begin < N; begin += block) {
    const long long j = begin + threadIdx.x;
    const int count = N - begin < block ? static_cast<int>(N - begin) : block;
    T partial[block];
    for (int r = 0; r < block; ++r) partial[r] = T(0);
    for (int first = 0; first < D; first += chunk) {
      T x[chunk];
#pragma unroll
      for (int c = 0; c < chunk; ++c) {
        x[c] = i < M ? xs[i * D + first + c] : T(0);
        if (j < N) tile[threadIdx.x * chunk + c] = ys[j * (D + 1) + first + c];
      }
      __syncthreads();
#pragma unroll 1
      for (int r = 0; r < count; ++r) {
        T s = partial[r];
#pragma unroll
        for (int c = 0; c < chunk; ++c)
          s += (x[c] - tile[r * chunk + c]) * (x[c] - tile[r * chunk + c]);
        partial[r] = s;
      }
      __syncthreads();
    }
    for (int r = 0; r < count; ++r)
      sum += exponential(-partial[r]) * ys[(begin + r) * (D + 1) + D];
  }
  if (i < M) out[i] = sum;
}

extern "C" __global__ void __launch_bounds__(block)
    keopsnb_reduce(const T* x, const T* y, T* out, long long M, long long N) {
  if constexpr (D > 100)
    chunks(x, y, out, M, N);
  else
    whole_rows<FORMULA>(x, y, out, M, N);
}
