// Law: the headers mean the same whatever a program, or a system header before them, has made
// macros of, and leave those macros as they were.

// windows.h, Arduino
#define min(a, b) wrong
#define max(a, b) wrong
#define abs(a) wrong
#define round(a) wrong
#define square(a) wrong
#define near
#define far
#define small char
#define huge
#define hyper long long
#define interface struct
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define TRUE 1
#define FALSE 0
#define ERROR 0
#define DELETE 0x00010000L
// complex.h, math.h, sys/sysmacros.h, GNU C
#define I wrong
#define complex wrong
#define imaginary wrong
#define DOMAIN 1
#define SING 2
#define OVERFLOW 3
#define UNDERFLOW 4
#define major(a) wrong
#define minor(a) wrong
#undef unix
#undef linux
#define unix 1
#define linux 1
// X11, R, Qt
#define None 0L
#define Bool int
#define Status int
#define Success 0
#define True 1
#define False 0
#define Always 2
#define error wrong
#define length wrong
#define Free wrong
#define signals public
#define slots
#define emit
#define foreach wrong
// programs
#define CHECK(a) wrong
#define LOG(a) wrong
#define DEBUG 1
#define EPS 1e-6
#define PI 3.14
#define pi 3.14
#define DIM 3
#define SIZE 3
#define MAX(a, b) wrong
#define MIN(a, b) wrong
#define SQUARE(a) wrong
#define swap(a, b) wrong
#define sign(a) wrong
#define select wrong
#define dot(a, b) wrong
#define sum(a) wrong
#define norm(a) wrong
#define clamp(a, b, c) wrong
#define _N 1
#define _X 2
#define A 1
#define B 1
#define C 1
#define D 3
#define E 1
#define F 1
#define G 1
#define H 1
#define J 1
#define K 1
#define L 1
#define M 5
#define N 7
#define O 1
#define P 1
#define Q 1
#define R 1
#define S 1
#define T float
#define U 1
#define V double
#define W 1
#define X 1
#define Y 1
#define Z 1

#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>

#if !defined(min) || !defined(near) || !defined(select) || !defined(I) || !defined(Z)
#error "macros of the program are lost"
#endif
static_assert(M == 5 && N == 7 && D == 3 && TRUE == 1 && sizeof(V) == 8 && sizeof(small) == 1);

// The program's results are those of one without macros.
int main() {
  using namespace keopsnb;
  constexpr auto x = vi<0, D>;
  constexpr auto y = vj<1, D>;
  T xs[M * D], ys[N * D], out[M];
  for (int k = 0; k < M * D; ++k) xs[k] = T(k % 5) / 4;
  for (int k = 0; k < N * D; ++k) ys[k] = T(k % 3) / 2;
  if (reduce<T>(sum_over_j(sqdist(x, y)), out, M, N, {xs, ys}) != Outcome::done) return 1;
  for (int i = 0; i < M; ++i) {
    V right = 0;
    for (int j = 0; j < N; ++j) {
      for (int k = 0; k < D; ++k) {
        const V d = V(xs[i * D + k]) - V(ys[j * D + k]);
        right += d * d;
      }
    }
    if (!(out[i] - right < EPS * 10 && right - out[i] < EPS * 10)) return 1;
  }
  return 0;
}
