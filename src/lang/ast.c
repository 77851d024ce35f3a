/* ast.c: small questions to a syntax tree. See ast.h. */
#include "lang/ast.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"

const wr_ast_annotation *wr_ast_find_annotation(const wr_ast_annotations *annotations, const char *name,
                                                uint32_t nth) {
    for (uint32_t i = 0; i < annotations->n; i++)
        if (strcasecmp(annotations->list[i]->name.text, name) == 0 && nth-- == 0) return annotations->list[i];
    return NULL;
}

const wr_ast_annotation_item *wr_ast_find_item(const wr_ast_annotation *annotation, const char *key) {
    for (uint32_t i = 0; i < annotation->n_items; i++) {
        const wr_ast_annotation_item *item = &annotation->items[i];
        if (item->child) continue;
        if (!key && !item->key) return item;
        if (key && item->key && strcasecmp(item->key, key) == 0) return item;
    }
    return NULL;
}

static const struct {
    const char *text;
    int level;
} operators[WR_N_OPS] = {
    [WR_OP_MUL] = {"*", 7}, [WR_OP_DIV] = {"/", 7}, [WR_OP_MOD] = {"%", 7}, [WR_OP_ADD] = {"+", 6},
    [WR_OP_SUB] = {"-", 6}, [WR_OP_GE] = {">=", 5}, [WR_OP_LE] = {"<=", 5}, [WR_OP_GT] = {">", 5},
    [WR_OP_LT] = {"<", 5},  [WR_OP_EQ] = {"==", 4}, [WR_OP_NE] = {"!=", 4}, [WR_OP_AND] = {"and", 2},
    [WR_OP_OR] = {"or", 1},
};

const char *wr_ast_op_text(wr_ast_op op) { return (unsigned)op < WR_N_OPS ? operators[op].text : "?"; }

int wr_ast_op_level(wr_ast_op op) { return (unsigned)op < WR_N_OPS ? operators[op].level : 0; }
