/* print_input.c: streams, joins, patterns and sequences. */
#include <inttypes.h>
#include <stdio.h>

#include "lang/print.h"

/* ---- One stream --------------------------------------------------------------------------------------- */

static void print_handler(wr_printer *pr, const wr_ast_handler *h) {
    wr_pr_comments(pr, h->span.begin);
    if (h->kind == WR_HANDLER_FILTER) {
        wr_pr_puts(pr, "[");
        wr_pr_indent(pr, 1);
        wr_pr_expr(pr, h->filter);
        wr_pr_indent(pr, -1);
        wr_pr_puts(pr, "]");
        return;
    }
    wr_pr_puts(pr, h->kind == WR_HANDLER_WINDOW ? "#window." : "#");
    wr_pr_call(pr, h->call);
}

void wr_pr_stream(wr_printer *pr, const wr_ast_stream *stream) {
    if (stream->event_ref.text) {
        wr_pr_name(pr, &stream->event_ref);
        wr_pr_puts(pr, "=");
    }
    wr_pr_source(pr, &stream->source);
    for (uint32_t i = 0; i < stream->n_handlers; i++) print_handler(pr, &stream->handlers[i]);
    if (!stream->alias.text) return;
    wr_pr_space(pr);
    wr_pr_puts(pr, "as");
    wr_pr_space(pr);
    wr_pr_name(pr, &stream->alias);
}

/* ---- Joins -------------------------------------------------------------------------------------------- */

void wr_pr_range(wr_printer *pr, const wr_ast_range *range) {
    wr_pr_puts(pr, "within");
    wr_pr_space(pr);
    wr_pr_expr(pr, range->start);
    if (range->end) {
        wr_pr_puts(pr, ",");
        wr_pr_space(pr);
        wr_pr_expr(pr, range->end);
    }
    wr_pr_line(pr, wr_pr_expr_start(range->per));
    wr_pr_puts(pr, "per");
    wr_pr_space(pr);
    wr_pr_expr(pr, range->per);
}

static void print_join(wr_printer *pr, const wr_ast_join *join) {
    static const char *const operators[] = {
        [WR_JOIN_INNER] = "join",
        [WR_JOIN_LEFT] = "left outer join",
        [WR_JOIN_RIGHT] = "right outer join",
        [WR_JOIN_FULL] = "full outer join",
    };
    wr_pr_stream(pr, join->left);
    if (join->unidirectional == WR_UNI_LEFT) {
        wr_pr_space(pr);
        wr_pr_puts(pr, "unidirectional");
    }
    wr_pr_line(pr, wr_pr_stream_start(join->right));
    wr_pr_puts(pr, operators[join->kind]);
    wr_pr_space(pr);
    wr_pr_stream(pr, join->right);
    if (join->unidirectional == WR_UNI_RIGHT) {
        wr_pr_space(pr);
        wr_pr_puts(pr, "unidirectional");
    }
    if (join->on) {
        wr_pr_line(pr, wr_pr_expr_start(join->on));
        wr_pr_puts(pr, "on");
        wr_pr_space(pr);
        wr_pr_expr(pr, join->on);
    }
    if (!join->range) return;
    wr_pr_line(pr, join->range->span.begin);
    wr_pr_range(pr, join->range);
}

/* ---- Patterns and sequences --------------------------------------------------------------------------- */

/* Where a state is printed: what divides the links of a chain. */
typedef struct link {
    const wr_ast_state *state;
    bool is_sequence;
} link;

static void print_state(wr_printer *pr, link l);

static uint32_t state_start(const wr_ast_state *s) {
    for (;;) switch (s->kind) {
        case WR_STATE_STREAM: return wr_pr_stream_start(s->as.item.stream);
        case WR_STATE_LOGICAL: s = s->as.logical.left; break;
        case WR_STATE_CHAIN: s = s->as.chain.list[0]; break;
        default: return s->span.begin; /* at 'not' or 'every' */
        }
}

static void print_count(wr_printer *pr, const wr_ast_state *s) {
    char text[48] = "";
    int32_t min = s->as.item.min, max = s->as.item.max;
    switch (s->as.item.count) {
    case WR_COUNT_ONE: break;
    case WR_COUNT_ZERO_OR_MORE: snprintf(text, sizeof text, "*"); break;
    case WR_COUNT_ZERO_OR_ONE: snprintf(text, sizeof text, "?"); break;
    case WR_COUNT_ONE_OR_MORE: snprintf(text, sizeof text, "+"); break;
    case WR_COUNT_RANGE:
        if (max == WR_COUNT_UNBOUNDED)
            snprintf(text, sizeof text, "<%" PRId32 ":>", min);
        else if (min == max)
            snprintf(text, sizeof text, "<%" PRId32 ">", min);
        else
            snprintf(text, sizeof text, "<%" PRId32 ":%" PRId32 ">", min, max);
        break;
    }
    wr_pr_puts(pr, text);
}

static void print_absent(wr_printer *pr, const wr_ast_state *s) {
    wr_pr_comments(pr, s->span.begin);
    wr_pr_puts(pr, "not");
    wr_pr_space(pr);
    wr_pr_stream(pr, s->as.absent.stream);
    if (!s->as.absent.time) return;
    wr_pr_space(pr);
    wr_pr_puts(pr, "for");
    wr_pr_space(pr);
    wr_pr_expr(pr, s->as.absent.time);
}

static void print_chain(wr_printer *pr, const void *node) {
    const link *l = node;
    const wr_ast_state *s = l->state;
    for (uint32_t i = 0; i < s->as.chain.n; i++) {
        link next = {s->as.chain.list[i], l->is_sequence};
        if (i && l->is_sequence) wr_pr_puts(pr, ",");
        if (i) wr_pr_line(pr, state_start(next.state));
        if (i && !l->is_sequence) {
            wr_pr_puts(pr, "->");
            wr_pr_space(pr);
        }
        print_state(pr, next);
    }
}

static void print_bare_state(wr_printer *pr, link l) {
    const wr_ast_state *s = l.state;
    switch (s->kind) {
    case WR_STATE_STREAM:
        wr_pr_stream(pr, s->as.item.stream);
        print_count(pr, s);
        break;
    case WR_STATE_ABSENT: print_absent(pr, s); break;
    case WR_STATE_LOGICAL:
        print_state(pr, (link){s->as.logical.left, l.is_sequence});
        wr_pr_space(pr);
        wr_pr_puts(pr, s->as.logical.is_or ? "or" : "and");
        wr_pr_space(pr);
        print_state(pr, (link){s->as.logical.right, l.is_sequence});
        break;
    case WR_STATE_EVERY:
        wr_pr_comments(pr, s->span.begin);
        wr_pr_puts(pr, "every");
        wr_pr_space(pr);
        print_state(pr, (link){s->as.every.child, l.is_sequence});
        break;
    case WR_STATE_CHAIN: wr_pr_group(pr, WR_PRINT_WIDTH, print_chain, &l); break;
    }
}

static void print_state(wr_printer *pr, link l) {
    if (!l.state->in_parens) {
        print_bare_state(pr, l);
        return;
    }
    wr_pr_comments(pr, state_start(l.state));
    wr_pr_puts(pr, "(");
    wr_pr_indent(pr, 1);
    print_bare_state(pr, l);
    wr_pr_indent(pr, -1);
    wr_pr_puts(pr, ")");
}

/* ---- All inputs --------------------------------------------------------------------------------------- */

static void print_anonymous(wr_printer *pr, const wr_ast_input *input) {
    wr_pr_comments(pr, input->as.anonymous->span.begin);
    wr_pr_puts(pr, "(");
    wr_pr_query_body(pr, input->as.anonymous);
    wr_pr_puts(pr, ")");
}

uint32_t wr_pr_input_start(const wr_ast_input *input) {
    switch (input->kind) {
    case WR_INPUT_SINGLE: return wr_pr_stream_start(input->as.single);
    case WR_INPUT_JOIN: return wr_pr_stream_start(input->as.join->left);
    case WR_INPUT_ANONYMOUS: return input->as.anonymous->span.begin;
    default: return state_start(input->as.states.root);
    }
}

void wr_pr_input(wr_printer *pr, const wr_ast_input *input) {
    wr_pr_indent(pr, 1);
    switch (input->kind) {
    case WR_INPUT_SINGLE: wr_pr_stream(pr, input->as.single); break;
    case WR_INPUT_JOIN: print_join(pr, input->as.join); break;
    case WR_INPUT_ANONYMOUS: print_anonymous(pr, input); break;
    case WR_INPUT_PATTERN:
    case WR_INPUT_SEQUENCE:
        print_state(pr, (link){input->as.states.root, input->kind == WR_INPUT_SEQUENCE});
        if (!input->as.states.within) break;
        wr_pr_line(pr, input->as.states.within->span.begin);
        wr_pr_puts(pr, "within");
        wr_pr_space(pr);
        wr_pr_expr(pr, input->as.states.within);
        break;
    }
    wr_pr_indent(pr, -1);
}
