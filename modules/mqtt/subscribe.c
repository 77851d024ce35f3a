/* subscribe.c: topic filters: checked when the app is, subscribed to when the broker lets the client in. */
#include <stdio.h>
#include <string.h>

#include "source.h"

#define SUBSCRIBE_ID  1u
#define KEEP_RETAINED 0x10u /* version 5: retained messages come with a new subscription only */
#define NO_RETAINED   0x20u

/* '+' stands for a whole level, '#' for all that follow. */
static bool filter_is_sound(const char *filter, size_t len) {
    for (size_t i = 0; i < len; i++) {
        bool begins = i == 0 || filter[i - 1] == '/', ends = i + 1 == len || filter[i + 1] == '/';
        if (filter[i] == '+' && !(begins && ends)) return false;
        if (filter[i] == '#' && !(begins && i + 1 == len)) return false;
    }
    return len > 0;
}

static weir_status add_filter(mqtt_source *s, const char *filter, size_t len, const char *group,
                              weir_error *err) {
    char shared[512];
    size_t n_front = 0;
    bool is_shared = strncmp(filter, "$share/", 7) == 0;
    const char *slash = is_shared ? memchr(filter + 7, '/', len - 7) : NULL;
    if (is_shared && (!slash || slash == filter + 7))
        return weir_fail(err, WEIR_ECONFIG, "topic has '%.*s'; write '$share/GROUP/FILTER'", (int)len,
                         filter);
    const char *bare = slash ? slash + 1 : filter;
    if (!filter_is_sound(bare, len - (size_t)(bare - filter)))
        return weir_fail(err, WEIR_ECONFIG,
                         "topic has '%.*s'; '+' takes the place of a whole level, '#' that of the last ones",
                         (int)len, filter);
    if (group && is_shared)
        return weir_fail(err, WEIR_ECONFIG,
                         "topic has '%.*s', which names a group, and share.group is given too", (int)len,
                         filter);
    if (group) n_front = (size_t)snprintf(shared, sizeof shared, "$share/%s/", group);
    if (n_front >= sizeof shared || n_front + len > 65535)
        return weir_fail(err, WEIR_ECONFIG, "a filter in topic is too long");
    mqtt_put_number(&s->filters, (uint32_t)(n_front + len), 2);
    mqtt_put_bytes(&s->filters, shared, n_front);
    mqtt_put_bytes(&s->filters, filter, len);
    /* A shared subscription can't ask for retained messages: the broker refuses it. */
    uint32_t retained = group || is_shared ? 0 : s->inbound.skips_retained ? NO_RETAINED : KEEP_RETAINED;
    mqtt_put_number(&s->filters, s->qos | (s->conf.version < MQTT_V5 ? 0 : retained), 1);
    return WEIR_OK;
}

weir_status mqtt_filters_read(mqtt_source *s, const char *topics, const char *group, weir_error *err) {
    if (group && (!*group || strpbrk(group, "/+#")))
        return weir_fail(err, WEIR_ECONFIG, "share.group is '%s'; it takes a name without '/', '+' and '#'",
                         group);
    for (const char *at = topics; *at;) {
        size_t len = strcspn(at, ","), begin = strspn(at, " \t\n"), end = len;
        while (end > begin && strchr(" \t\n", at[end - 1])) end--;
        if (end > begin) WIRE_TRY(add_filter(s, at + begin, end - begin, group, err));
        at += len + (at[len] == ',');
    }
    if (s->filters.has_failed) return wire_no_memory(err);
    return s->filters.len ? WEIR_OK : weir_fail(err, WEIR_ECONFIG, "topic names no topic");
}

void mqtt_put_subscribe(mqtt_source *s) {
    mqtt_bytes *to = &s->client.out;
    bool has_properties = s->conf.version >= MQTT_V5;
    mqtt_put_head(to, MQTT_SUBSCRIBE, 2, 2 + has_properties + s->filters.len);
    mqtt_put_number(to, SUBSCRIBE_ID, 2);
    if (has_properties) mqtt_put_varint(to, 0);
    mqtt_put_bytes(to, s->filters.data, s->filters.len);
}
