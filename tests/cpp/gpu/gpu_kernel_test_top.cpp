// The GPU kernels of the first K terms: in registers, and in shared memory.
#include "gpu_kernel_test.hpp"

using namespace gpu_test;

namespace {

template <i64 D>
constexpr auto f = sqdist(vi<0, D>, vj<1, D>);
// Few values, which tie, and NaN.
template <i64 D>
constexpr auto terms = sqrt(f<D> - 0.5_c);

template <class S, class R, Output Out>
constexpr bool in_top(AxisReduction<R, Out>) {
  return same<Gpu<S, R, Out>, GpuTop<S, R, Out>>;
}
static_assert(!in_top<float>(over_j(kmin_reduction<10>(f<3>))));
static_assert(!in_top<float>(over_j(kmin_reduction<10>(f<40>))));
static_assert(in_top<float>(over_j(kmin_reduction<33>(f<3>))));
static_assert(in_top<double>(over_j(kmin_reduction<32>(f<3>))));
static_assert(in_top<float>(over_j(kmin_reduction<2>(vi<0, 40> * vj<1, 40>))));

// Fewer terms than K, more, and so many that buffers fill.
template <class S, class R, Output Out>
void few(const std::string& name, AxisReduction<R, Out> reduction, i64 most = 1100) {
  const auto with = [](i64 o, i64 r) -> Sizes {
    return {Out == Output::j ? r : o, Out == Output::j ? o : r, {}, 1, {}, true};
  };
  check<S>(name, reduction, with(3, 0));
  check<S>(name, reduction, with(1, 1));
  check<S>(name, reduction, with(5, 131));
  check<S>(name, reduction, with(3, most), {1, 132});
}

template <class S, i64... K>
void lengths(const std::string& type) {
  (few<S>("KMin_ArgKMin<" + std::to_string(K) + ">, " + type,
          over_j(kmin_argkmin_reduction<K>(terms<3>))),
   ...);
  (few<S>("KMax_ArgKMax<" + std::to_string(K) + ">, " + type,
          over_i(kmax_argkmax_reduction<K>(terms<3>))),
   ...);
}

// Lists of parts are merged.
template <class S, i64 K>
void parts() {
  CHECK(check<S>("parts", over_j(kmin_argkmin_reduction<K>(terms<3>)), {2, 8300, {}, 1, {}, true},
                 {132}) > 1);
}

void outputs() {
  parts<float, 40>();
  parts<float, 1024>();
  parts<double, 100>();
  few<float>("KMin, registers", over_j(kmin_reduction<7>(terms<3>)));
  few<float>("ArgKMax, registers", over_j(argkmax_reduction<7>(terms<3>)));
  few<float>("KMin", over_j(kmin_reduction<50>(terms<3>)));
  few<float>("ArgKMax", over_j(argkmax_reduction<50>(terms<3>)));
  few<float>("KMin, all", AxisReduction<decltype(kmin_reduction<5>(terms<3>)), Output::one>{}, 600);
  few<double>("KMax, all", AxisReduction<decltype(kmax_reduction<70>(terms<3>)), Output::one>{},
              600);
  check<float>("KMin, all", AxisReduction<decltype(kmin_reduction<40>(f<3>)), Output::one>{},
               {300, 100, {2}, 1, {}, true}, {1, 132});
}

// Long vectors, several components, and what needs slots.
void formulas() {
  few<float>("long, registers", over_j(kmin_argkmin_reduction<10>(terms<40>)));
  few<float>("long", over_j(kmin_argkmin_reduction<100>(terms<40> + norm2(vi<0, 40>))));
  few<double>("long", over_j(kmax_argkmax_reduction<20>(f<100> * norm2(vj<1, 100>))), 700);
  few<float>("components", over_j(kmin_argkmin_reduction<4>(vi<0, 3> * vj<1, 3>)));
  few<float>("components", over_i(kmax_argkmax_reduction<40>(vi<0, 3> - vj<1, 3>)));
  few<float>("long result", over_j(kmax_argkmax_reduction<3>(vi<0, 40> - vj<1, 40>)), 300);
  few<float>("of j alone", over_j(argkmin_reduction<40>(elem<0>(vj<1, 3>) * pm<4, 1>)));
  few<float>("of i alone", over_j(argkmin_reduction<40>(elem<0>(vi<0, 3>))), 300);
  few<float>("integers", over_j(kmax_argkmax_reduction<40>(vi_integer<2, 1> * vj_integer<3, 1>)));
}

void batches() {
  const auto both = []<class S, class R, Output Out>(S, AxisReduction<R, Out> r) {
    check<S>("batches", r, {9, 67, {2, 3}, 1, {}, true});
    check<S>("batches, splits", r, {2, 4200, {3}, 1, {}, true}, {132});
    Sizes sizes = sparse();
    sizes.ties = true;
    check<S>("ranges", r, sizes);
  };
  both(float{}, over_j(kmin_argkmin_reduction<5>(terms<3>)));
  both(float{}, over_j(kmax_argkmax_reduction<5>(terms<40>)));
  both(float{}, over_j(kmin_argkmin_reduction<70>(terms<3>)));
  both(double{}, over_j(kmax_argkmax_reduction<40>(vi<0, 2> * vj<1, 2>)));
}

}  // namespace

int main() {
  lengths<float, 1, 10, 32, 33, 100, 1024>("float");
  lengths<double, 16, 17, 1000>("double");
  lengths<float16, 64>("float16");
  lengths<bfloat16, 5>("bfloat16");
  outputs();
  formulas();
  batches();
  return report("gpu_kernel_test_top");
}
