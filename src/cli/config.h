/* config.h: weir run --config FILE: what belongs to a deployment and not to an app, in the form of Siddhi's
 * deployment.yaml: connections that apps refer to (refs), settings of all sources, sinks and stores of a type
 * (extensions), ${name} variables (properties), where and how often state is kept (state.persistence). */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <stdint.h>

#include "cli/yaml.h"
#include "weir.h"

typedef struct config {
    yaml_tree *tree; /* holds all texts */
    weir_ref *refs;
    uint32_t n_refs;
    const yaml_tree *properties; /* a mapping of texts; NULL: none */
    const char *state_dir;       /* NULL: not said */
    long long checkpoint_ms;     /* 0: not said */
    long long keep;              /* checkpoints; 0: not said */
} config;

/* False, with each thing that is wrong on standard error, with its place but never with its value. */
bool config_read(config *c, const char *file);
void config_free(config *c);
const char *config_property(const config *c, const char *name); /* NULL: there is none */

#endif
