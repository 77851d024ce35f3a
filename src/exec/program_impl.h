/* program_impl.h: what a program is made of. For program*.c only.
 *
 * A program is a flat list of steps over numbered registers; a register is a column. Some registers are bound
 * when a run begins (columns of the input, aggregates, constants), each other one is written by one step.
 *
 *     speed > 50 and str:upper(k) == 'A'
 *
 *     r0 = column speed     r1 = 50          r3 = column k     r5 = 'A'
 *     step    scope   does
 *     COMPARE   0     r2 = r0 > r1
 *     GUARD     0     scope 1 = the rows of scope 0 where r2
 *     CALL      1     r4 = upper(r3)
 *     COMPARE   1     r6 = r4 == r5
 *     AND       0     r7 = r2 and r6
 *
 * A scope is the set of rows that a step computes: scope 0 is the selection of the batch without its resets,
 * others are cut from a parent by a guard, where the language forbids to evaluate an operand, or it is dear.
 * A value computed in a scope is good in the scopes below it, so equal expressions are computed once for
 * each such path. */
#ifndef WR_PROGRAM_IMPL_H
#define WR_PROGRAM_IMPL_H

#include "exec/kernel/bits.h"
#include "exec/kernel/kernels.h"
#include "exec/program.h"

typedef enum wr_step_kind {
    WR_STEP_FILL, /* a constant, as a column */
    WR_STEP_ARITH,
    WR_STEP_COMPARE,
    WR_STEP_CONVERT,
    WR_STEP_TRUTH, /* bool with null as false */
    WR_STEP_AND,
    WR_STEP_OR,
    WR_STEP_NOT,
    WR_STEP_IS_NULL,
    WR_STEP_CHOOSE,
    WR_STEP_RELABEL, /* the same objects under another type */
    WR_STEP_UNBOX,
    WR_STEP_BOX,
    WR_STEP_CALL,
    WR_STEP_GUARD /* out is a scope */
} wr_step_kind;

#define WR_NO_REG UINT32_MAX

typedef enum wr_reg_source {
    WR_REG_STEP,
    WR_REG_CONST,
    WR_REG_COLUMN,
    WR_REG_OUTPUT,
    WR_REG_AGG,
    WR_REG_PROBE,
    WR_REG_TS
} wr_reg_source;

typedef struct wr_reg {
    weir_column col; /* of the run in hand */
    wr_reg_source source;
    uint32_t index;      /* of the column, aggregate, … */
    bool never_null;     /* known when compiled */
    weir_value constant; /* WR_REG_CONST; never null; a string's bytes are the expression's */
    void *filled;        /* WR_REG_CONST: filled_rows copies, for calls; grows, never written again */
    uint32_t filled_rows;
} wr_reg;

typedef struct wr_call_site {
    const weir_function_type *function;
    void *state; /* function->state_size bytes */
    uint32_t *args;
    weir_column *columns; /* of the run in hand */
    uint32_t n_args;
    bool is_open;
} wr_call_site;

typedef struct wr_step {
    wr_step_kind kind;
    uint32_t scope;
    uint32_t out;
    uint32_t a, b, c;
    weir_type type; /* of the result */
    bool boxed;
    union {
        struct {
            uint32_t op;                /* wr_arith, wr_compare; 1: a strict UNBOX; wanted value of a GUARD */
            bool uses_pointers;         /* COMPARE of strings: only where every row holds one */
            wr_binary_kernel kernel[2]; /* [wr_rows] */
        } binary;
        wr_unary_kernel convert[2];
        wr_choose_kernel choose[2];
        wr_call_site call;
        weir_value constant; /* FILL; may be null */
    } u;
} wr_step;

/* Rows to compute, in the run in hand. */
typedef struct wr_scope {
    uint32_t parent, mask; /* mask: a register of bytes; scope 0 has none */
    bool wanted;           /* rows where the mask is 1 (true) or 0 (false) */
    const uint32_t *sel;   /* NULL: all rows */
    uint32_t n_sel;
    bool is_dense; /* rows are many: compute all rather than follow sel */
} wr_scope;

struct wr_program {
    wr_account *account;
    const wr_kernels *kernels;
    wr_reg *regs;
    wr_step *steps;
    wr_scope *scopes;
    uint32_t *results; /* registers */
    uint32_t n_regs, cap_regs, n_steps, cap_steps, n_scopes, cap_scopes, n_results;
    bool needs_clock;
    weir_arena constants; /* strings of folded expressions */
    /* The run in hand. */
    const wr_eval *ev;
    uint32_t n_rows;
    const int64_t *clock; /* by physical row; NULL unless needs_clock */
};

/* One step: writes its register (or scope). */
weir_status wr_step_run(wr_program *p, const wr_step *s, weir_error *err) WR_NODISCARD;
weir_status wr_scope_open(wr_program *p, wr_scope *scope, weir_error *err) WR_NODISCARD;
/* The steps that deal with rows one at a time (program_rows.c). */
weir_status wr_step_unbox(wr_program *p, const wr_step *s, weir_error *err) WR_NODISCARD;
weir_status wr_step_box(wr_program *p, const wr_step *s, weir_error *err) WR_NODISCARD;
weir_status wr_step_call(wr_program *p, const wr_step *s, weir_error *err) WR_NODISCARD;

/* Memory for a step's result: *out gets type, boxed, data and, if asked for, an unset bitmap, in one block.
 */
weir_status wr_step_alloc(wr_program *p, const wr_step *s, bool with_valid, weir_column *out,
                          weir_error *err) WR_NODISCARD;
/* n copies of a value of `size` bytes. */
void wr_fill(void *out, const void *value, size_t size, uint32_t n);
/* Where the value itself lies. */
const void *wr_value_data(const weir_value *v);
void wr_call_site_fini(wr_program *p, wr_call_site *site); /* half-built ones too */
/* Making steps (program_emit.c). Each gives the number of a register, or scope, that may be there already. */
wr_step wr_step_make(wr_step_kind kind, weir_type type, uint32_t scope, uint32_t a, uint32_t b);
/* A step that computes the same where s is to, or NULL. */
const wr_step *wr_emit_find(const wr_program *p, const wr_step *s);
weir_status wr_emit(wr_program *p, wr_step s, bool never_null, uint32_t *out, weir_error *err) WR_NODISCARD;
/* The scope of the rows of `parent` where mask is `wanted`. */
weir_status wr_emit_scope(wr_program *p, uint32_t parent, uint32_t mask, bool wanted, uint32_t *out,
                          weir_error *err) WR_NODISCARD;
/* What e, a leaf, reads. */
weir_status wr_emit_bind(wr_program *p, const wr_expr *e, wr_reg_source source, uint32_t index, uint32_t *out,
                         weir_error *err) WR_NODISCARD;
weir_status wr_emit_constant(wr_program *p, const weir_value *v, weir_type type, uint32_t scope,
                             uint32_t *out, weir_error *err) WR_NODISCARD;
/* If *reg is a constant, a register that holds it as a column. */
weir_status wr_emit_column(wr_program *p, uint32_t scope, uint32_t *reg, weir_error *err) WR_NODISCARD;
/* Compiles all expressions; folds constant parts first if asked to. */
weir_status wr_program_compile(wr_program *p, wr_expr *const *exprs, uint32_t n, bool folds,
                               weir_error *err) WR_NODISCARD;
/* If e is constant, can't fail and isn't an object: its value, computed; strings lie in arena. *is_folded
 * tells. */
weir_status wr_expr_fold(const wr_expr *e, wr_account *account, weir_arena *arena, weir_value *out,
                         bool *is_folded, weir_error *err) WR_NODISCARD;

#endif
