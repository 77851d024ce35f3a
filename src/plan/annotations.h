/* annotations.h: what stands behind '@', read into the plan. Names and keys are compared without regard to
 * case, values are strings. Annotations that weir does not know are left alone, as in Siddhi. */
#ifndef WR_PLAN_ANNOTATIONS_H
#define WR_PLAN_ANNOTATIONS_H

#include "plan/context.h"

/* The annotation of that name, or NULL; tells the second one of it. */
const wr_ast_annotation *wr_plan_annotation(wr_planner *p, const wr_ast_annotations *all, const char *name);
/* The value of an element, or NULL. key NULL: the first positional one. */
const char *wr_plan_annotation_value(const wr_ast_annotation *annotation, const char *key);
/* A time ("100 millisec") in an annotation's element, > 0; tells what is wrong and gives -1. */
int64_t wr_plan_annotation_time(wr_planner *p, const wr_ast_annotation_item *item);

void wr_plan_app_annotations(wr_planner *p);
void wr_plan_stream_annotations(wr_planner *p, const wr_ast_definition *definition, uint32_t stream);
void wr_plan_table_annotations(wr_planner *p, const wr_ast_definition *definition, uint32_t table);
/* @Index, of which there may be several. */
void wr_plan_index_annotations(wr_planner *p, const wr_ast_annotations *annotations, wr_plan_table *table);
/* The name in @info, or NULL. */
const char *wr_plan_query_name(wr_planner *p, const wr_ast_annotations *annotations, wr_span *span);

/* @source and @sink of a stream (io_annotations.c). */
void wr_plan_io_annotations(wr_planner *p, const wr_ast_annotations *annotations, wr_plan_stream *stream);
/* @store of a table or an aggregation; NULL: out of memory. */
wr_plan_store *wr_plan_store_annotation(wr_planner *p, const wr_ast_annotation *a);

#endif
