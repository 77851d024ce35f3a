/* arith.inc.h: + - * / % of one numeric type.
 *
 * A template: define KERNEL_TAG (i32), KERNEL_TYPE (int32_t) and KERNEL_WRAP, the type in which + - * are
 * computed: the unsigned one for integers, which wrap; itself for floats; KERNEL_IS_INT for integers.
 * Undefines all four. div_<tag> and mod_<tag> are functions of divide.h. */

#define KERNEL_OUT KERNEL_TYPE
#define KERNEL_HAS_CV

#define KERNEL_VERB     add
#define KERNEL_OP(x, y) ((KERNEL_WRAP)(x) + (KERNEL_WRAP)(y))
#include "exec/kernel/binary.inc.h"
#undef KERNEL_VERB

#define KERNEL_VERB     sub
#define KERNEL_OP(x, y) ((KERNEL_WRAP)(x) - (KERNEL_WRAP)(y))
#include "exec/kernel/binary.inc.h"
#undef KERNEL_VERB

#define KERNEL_VERB     mul
#define KERNEL_OP(x, y) ((KERNEL_WRAP)(x) * (KERNEL_WRAP)(y))
#include "exec/kernel/binary.inc.h"
#undef KERNEL_VERB

#define KERNEL_VERB     quo
#define KERNEL_OP(x, y) KERNEL_PASTE2(div, KERNEL_TAG)(x, y)
#include "exec/kernel/binary.inc.h"
#undef KERNEL_VERB

#define KERNEL_VERB     rem
#define KERNEL_OP(x, y) KERNEL_PASTE2(mod, KERNEL_TAG)(x, y)
#ifdef KERNEL_IS_INT
#define KERNEL_MASKED(x, mask) KERNEL_PASTE2(masked, KERNEL_TAG)(x, mask)
#endif
#include "exec/kernel/binary.inc.h"
#undef KERNEL_MASKED
#undef KERNEL_VERB

#undef KERNEL_HAS_CV
#undef KERNEL_OUT
#undef KERNEL_WRAP
#undef KERNEL_IS_INT
#undef KERNEL_TYPE
#undef KERNEL_TAG
