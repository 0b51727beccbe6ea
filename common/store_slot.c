/* store_slot.c: which slots have rows, rows for slots without a run, and which configuration was in force. */
#include "store_private.h"

int store_slot_record(struct store *s, int64_t due_usec, struct slot_record *ret) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_SLOT_RECORD, "read the slots");
        bind_integer(&q, ":due", due_usec);
        int r = query_step(&q);
        if (r != 0)
                return r;
        *ret = (struct slot_record){
                .known = sqlite3_column_type(q.statement, 0) != SQLITE_NULL,
                .newest_usec = sqlite3_column_int64(q.statement, 0),
                .interval_usec = (uint64_t)sqlite3_column_int64(q.statement, 1),
                .due = (enum slot_row)sqlite3_column_int(q.statement, 2),
                .audited_usec = sqlite3_column_int64(q.statement, 3),
        };
        return 0;
}

int store_put_missed(struct store *s, const struct slot_plan *p, uint64_t interval_usec, int64_t config, uint64_t *ret_rows) {
        char detail[SLOT_GAP_TEXT_MAX];
        uint64_t n = p->n_missed < SLOT_MISSED_MAX ? p->n_missed : SLOT_MISSED_MAX;
        slot_gap_text(detail, p);
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_MISSED, "store missed slots");
        bind_text(&q, ":program", TRUNKAUDIT_VERSION);
        bind_integer(&q, ":first", p->last_usec - (int64_t)((n - 1) * interval_usec));
        bind_integer(&q, ":last", p->last_usec);
        bind_integer(&q, ":interval", (int64_t)interval_usec);
        bind_optional(&q, ":config", config);
        bind_text(&q, ":reason", slot_reason_word(p->reason));
        bind_text(&q, ":detail", detail);
        int r = query_run(&q);
        if (r == 0)
                *ret_rows = (uint64_t)sqlite3_changes(s->db);
        return r;
}

int store_put_config_load(struct store *s, const struct config_load *c, int64_t *ret_id) {
        _cleanup_(query_end) struct query q = query_begin(s, STATEMENT_PUT_CONFIG_LOAD, "note that the configuration was read");
        bind_integer(&q, ":read", c->read_usec);
        bind_text(&q, ":occasion", c->reload ? "reload" : "start");
        bind_integer(&q, ":accepted", c->accepted);
        bind_text(&q, ":file", c->file);
        bind_text_or_null(&q, ":sha256", c->sha256);
        bind_integer(&q, ":mistakes", (int64_t)c->mistakes);
        bind_text_or_null(&q, ":complaint", c->complaint);
        if (c->accepted)
                bind_integer(&q, ":trunks", (int64_t)c->trunks);
        else
                bind_null(&q, ":trunks");
        int r = query_run(&q);
        if (r == 0)
                *ret_id = sqlite3_last_insert_rowid(s->db);
        return r;
}
