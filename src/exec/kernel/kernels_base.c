/* kernels_base.c: the kernels for any machine (SSE2 on x86-64, NEON on ARM), and the choice between sets. */
#define KERNELS      wr_kernels_base
#define KERNELS_NAME "base"
#include "exec/kernel/kernels.inc.h"

const wr_kernels *wr_kernels_get(void) {
#ifdef WR_HAVE_AVX2
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) return &wr_kernels_avx2;
#endif
    return &wr_kernels_base;
}
