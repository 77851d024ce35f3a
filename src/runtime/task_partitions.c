/* task_partitions.c: the borders of partitions: what leaves one, what fails in one, and keys that end. */
#include "exec/partition.h"
#include "runtime/task_internal.h"

weir_status wr_task_greet_keys(wr_task *t, const wr_turn *turn, uint32_t partition, const weir_batch *rows,
                               uint32_t n, weir_error *err) {
    for (uint32_t q = 0; q < t->plan->n_queries; q++) {
        wr_query_state *query = &t->queries[q];
        if (t->plan->queries[q].partition != partition) continue;
        for (uint32_t k = 0; k < query->n_ops; k++)
            if (query->ops[k]->type->greet)
                WR_TRY(query->ops[k]->type->greet(query->ops[k], turn, rows, n, err));
    }
    return WEIR_OK;
}

void wr_task_settle_partitions(wr_task *t) {
    for (uint32_t i = 0; i < t->plan->n_partitions; i++) {
        const wr_ended *ended;
        uint32_t n = wr_partition_ended(t->partitions[i], &ended);
        for (uint32_t q = 0; n && q < t->plan->n_queries; q++) {
            if (t->plan->queries[q].partition != i) continue;
            for (uint32_t k = 0; k < t->queries[q].n_ops; k++)
                for (uint32_t e = 0; e < n && t->queries[q].ops[k]->type->forget; e++)
                    t->queries[q].ops[k]->type->forget(t->queries[q].ops[k], ended[e].id);
        }
        wr_partition_settle(t->partitions[i]);
    }
}

weir_status wr_task_leave_partition(wr_task *t, wr_turn *turn, uint32_t partition, weir_batch *b,
                                    weir_error *err) {
    const wr_op *step = t->partitions[partition];
    b->key_id = NULL;
    if (!b->n_sel || !b->origin || !wr_partition_renames(step, &t->cycle)) return WEIR_OK;
    weir_origin *outside = wr_arena_array(turn->arena, b->n_chunks, sizeof *outside);
    if (!outside) return weir_fail(err, WEIR_ENOMEM, "out of memory for what leaves a partition");
    for (uint32_t c = 0; c < b->n_chunks; c++) outside[c] = wr_partition_outside(step, b->origin[c]);
    b->origin = outside;
    return WEIR_OK;
}

void wr_task_faults_outside(wr_task *t, wr_turn *turn, uint32_t stream) {
    const wr_plan_stream *view = &t->plan->streams[stream];
    for (uint32_t i = 0; i < turn->faults.n; i++) {
        weir_origin *o = &turn->faults.items[i].origin;
        *o = wr_partition_outside(t->partitions[view->partition], *o);
    }
}
