/* fuzz_zone.c: time zones of any bytes (TZif): what is read gives an offset for every time. The first byte
 * says whether the bytes are a file or the rule at a file's end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "base/zone_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t times[] = {0, 1, -1, 1796040000, -5000000000, 4102444800, 253402300799};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int64_t sum = 0;
    wr_zone *zone;
    wr_zone_rule rule;
    char *copy = malloc(size + 1); /* exactly as large: what reads on is seen */
    if (!size || !copy) return free(copy), 0;
    memcpy(copy, data + 1, size - 1);
    if (data[0] & 1) {
        if (wr_zone_rule_parse(copy, size - 1, &rule))
            for (size_t i = 0; i < sizeof times / sizeof *times; i++)
                sum += wr_zone_rule_ahead(&rule, times[i]);
    } else if (wr_zone_read((const uint8_t *)copy, size - 1, &zone, NULL) == WEIR_OK) {
        for (size_t i = 0; i < sizeof times / sizeof *times; i++)
            sum += wr_zone_ahead(zone, times[i]) + (wr_zone_utc(zone, times[i]) - times[i]);
        wr_zone_close(zone);
    }
    free(copy);
    return sum == INT64_MAX ? -1 : 0;
}
