/* kernels_avx2.c: the kernels once more, for x86-64 machines with AVX2. Without FMA, so that the bits are
 * those of the base set. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx2")
#define KERNELS      wr_kernels_avx2
#define KERNELS_NAME "avx2"
#include "exec/kernel/kernels.inc.h"
#else
#include "exec/kernel/kernels.h" /* a file must declare something */
#endif
