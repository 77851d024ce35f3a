/* states.c: patterns and sequences: the steps of the text become the items of an automaton; see pattern.h. */
#include <string.h>

#include "plan/expr_make.h"
#include "plan/query.h"

typedef struct shaping {
    wr_build *b;
    wr_plan_pattern *pattern;
    wr_state_name *names;
    const wr_ast_stream **streams; /* by item */
    bool failed;
} shaping;

/* A part of the text: where matches enter it and where they leave it. */
typedef struct part {
    uint32_t first, last;
} part;

static uint32_t count_items(const wr_ast_state *s) {
    uint32_t n = 0;
    switch (s->kind) {
    case WR_STATE_STREAM:
    case WR_STATE_ABSENT: return 1;
    case WR_STATE_LOGICAL: return 2;
    case WR_STATE_EVERY: return count_items(s->as.every.child);
    case WR_STATE_CHAIN:
        for (uint32_t i = 0; i < s->as.chain.n; i++) n += count_items(s->as.chain.list[i]);
        return n;
    }
    return n;
}

/* ---- Items ------------------------------------------------------------------------------------------------
 */

/* The side that reads the stream, made if there is none yet. */
static uint32_t side_of(shaping *sh, const wr_named *source, wr_span span) {
    wr_plan_query *q = sh->b->query;
    for (uint32_t i = 0; i < q->n_sides; i++)
        if (q->side[i].stream == source->index) return i;
    if (q->n_sides == WR_MAX_SIDES) {
        wr_plan_error(sh->b->p, span, WEIR_ELIMIT, NULL, "a pattern can read %u streams, this one reads more",
                      WR_MAX_SIDES);
        sh->failed = true;
        return 0;
    }
    q->side[q->n_sides] = (wr_plan_side){.stream = source->index, .table = WR_NONE_ID};
    return q->n_sides++;
}

static void find_stream(shaping *sh, const wr_ast_stream *ast, wr_plan_item *item, wr_state_name *name) {
    wr_planner *p = sh->b->p;
    wr_named *source = wr_plan_find_source(p, &ast->source);
    *name = (wr_state_name){.id = source ? source->name : "", .poisoned = true};
    if (ast->event_ref.text) name->alias = wr_plan_strdup(p, ast->event_ref.text);
    item->name = name->alias ? name->alias : name->id;
    sh->failed |= !source || source->poisoned;
    if (!source) return;
    name->schema = source->schema;
    name->n_own = source->schema.n_attrs;
    name->poisoned = source->poisoned;
    if (source->is_static || source->index == WR_NONE_ID) {
        if (source->is_static)
            wr_plan_error(p, ast->source.span, WEIR_ETYPE, NULL, "'%s' is %s, not a stream", source->name,
                          source->kind == WR_NAMED_TABLE ? "a table" : "an aggregation");
        sh->failed = true;
        return;
    }
    item->side = side_of(sh, source, ast->source.span);
}

static part add_item(shaping *sh, wr_item_kind kind, const wr_ast_stream *ast, bool is_start) {
    uint32_t at = sh->pattern->n_items++;
    wr_plan_item *item = &sh->pattern->items[at];
    *item = (wr_plan_item){.kind = kind,
                           .is_start = is_start,
                           .partner = WR_NO_ITEM,
                           .wait_ms = -1,
                           .min = 1,
                           .max = 1,
                           .next = WR_NO_ITEM,
                           .every_next = WR_NO_ITEM,
                           .within_every = WR_NO_ITEM,
                           .last = at,
                           .callback = WR_NO_ITEM,
                           .own_as = WR_NO_ITEM};
    find_stream(sh, ast, item, &sh->names[at]);
    sh->names[at].is_counted = kind == WR_ITEM_COUNT;
    sh->streams[at] = ast;
    return (part){at, at};
}

static part shape_stream(shaping *sh, const wr_ast_state *s, bool is_start) {
    bool counted = s->as.item.count != WR_COUNT_ONE;
    part made = add_item(sh, counted ? WR_ITEM_COUNT : WR_ITEM_STREAM, s->as.item.stream, is_start);
    wr_plan_item *item = &sh->pattern->items[made.first];
    item->min = (uint32_t)s->as.item.min;
    item->max = s->as.item.max == WR_COUNT_UNBOUNDED ? UINT32_MAX : (uint32_t)s->as.item.max;
    return made;
}

static part shape_logical_side(shaping *sh, const wr_ast_state *s, bool is_or, bool is_start) {
    bool absent = s->kind == WR_STATE_ABSENT;
    part made = add_item(sh, absent ? WR_ITEM_ABSENT_LOGICAL : WR_ITEM_LOGICAL,
                         absent ? s->as.absent.stream : s->as.item.stream, is_start);
    wr_plan_item *item = &sh->pattern->items[made.first];
    item->is_or = is_or;
    if (absent && s->as.absent.has_time) item->wait_ms = s->as.absent.for_ms;
    return made;
}

static void add_timer(shaping *sh, uint32_t item) {
    wr_plan_pattern *pattern = sh->pattern;
    if (pattern->items[item].kind == WR_ITEM_ABSENT || pattern->items[item].kind == WR_ITEM_ABSENT_LOGICAL)
        pattern->timers[pattern->n_timers++] = item;
}

/* ---- The links --------------------------------------------------------------------------------------------
 */

/* Both sides of a logical step leave it. */
static void link_next(shaping *sh, uint32_t from, uint32_t to) {
    wr_plan_item *items = sh->pattern->items, *item = &items[from];
    item->next = to;
    if (item->partner != WR_NO_ITEM) items[item->partner].next = to;
    if (item->kind == WR_ITEM_COUNT && item->is_start && sh->pattern->is_sequence && item->min == 0)
        items[to].callback = from;
}

static part shape(shaping *sh, const wr_ast_state *s, bool is_start);

/* Of a `not` and an event, the `not` comes first, whichever was written first. */
static part shape_logical(shaping *sh, const wr_ast_state *s, bool is_start) {
    wr_plan_pattern *pattern = sh->pattern;
    const wr_ast_state *left = s->as.logical.left, *right = s->as.logical.right;
    if (right->kind == WR_STATE_ABSENT && left->kind != WR_STATE_ABSENT) {
        left = right;
        right = s->as.logical.left;
    }
    uint32_t last = shape_logical_side(sh, right, s->as.logical.is_or, is_start).first;
    uint32_t first = shape_logical_side(sh, left, s->as.logical.is_or, is_start).first;
    pattern->items[first].partner = last;
    pattern->items[last].partner = first;
    add_timer(sh, first);
    add_timer(sh, last);
    pattern->resets[pattern->n_resets++] = last;
    return (part){first, last};
}

static part shape_links(shaping *sh, wr_ast_state *const *list, uint32_t n, bool is_start) {
    part whole = shape(sh, list[0], is_start);
    for (uint32_t i = 1; i < n; i++) {
        part next = shape(sh, list[i], false);
        link_next(sh, whole.last, next.first);
        whole.last = next.last;
    }
    return whole;
}

/* `every` over n links. Siddhi resets and updates an `every` of a sequence by its first item. */
static part shape_every(shaping *sh, wr_ast_state *const *list, uint32_t n, bool is_start) {
    wr_plan_pattern *pattern = sh->pattern;
    uint32_t begin = pattern->n_items, resets = pattern->n_resets;
    part made = shape_links(sh, list, n, is_start);
    wr_plan_item *items = pattern->items, *last = &items[made.last];
    last->every_next = made.first;
    if (last->partner != WR_NO_ITEM) items[last->partner].every_next = made.first;
    for (uint32_t i = begin; i < pattern->n_items; i++) items[i].within_every = made.first;
    pattern->n_resets = resets;
    pattern->resets[pattern->n_resets++] = made.first;
    return made;
}

static bool has_absence(const wr_ast_state *s) {
    if (s->kind == WR_STATE_EVERY) return has_absence(s->as.every.child);
    for (uint32_t i = 0; s->kind == WR_STATE_CHAIN && i < s->as.chain.n; i++)
        if (has_absence(s->as.chain.list[i])) return true;
    return s->kind == WR_STATE_ABSENT;
}

/* How many links of a sequence its `every` covers. It is written before the first one, but where a `not …
 * for` stands in the sequence and an event after it, Siddhi's grammar takes all but the last link into the
 * `every`: `every e1=A, not B for 1 sec, e2=C` is begun anew when the wait is over, and not with each A. */
static uint32_t n_covered(const wr_ast_state *s) {
    uint32_t n = s->as.chain.n;
    bool later = false;
    for (uint32_t i = 1; i < n; i++) later |= has_absence(s->as.chain.list[i]);
    return later && !has_absence(s->as.chain.list[n - 1]) ? n - 1 : 1;
}

static part shape_sequence(shaping *sh, const wr_ast_state *s) {
    uint32_t n = s->as.chain.n, covered = n_covered(s);
    wr_ast_state **list = WR_PLAN_ARRAY(sh->b->p, n, wr_ast_state *);
    if (!list) return (part){0, 0};
    memcpy(list, s->as.chain.list, n * sizeof *list);
    list[0] = list[0]->as.every.child;
    part whole = shape_every(sh, list, covered, true);
    part rest = shape_links(sh, list + covered, n - covered, false);
    link_next(sh, whole.last, rest.first);
    return (part){whole.first, rest.last};
}

static part shape(shaping *sh, const wr_ast_state *s, bool is_start) {
    part made;
    switch (s->kind) {
    case WR_STATE_LOGICAL: return shape_logical(sh, s, is_start);
    case WR_STATE_EVERY: return shape_every(sh, (wr_ast_state *const *)&s->as.every.child, 1, is_start);
    case WR_STATE_CHAIN: return shape_links(sh, s->as.chain.list, s->as.chain.n, is_start);
    case WR_STATE_STREAM: made = shape_stream(sh, s, is_start); break;
    default:
        made = add_item(sh, WR_ITEM_ABSENT, s->as.absent.stream, is_start);
        sh->pattern->items[made.first].wait_ms = s->as.absent.for_ms;
        add_timer(sh, made.first);
        break;
    }
    sh->pattern->resets[sh->pattern->n_resets++] = made.first;
    return made;
}

static void shape_all(shaping *sh, const wr_ast_state *root) {
    bool repeats = sh->pattern->is_sequence && root->as.chain.list[0]->kind == WR_STATE_EVERY;
    part whole = repeats ? shape_sequence(sh, root) : shape(sh, root, true);
    wr_plan_item *items = sh->pattern->items;
    items[whole.last].gives_output = true;
    if (items[whole.last].partner != WR_NO_ITEM) items[items[whole.last].partner].gives_output = true;
    items[whole.first].last = whole.last;
}

/* ---- The whole --------------------------------------------------------------------------------------------
 */

static wr_plan_pattern *new_pattern(wr_planner *p, const wr_ast_input *ast) {
    uint32_t n = count_items(ast->as.states.root);
    wr_plan_pattern *pattern = WR_PLAN_NEW(p, wr_plan_pattern);
    if (!pattern) return NULL;
    pattern->is_sequence = ast->kind == WR_INPUT_SEQUENCE;
    pattern->within_ms = ast->as.states.within ? ast->as.states.within->as.constant.as.l : -1;
    pattern->items = WR_PLAN_ARRAY(p, n, wr_plan_item);
    pattern->timers = WR_PLAN_ARRAY(p, n, uint32_t);
    pattern->resets = WR_PLAN_ARRAY(p, n, uint32_t);
    return p->out_of_memory ? NULL : pattern;
}

static void find_equal_filters(wr_plan_pattern *pattern) {
    for (uint32_t i = 1; i < pattern->n_items; i++) {
        wr_plan_item *item = &pattern->items[i];
        for (uint32_t k = 0; k < i && item->own && item->own_as == WR_NO_ITEM; k++) {
            const wr_plan_item *other = &pattern->items[k];
            if (other->side == item->side && other->own && wr_expr_equal(other->own, item->own))
                item->own_as = k;
        }
    }
}

/* Siddhi takes functions that only compute in a step, but no stream processors, of which #log is one. */
static void plan_functions(shaping *sh, uint32_t item) {
    wr_planner *p = sh->b->p;
    wr_state_name *name = &sh->names[item];
    const wr_ast_stream *ast = sh->streams[item];
    for (uint32_t i = 0; i < ast->n_handlers && !name->poisoned; i++) {
        const wr_ast_handler *h = &ast->handlers[i];
        if (h->kind == WR_HANDLER_FILTER) continue;
        const char *ns = h->call->ns.text ? h->call->ns.text : "", *text = h->call->name.text;
        const weir_stream_function_type *type = wr_registry_find_stream_function(p->registry, ns, text);
        if (type && (!type->adds_only || type->reads_all)) type = NULL;
        if (!type)
            wr_plan_error(p, h->span, WEIR_ETYPE, "put it into a query before the pattern",
                          "#%s%s%s() can't be used in a step of a pattern", ns, *ns ? ":" : "", text);
        wr_scope_input input = {.id = name->id, .alias = name->alias, .schema = name->schema};
        name->poisoned = !type || !wr_plan_step_function(sh->b, h->call, &input, &name->schema);
    }
}

static void plan_filters(shaping *sh) {
    wr_planner *p = sh->b->p;
    for (uint32_t i = 0; i < sh->pattern->n_items; i++) {
        wr_schema *schema = WR_PLAN_NEW(p, wr_schema);
        if (!schema) return;
        *schema = sh->names[i].schema;
        sh->pattern->items[i].schema = schema;
        sh->pattern->items[i].keeps = WR_PLAN_ARRAY(p, schema->n_attrs, bool);
        plan_functions(sh, i);
        if (!sh->names[i].poisoned) wr_plan_state_filter(sh->b, sh->pattern, i, sh->streams[i], sh->names);
    }
    if (!sh->failed) find_equal_filters(sh->pattern);
}

void wr_plan_states_of(wr_build *b, const wr_ast_input *ast) {
    wr_planner *p = b->p;
    uint32_t n = count_items(ast->as.states.root);
    shaping sh = {.b = b,
                  .pattern = new_pattern(p, ast),
                  .names = WR_PLAN_ARRAY(p, n, wr_state_name),
                  .streams = WR_PLAN_ARRAY(p, n, const wr_ast_stream *)};
    b->query->n_sides = 0;
    b->states = WR_PLAN_NEW(p, struct wr_state_scope);
    if (p->out_of_memory) return;
    shape_all(&sh, ast->as.states.root);
    *b->states =
        (struct wr_state_scope){.names = sh.names, .n_names = sh.pattern->n_items, .own = WR_NO_ITEM};
    plan_filters(&sh);
    if (sh.failed && !b->query->n_sides) { /* told; what follows needs a side */
        b->query->n_sides = 1;
        b->query->side[0] = (wr_plan_side){.stream = WR_NONE_ID, .table = WR_NONE_ID};
    }
    char *text = wr_plan_text(p, ast->span);
    const char *label =
        text ? wr_plan_printf(p, "%s %s", sh.pattern->is_sequence ? "sequence" : "pattern", text) : NULL;
    wr_plan_op *op = label ? wr_plan_new_op(b, WR_OP_PATTERN, label, (wr_schema){0}, (wr_schema){0}) : NULL;
    if (!op) return;
    op->n_in = b->query->n_sides;
    op->u.pattern = sh.pattern;
    b->query->merge = op;
}

/* ---- Afterwards -------------------------------------------------------------------------------------------
 */

static void keep(wr_plan_pattern *pattern, const wr_event_ref *ref) {
    if (ref->column != WR_EVENT_TIME && ref->pick != WR_EVENT_CANDIDATE)
        pattern->items[ref->item].keeps[ref->column] = true;
}

static void mark_kept(wr_plan_pattern *pattern) {
    for (uint32_t i = 0; i < pattern->n_outs; i++) keep(pattern, &pattern->outs[i]);
    for (uint32_t i = 0; i < pattern->n_items; i++) {
        const wr_plan_item *item = &pattern->items[i];
        for (uint32_t k = 0; k < item->n_keys; k++) keep(pattern, &item->key_refs[k]);
        for (uint32_t k = 0; k < item->n_tests; k++) keep(pattern, &item->tests[k].ref);
        for (uint32_t k = 0; k < item->n_refs; k++) keep(pattern, &item->refs[k]);
    }
}

static const char *ref_name(wr_planner *p, const wr_plan_pattern *pattern, const wr_event_ref *ref) {
    const wr_plan_item *item = &pattern->items[ref->item];
    const char *attr = ref->column == WR_EVENT_TIME ? "timestamp" : item->schema->attrs[ref->column].name;
    if (item->kind != WR_ITEM_COUNT) return wr_plan_printf(p, "%s.%s", item->name, attr);
    switch (ref->pick) {
    case WR_EVENT_AT: return wr_plan_printf(p, "%s[%u].%s", item->name, ref->n, attr);
    case WR_EVENT_LAST:
        return ref->n ? wr_plan_printf(p, "%s[last-%u].%s", item->name, ref->n, attr)
                      : wr_plan_printf(p, "%s[last].%s", item->name, attr);
    default: return wr_plan_printf(p, "%s.%s", item->name, attr);
    }
}

void wr_plan_states_finish(wr_build *b) {
    wr_plan_op *op = b->query->merge;
    if (!op) return;
    wr_plan_pattern *pattern = op->u.pattern;
    pattern->outs = b->states->refs;
    pattern->n_outs = b->states->n_refs;
    wr_attr *attrs = WR_PLAN_ARRAY(b->p, pattern->n_outs, wr_attr);
    if (!attrs) return;
    for (uint32_t i = 0; i < pattern->n_outs; i++)
        attrs[i] = (wr_attr){.name = ref_name(b->p, pattern, &pattern->outs[i]),
                             .type = pattern->outs[i].type,
                             .boxed = pattern->outs[i].boxed};
    op->in = op->out = (wr_schema){pattern->n_outs, attrs};
    mark_kept(pattern);
    pattern->is_trail = wr_plan_is_trail(pattern);
}
