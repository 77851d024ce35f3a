/* mapping.c: see mapping.h. */
#include "io/mapping.h"

#include <string.h>

static weir_status out_of_memory(weir_error *err) { return weir_fail(err, WEIR_ENOMEM, "out of memory"); }

static weir_status at_pair(const weir_pair *pair, weir_status status, weir_error *err) {
    if (err) err->begin = pair->begin, err->end = pair->end;
    return status;
}

static weir_status wrong_count(const weir_schema *schema, uint32_t n, weir_error *err) {
    return weir_fail(err, WEIR_ECONFIG, "@attributes has %u value%s, but '%s' has %u attributes", n,
                     n == 1 ? "" : "s", schema->stream, schema->n_attributes);
}

/* Which attribute the pair at this position is for. */
static weir_status find_attribute(const weir_schema *schema, const weir_pair *pair, uint32_t position,
                                  bool by_position, uint32_t *out, weir_error *err) {
    uint32_t n = schema->n_attributes, i = position;
    if (by_position != !pair->key[0])
        return weir_fail(err, WEIR_ECONFIG, "@attributes mixes values with and without a key");
    if (!by_position)
        for (i = 0; i < n && strcmp(schema->attributes[i].name, pair->key) != 0;) i++;
    *out = i;
    if (i < n) return WEIR_OK;
    if (by_position)
        return weir_fail(err, WEIR_ECONFIG, "@attributes has more values than '%s' has attributes (%u)",
                         schema->stream, n);
    return weir_fail(err, WEIR_ENAME, "@attributes names '%s', which is no attribute of '%s'", pair->key,
                     schema->stream);
}

static weir_status map_one(wr_mapping *m, const weir_source_type *type, const weir_schema *schema, uint32_t i,
                           const weir_pair *pair, weir_arena *arena, weir_error *err) {
    if (m->of[i]) return weir_fail(err, WEIR_ENAME, "@attributes names '%s' twice", pair->key);
    if (weir_is_property(pair->value)) {
        const char *name = pair->value + WEIR_PROPERTY_PREFIX_LEN;
        WR_TRY(wr_properties_add(&m->properties, type, name, i, schema, arena, err));
        m->wanted[i] = false;
    }
    m->of[i] = wr_arena_strndup(arena, pair->value, strlen(pair->value));
    return m->of[i] ? WEIR_OK : out_of_memory(err);
}

weir_status wr_mapping_set(wr_mapping *m, const weir_source_type *type, const weir_schema *schema,
                           const weir_pair *said, uint32_t n_said, const bool *wanted, weir_arena *arena,
                           weir_error *err) {
    uint32_t n = schema->n_attributes;
    if (!n_said) return WEIR_OK;
    bool by_position = !said[0].key[0];
    if (by_position && n_said < n) return wrong_count(schema, n_said, err);
    m->of = wr_arena_zero(arena, n, sizeof *m->of);
    m->wanted = wr_arena_zero(arena, n, sizeof *m->wanted);
    if (!m->of || !m->wanted) return out_of_memory(err);
    memcpy(m->wanted, wanted, n * sizeof *wanted);
    for (uint32_t p = 0; p < n_said; p++) {
        uint32_t i = 0;
        weir_status status = find_attribute(schema, &said[p], p, by_position, &i, err);
        if (status == WEIR_OK) status = map_one(m, type, schema, i, &said[p], arena, err);
        if (status != WEIR_OK) return at_pair(&said[p], status, err);
    }
    return WEIR_OK;
}

weir_status wr_mapping_check_rows(const weir_schema *schema, const weir_pair *said, uint32_t n_said,
                                  weir_error *err) {
    for (uint32_t p = 0; p < n_said; p++)
        if (weir_is_property(said[p].value))
            return at_pair(&said[p],
                           weir_fail(err, WEIR_ECONFIG, "'%s' needs a format, such as @map(type='json', ...)",
                                     said[p].value),
                           err);
    return !n_said || n_said == schema->n_attributes ? WEIR_OK : wrong_count(schema, n_said, err);
}

void wr_mapping_widen(wr_mapping *m, uint32_t attribute) {
    if (m->of) m->wanted[attribute] = !weir_is_property(m->of[attribute]);
}
