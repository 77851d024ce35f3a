/* states.c: patterns and sequences. The engine does not run them yet; the streams they name are looked up, so
 * that a misspelt one is told at once. */
#include "plan/query.h"

static void check_item(wr_build *b, const wr_ast_stream *stream) {
    wr_named *source = wr_plan_find_source(b->p, &stream->source);
    if (!source || source->poisoned || source->kind != WR_NAMED_TABLE) return;
    wr_plan_error(b->p, stream->source.span, WEIR_ETYPE, NULL, "'%s' is a table, not a stream", source->name);
}

static void check_state(wr_build *b, const wr_ast_state *state) {
    switch (state->kind) {
    case WR_STATE_STREAM: check_item(b, state->as.item.stream); break;
    case WR_STATE_ABSENT: check_item(b, state->as.absent.stream); break;
    case WR_STATE_LOGICAL:
        check_state(b, state->as.logical.left);
        check_state(b, state->as.logical.right);
        break;
    case WR_STATE_EVERY: check_state(b, state->as.every.child); break;
    case WR_STATE_CHAIN:
        for (uint32_t i = 0; i < state->as.chain.n; i++) check_state(b, state->as.chain.list[i]);
        break;
    }
}

void wr_plan_states_of(wr_build *b, const wr_ast_input *ast) {
    wr_plan_unsupported(b->p, ast->span, ast->kind == WR_INPUT_PATTERN ? "patterns (->)" : "sequences (,)");
    check_state(b, ast->as.states.root);
    b->query->n_sides = 1;
    b->query->side[0] = (wr_plan_side){.stream = WR_NONE_ID, .table = WR_NONE_ID};
    b->n_inputs = 1;
    b->inputs[0] = (wr_scope_input){.id = "", .poisoned = true};
}
