#include "engine.hpp"

namespace onelayer {

namespace baseline {
extern const Kernels<float> single_kernels;
extern const Kernels<double> double_kernels;
}  // namespace baseline

#if defined(ONELAYER_X86_64)
namespace avx2 {
extern const Kernels<float> single_kernels;
extern const Kernels<double> double_kernels;
}  // namespace avx2

namespace avx512 {
extern const Kernels<float> single_kernels;
extern const Kernels<double> double_kernels;
}  // namespace avx512

namespace avx512vnni {
extern const Kernels<float> single_kernels;
}  // namespace avx512vnni
#endif

namespace {

#if defined(ONELAYER_X86_64)
bool has_avx512() {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
           __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
           __builtin_cpu_supports("fma") != 0;
}
#endif

const Engine known[] = {
    {"baseline", &baseline::single_kernels, &baseline::double_kernels, [] { return true; }},
#if defined(ONELAYER_X86_64)
    {"avx2", &avx2::single_kernels, &avx2::double_kernels,
     [] { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }},
    {"avx512", &avx512::single_kernels, &avx512::double_kernels, has_avx512},
    // It adds instructions for products of bytes, which float32 alone uses.
    {"avx512vnni", &avx512vnni::single_kernels, &avx512::double_kernels,
     [] { return has_avx512() && __builtin_cpu_supports("avx512vnni") != 0; }},
#endif
};

}  // namespace

std::span<const Engine> engines() {
    return known;
}

}  // namespace onelayer
