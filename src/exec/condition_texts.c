#include "exec/condition_texts.h"

#include "plan/condition.h"

void wr_condition_texts_init(wr_condition_texts *c, const wr_condition_scope *scope, const wr_schema *schema,
                             wr_account *account) {
    *c = (wr_condition_texts){.scope = scope, .schema = schema};
    for (uint32_t i = 0; i < WR_CONDITION_TEXTS; i++) wr_arena_init(&c->list[i].arena, account);
}

static void empty(wr_condition_text *t) {
    wr_account *account = t->arena.account;
    wr_arena_fini(&t->arena);
    *t = (wr_condition_text){0};
    wr_arena_init(&t->arena, account);
}

void wr_condition_texts_fini(wr_condition_texts *c) {
    for (uint32_t i = 0; i < WR_CONDITION_TEXTS; i++) empty(&c->list[i]);
}

static wr_condition_text *find(wr_condition_texts *c, const weir_string *text) {
    for (uint32_t i = 0; i < WR_CONDITION_TEXTS; i++)
        if (c->list[i].condition.expr && weir_string_equal(&c->list[i].text, text)) return &c->list[i];
    return NULL;
}

static wr_condition_text *make_room(wr_condition_texts *c, const wr_condition_text *keep) {
    wr_condition_text *oldest = NULL;
    for (uint32_t i = 0; i < WR_CONDITION_TEXTS; i++) {
        wr_condition_text *t = &c->list[i];
        if (t != keep && (!oldest || t->used < oldest->used)) oldest = t;
    }
    empty(oldest);
    return oldest;
}

static weir_status compile(wr_condition_texts *c, const weir_string *text, wr_condition_text *t,
                           weir_error *err) {
    if (weir_arena_string(&t->arena, weir_string_data(text), text->len, &t->text) != WEIR_OK)
        return weir_fail(err, WEIR_ENOMEM, "out of memory for the condition of a window");
    return wr_plan_condition_text(c->scope, c->schema, weir_string_data(&t->text), text->len, &t->arena,
                                  &t->condition, err);
}

weir_status wr_condition_texts_get(wr_condition_texts *c, const weir_string *text,
                                   const wr_condition_text *keep, const wr_condition_text **out,
                                   weir_error *err) {
    wr_condition_text *t = find(c, text);
    if (!t) {
        t = make_room(c, keep);
        weir_status status = compile(c, text, t, err);
        if (status != WEIR_OK) {
            empty(t);
            return status;
        }
    }
    t->used = ++c->asked;
    *out = t;
    return WEIR_OK;
}
