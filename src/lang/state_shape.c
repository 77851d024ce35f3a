/* state_shape.c: which arrangements of steps, 'every' and parentheses the language has.
 *
 * Siddhi's grammar spells this out in some twenty mutually recursive rules. They come to this: each part of a
 * pattern belongs to one or more of a few classes, and a chain's classes follow from those of its links. In
 * a chain let e be a link of class EVENTS, a a plain `not … for`, l and r links of LEFT and RIGHT. Then
 *
 *   a chain is EVENTS  if every link is e,
 *             LEFT     if it reads U (U | a)*  with  U = e* ( a e+ | l ),      "an absence, then events"
 *             RIGHT    if it reads (a | V)* V  with  V = ( e+ a | r ) e*.      "events, then an absence"
 *
 * So two absences in a row are allowed only where one of them can be counted to its left or right
 * neighbour. Both are recognised by a small automaton, in one pass. */
#include "lang/parse.h"

enum {
    EVENTS = 1,   /* no plain absence; may have 'every' */
    FLAT = 2,     /* as EVENTS, without 'every' in it: what 'every (…)' may hold */
    LEFT = 4,     /* see above */
    RIGHT = 8,    /* see above */
    ABSENCE = 16, /* `[every] not … for`, bare */
    ALONE = 32,   /* may be a whole pattern (or, in a sequence, a whole part) with an absence in it */
    ITEM = 64     /* sequences: may stand first */
};

/* ---- The two automata --------------------------------------------------------------------------------- */

enum { L_START = 1, L_EVENTS = 2, L_ABSENCE = 4, L_DONE = 8, L_TAIL = 16 };

static unsigned step_left(unsigned states, unsigned link) {
    unsigned next = 0;
    bool fresh = states & (L_START | L_EVENTS | L_DONE | L_TAIL); /* a unit may begin, or its e* go on */
    if (link & EVENTS) {
        if (fresh) next |= L_EVENTS;
        if (states & (L_ABSENCE | L_TAIL)) next |= L_TAIL;
    }
    if (link & ABSENCE) {
        if (fresh) next |= L_ABSENCE;
        if (states & (L_DONE | L_TAIL)) next |= L_DONE;
    }
    if ((link & LEFT) && fresh) next |= L_DONE;
    return next;
}

enum { R_BETWEEN = 1, R_EVENTS = 2, R_DONE = 4 };

static unsigned step_right(unsigned states, unsigned link) {
    unsigned next = 0;
    if (link & EVENTS) next |= states ? R_EVENTS | (states & R_DONE) : 0;
    if (link & ABSENCE) {
        if (states & (R_BETWEEN | R_DONE)) next |= R_BETWEEN;
        if (states & R_EVENTS) next |= R_DONE;
    }
    if ((link & RIGHT) && (states & (R_BETWEEN | R_DONE))) next |= R_DONE;
    return next;
}

typedef struct scan {
    unsigned left, right; /* states of the automata */
    bool all_events, all_flat;
    uint32_t n;
    unsigned only; /* class of the one link, while n == 1 */
} scan;

static scan scan_start(void) { return (scan){L_START, R_BETWEEN, true, true, 0, 0}; }

static void scan_link(scan *s, unsigned link) {
    s->left = step_left(s->left, link);
    s->right = step_right(s->right, link);
    s->all_events = s->all_events && (link & EVENTS);
    s->all_flat = s->all_flat && (link & FLAT);
    s->only = s->n == 0 ? link : 0;
    s->n++;
}

static unsigned scan_classes(const scan *s) {
    unsigned c = 0;
    if (s->all_events) c |= EVENTS;
    if (s->all_flat) c |= FLAT;
    if (s->left & (L_DONE | L_TAIL)) c |= LEFT | ALONE;
    if (s->right & R_DONE) c |= RIGHT | ALONE;
    return c | (s->only & (ALONE | ABSENCE));
}

/* ---- Classes of a part -------------------------------------------------------------------------------- */

static unsigned classes_of(const wr_ast_state *s, bool is_sequence);

static bool has_absence(const wr_ast_state *s) {
    return s->kind == WR_STATE_LOGICAL &&
           (s->as.logical.left->kind == WR_STATE_ABSENT || s->as.logical.right->kind == WR_STATE_ABSENT);
}

/* `every` over one step; over parentheses it keeps their classes, but what it repeats must be FLAT. */
static unsigned every_classes(const wr_ast_state *child, bool is_sequence) {
    unsigned c = classes_of(child, is_sequence);
    if (is_sequence) return 0; /* only allowed at the very front, which the caller deals with */
    unsigned kept = c & (LEFT | RIGHT | ALONE);
    if (!child->in_parens) kept |= c & ABSENCE;
    return c & FLAT ? kept | EVENTS : kept;
}

static unsigned inner_classes(const wr_ast_state *s, bool is_sequence) {
    switch (s->kind) {
    case WR_STATE_STREAM:
    case WR_STATE_LOGICAL: return EVENTS | FLAT | ITEM;
    case WR_STATE_ABSENT: return ABSENCE | ALONE;
    case WR_STATE_EVERY: return every_classes(s->as.every.child, is_sequence);
    case WR_STATE_CHAIN: break;
    }
    scan chain = scan_start();
    for (uint32_t i = 0; i < s->as.chain.n; i++)
        scan_link(&chain, classes_of(s->as.chain.list[i], is_sequence));
    return scan_classes(&chain);
}

static unsigned classes_of(const wr_ast_state *s, bool is_sequence) {
    unsigned c = inner_classes(s, is_sequence);
    if (!s->in_parens) return c;
    return c & ~(unsigned)(ABSENCE | (has_absence(s) ? 0 : ITEM));
}

/* ---- Whole inputs ------------------------------------------------------------------------------------- */

/* A sequence is one of   item, events   part with absences, events   item, part with absences. */
static bool is_sequence_shape(const wr_ast_state *root) {
    if (root->kind != WR_STATE_CHAIN || root->in_parens) return false;
    uint32_t n = root->as.chain.n, events_from = n;
    wr_ast_state **list = root->as.chain.list;
    bool is_every = list[0]->kind == WR_STATE_EVERY && !list[0]->in_parens;
    const wr_ast_state *first = is_every ? list[0]->as.every.child : list[0];
    while (events_from > 1 && (classes_of(list[events_from - 1], true) & EVENTS)) events_from--;
    unsigned first_class = classes_of(first, true);
    if ((first_class & ITEM) && events_from == 1) return true;
    scan head = scan_start(), rest = scan_start();
    for (uint32_t i = 0; i < n; i++) { /* is list[0..i) a part with absences, and all after it events? */
        if (i >= events_from && (scan_classes(&head) & ALONE)) return true;
        unsigned c = i ? classes_of(list[i], true) : first_class;
        scan_link(&head, c);
        if (i > 0) scan_link(&rest, c);
    }
    return (first_class & ITEM) && (scan_classes(&rest) & ALONE);
}

/* The first thing in the tree that explains why it has no allowed shape. */
static bool explain(wr_parser *p, const wr_ast_state *s, bool is_sequence, bool in_every, bool at_front) {
    bool is_every = s->kind == WR_STATE_EVERY;
    if (is_every && is_sequence && !at_front)
        return wr_wrong_at(p, s->span, "in a pattern ('->') every step can have it",
                           "in a sequence 'every' can only stand at the very front");
    if (is_every && in_every)
        return wr_wrong_at(p, s->span, "the outer 'every' already repeats it",
                           "'every' can't stand inside 'every (…)'");
    if (is_every) return explain(p, s->as.every.child, is_sequence, true, false);
    if (s->kind != WR_STATE_CHAIN) return true;
    for (uint32_t i = 0; i < s->as.chain.n; i++)
        if (!explain(p, s->as.chain.list[i], is_sequence, in_every, at_front && i == 0)) return false;
    return true;
}

static bool check_counts(wr_parser *p, const wr_ast_state *s) {
    bool ok = true;
    switch (s->kind) {
    case WR_STATE_STREAM:
        if (s->as.item.count <= WR_COUNT_RANGE) return true;
        return wr_wrong_at(p, (wr_span){s->span.end - 1, s->span.end}, "write <0:>, <0:1> or <1:>",
                           "'*', '?' and '+' count only in a sequence (steps divided by ',')");
    case WR_STATE_EVERY: return check_counts(p, s->as.every.child);
    case WR_STATE_CHAIN:
        for (uint32_t i = 0; i < s->as.chain.n && ok; i++) ok = check_counts(p, s->as.chain.list[i]);
        return ok;
    default: return true;
    }
}

static bool begins_with_parens(const wr_ast_state *s) {
    if (s->in_parens) return true;
    if (s->kind == WR_STATE_EVERY) return begins_with_parens(s->as.every.child);
    return s->kind == WR_STATE_CHAIN && begins_with_parens(s->as.chain.list[0]);
}

bool wr_check_states(wr_parser *p, const wr_ast_state *root, bool is_sequence) {
    bool fits = is_sequence ? is_sequence_shape(root) : (classes_of(root, false) & (EVENTS | ALONE)) != 0;
    if (!is_sequence && !check_counts(p, root)) return false;
    if (fits) return true;
    if (!explain(p, root, is_sequence, false, true)) return false;
    if (is_sequence && begins_with_parens(root))
        return wr_wrong_at(p, root->span, "leave out the parentheses round the first steps",
                           "a sequence can't begin with a parenthesis");
    return wr_wrong_at(p, root->span, "put a step with an event between them, or join them with 'and'",
                       "'not … for' steps can't stand beside one another here");
}
