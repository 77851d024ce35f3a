/* choose_shapes.inc.h: choose.inc.h for the four shapes. Define KERNEL_TYPE and KERNEL_SIZE (its bytes). */

#define KERNEL_TAG  KERNEL_PASTE2(KERNEL_SIZE, vv)
#define KERNEL_A(r) r
#define KERNEL_B(r) r
#include "exec/kernel/choose.inc.h"

#define KERNEL_TAG  KERNEL_PASTE2(KERNEL_SIZE, vc)
#define KERNEL_A(r) r
#define KERNEL_B(r) 0
#include "exec/kernel/choose.inc.h"

#define KERNEL_TAG  KERNEL_PASTE2(KERNEL_SIZE, cv)
#define KERNEL_A(r) 0
#define KERNEL_B(r) r
#include "exec/kernel/choose.inc.h"

#define KERNEL_TAG  KERNEL_PASTE2(KERNEL_SIZE, cc)
#define KERNEL_A(r) 0
#define KERNEL_B(r) 0
#include "exec/kernel/choose.inc.h"

#undef KERNEL_SIZE
#undef KERNEL_TYPE
