/* test_store_drift.c: differences over runs and trunks that come and go: what is kept, and what is told once. */
#include "store_fixture.h"

/* -- differences --------------------------------------------------------------------------------------------------- */

/* Trunk "id-a" whose realm the platform, the configuration and a challenge say; NULL = nothing. */
struct world {
        const char *platform, *config, *carrier;
        enum cause cause;
        bool denied;
};

static struct trunk trunk_in(const struct world *w) {
        struct trunk t = make_trunk("id-a", "A", TRUNK_LISTED);
        t.realm = text_of(w->config ? w->config : w->platform);
        t.detail_denied = w->denied;
        if (w->config) {
                t.platform[TRUNK_TEXT_realm] = text_of(w->platform);
                t.configured = UINT32_C(1) << TRUNK_TEXT_realm;
        }
        return t;
}

static void run_in(struct store *s, int hour, const struct world *w, struct run *ret) {
        struct trunk t = trunk_in(w);
        struct evidence e = {.target = "a.example"};
        char challenge[200];
        if (w->carrier) {
                struct exchange *x = evidence_add_exchange(&e);
                (void)snprintf(challenge, sizeof challenge, "Digest realm=\"%s\", nonce=\"n\"", w->carrier);
                *x = (struct exchange){.end = EXCHANGE_RESPONDED, .status = 401, .has_challenge = true};
                challenge_parse(&x->challenge, false, span_of(challenge));
        }
        const struct result result = make_result(&t, w->cause, &e);
        *ret = make_run(hour);
        store_run(s, ret, &result, 1);
        evidence_clear(&e);
        trunk_clear(&t);
}

/* What the journal would be told, "trunk field change platform|config|carrier" a line; noted as told when tell. */
static void expect_news(struct store *s, int64_t run, bool tell, const char *expected) {
        struct table *t = NULL;
        char id[24], text[400] = "";
        (void)snprintf(id, sizeof id, "%lld", (long long)run);
        ck_assert_msg(store_read(s, STORE_VIEW_DRIFT_NEWS, id, 0, &t) == 0, "%s", store_error(s));
        for (size_t i = 0; i < t->rows; i++) {
                size_t at = strlen(text);
                (void)snprintf(text + at, sizeof text - at, "%s%s %s %s %s|%s|%s", i > 0 ? "\n" : "", table_text(t, i, "trunk"),
                               table_text(t, i, "field"), table_text(t, i, "change"), table_text(t, i, "platform"),
                               table_text(t, i, "config"), table_text(t, i, "carrier"));
        }
        ck_assert_str_eq(text, expected);
        if (tell)
                ck_assert_int_eq(store_drift_told(s, t), 0);
        table_free(t);
}

static const struct {
        struct world world;
        const char *news; /* told in this run */
        bool untold;      /* a command's run: nothing is told */
} story[] = {
        {{"p", NULL, "p", CAUSE_OK, false}, "", false},
        {{"p", "c", "c", CAUSE_OK, false}, "A realm began p|c|c", true},
        {{"p", "c", "c", CAUSE_OK, false}, "A realm began p|c|c", false},
        {{"p", "c", "c", CAUSE_OK, false}, "", false},
        {{"p", "c", NULL, CAUSE_NO_ANSWER, false}, "", false}, /* silence changes nothing */
        {{NULL, "c", "c", CAUSE_SCOPE_DENIAL, true}, "", false},
        {{"q", "c", "c", CAUSE_OK, false}, "A realm changed q|c|c", false},
        {{"c", "c", "c", CAUSE_OK, false}, "A realm ended q|c|c", true},
        {{"c", "c", "c", CAUSE_OK, false}, "A realm ended q|c|c", false},
        {{"c", "c", "c", CAUSE_OK, false}, "", false},
        /* the cause says it, until it is another one */
        {{"p", NULL, "r", CAUSE_REALM_MISMATCH, false}, "", false},
        {{"p", "p", "r", CAUSE_REALM_MISMATCH, false}, "", false},
        {{"p", "p", NULL, CAUSE_NO_ANSWER, false}, "A realm began p|p|r", false},
        {{"p", "p", "r", CAUSE_REALM_MISMATCH, false}, "", false},
        {{"p", "p", "p", CAUSE_OK, false}, "A realm ended p|p|r", false},
        {{"p", "p", "r", CAUSE_REALM_MISMATCH, false}, "", false},
        {{"p", "p", "p", CAUSE_OK, false}, "", false}, /* what was never told has no end */
        /* that the platform and the configuration differ it does not say */
        {{"p", "c", "p", CAUSE_REALM_MISMATCH, false}, "A realm began p|c|p", false},
        {{"p", "P", "p", CAUSE_REALM_MISMATCH, false}, "A realm changed p|P|p", false},
        /* bytes that are not UTF-8 are kept repaired, and are no change */
        {{"p", "P", "\xFF", CAUSE_REALM_MISMATCH, false}, "A realm changed p|P|\xEF\xBF\xBD", false},
        {{"p", "P", "\xFF", CAUSE_REALM_MISMATCH, false}, "", false},
};

START_TEST(a_difference_is_told_once) {
        struct store *s = open_writer();
        for (size_t i = 0; i < ELEMENTS(story); i++) {
                struct run run;
                run_in(s, (int)i, &story[i].world, &run);
                expect_news(s, run.id, !story[i].untold, story[i].news);
                if (!story[i].untold)
                        expect_news(s, run.id, false, "");
        }
        expect_rows("SELECT field, platform_value, config_value, carrier_value, first_run, last_run, ended_usec IS NULL, told"
                    " FROM difference WHERE first_run < 12 ORDER BY id",
                    "realm|p|c|c|2|6|0|2\nrealm|q|c|c|7|7|0|2\nrealm|p||r|11|11|0|2");
        expect_rows("SELECT trunk, trunk_id, field, platform, config, carrier, first_seen, last_seen, ended FROM drift WHERE first_run = 2",
                    "A|id-a|realm|p|c|c|2026-11-23T06:00:04Z|2026-11-23T10:00:04Z|2026-11-23T11:00:04Z");
        expect_rows("SELECT count(*), count(ended) FROM drift", "8|7");
        expect_rows("SELECT ended FROM drift LIMIT 1", ""); /* what is still so is first */
        store_close(s);
}
END_TEST

START_TEST(a_trunk_that_is_gone_differs_from_nothing) {
        struct store *s = open_writer();
        struct run run;
        run_in(s, 0, &(struct world){"p", "c", NULL, CAUSE_OK, false}, &run);
        expect_news(s, run.id, true, "A realm began p|c|");
        struct trunk other = make_trunk("id-b", "B", TRUNK_LISTED);
        const struct result result = make_result(&other, CAUSE_OK, NULL);
        run = make_run(1);
        run.partial = true;
        store_run(s, &run, &result, 1);
        run = make_run(2);
        run.state = RUN_ABORTED;
        store_run(s, &run, &result, 1);
        expect_rows("SELECT count(*) FROM drift WHERE ended IS NULL", "1"); /* neither says that it is gone */
        run = make_run(3);
        store_run(s, &run, &result, 1);
        expect_rows("SELECT ended, last_run FROM drift", "2026-11-23T08:00:04Z|1");
        expect_news(s, run.id, false, ""); /* that it is gone says it */
        trunk_clear(&other);
        store_close(s);
}
END_TEST

/* -- the platform's list ---------------------------------------------------------------------------------------------- */

static void list(struct store *s, int hour, const char *ids) {
        struct trunk trunks[8];
        size_t n = strlen(ids);
        for (size_t i = 0; i < n; i++)
                trunks[i] = make_trunk((const char[]){ids[i], '\0'}, NULL, TRUNK_LISTED);
        put_listing(s, trunks, n, START + hour * HOUR);
        for (size_t i = 0; i < n; i++)
                trunk_clear(&trunks[i]);
}

#define OF_HOUR \
        "SELECT group_concat(change || ' ' || trunk_id, ', ') FROM listing_changes WHERE listed_usec = 1795410000000000 + 3600000000 * "

START_TEST(trunks_come_and_go) {
        struct store *s = open_writer();
        list(s, 0, "abc");
        expect_rows("SELECT count(*) FROM listing_changes", "0"); /* with nothing before, nothing is new */
        list(s, 1, "abc");
        expect_rows(OF_HOUR "1", "");
        list(s, 2, "adda"); /* twice in a list is once */
        expect_rows(OF_HOUR "2", "appeared d, vanished b, vanished c");
        expect_rows("SELECT trunk_id, listed, unlisted_usec FROM trunk ORDER BY key",
                    "a|1|\nb|0|1795417200000000\nc|0|1795417200000000\nd|1|");
        list(s, 3, "");
        expect_rows(OF_HOUR "3", "vanished a, vanished d");
        expect_rows("SELECT unlisted_usec FROM trunk WHERE trunk_id = 'b'", "1795417200000000"); /* not anew */
        list(s, 4, "ba");
        expect_rows(OF_HOUR "4", "appeared a, appeared b");
        expect_rows("SELECT trunk_id, listed, listed_since_usec, unlisted_usec FROM trunk WHERE trunk_id IN ('a', 'c') ORDER BY key",
                    "a|1|1795424400000000|\nc|0|1795410000000000|1795417200000000");
        expect_rows("SELECT time, change, trunk, listed, unlisted FROM listing_changes WHERE trunk_id = 'c'",
                    "2026-11-23T07:00:00Z|vanished|c|0|2026-11-23T07:00:00Z");

        struct table *t = NULL;
        ck_assert_int_eq(store_read(s, STORE_VIEW_LISTING_NEWS, NULL, 0, &t), 0);
        ck_assert_uint_eq(t->rows, 7);
        ck_assert_str_eq(table_text(t, 0, "change"), "vanished");
        ck_assert_str_eq(table_text(t, 0, "trunk"), "b");
        ck_assert_str_eq(table_text(t, 2, "time"), "2026-11-23T07:00:00Z");
        t = table_free(t);
        ck_assert_int_eq(store_listing_told(s), 0);
        list(s, 5, "b");
        ck_assert_int_eq(store_read(s, STORE_VIEW_LISTING_NEWS, NULL, 0, &t), 0);
        ck_assert_uint_eq(t->rows, 1);
        ck_assert_str_eq(table_text(t, 0, "trunk"), "a");
        table_free(t);
        store_close(s);
}
END_TEST

static void expect_listing(struct store *s, const char *run, size_t n) {
        struct table *t = NULL;
        ck_assert_msg(store_read(s, STORE_VIEW_LISTING, run, 0, &t) == 0, "%s", store_error(s));
        ck_assert_uint_eq(t->rows, n);
        table_free(t);
}

START_TEST(a_report_has_what_its_own_list_changed) {
        struct store *s = open_writer();
        list(s, 0, "ab");
        list(s, 1, "a");
        struct run read = make_run(1), remembers = make_run(2);
        read.started_usec = START + HOUR - 1;
        read.trunks_known_usec = remembers.trunks_known_usec = START + HOUR;
        store_run(s, &read, NULL, 0);
        store_run(s, &remembers, NULL, 0);
        expect_listing(s, "1", 1);
        expect_listing(s, "2", 0); /* the list of another run */
        expect_listing(s, NULL, 1);
        list(s, 24, "a");
        expect_listing(s, NULL, 1);
        list(s, 25, "a");
        expect_listing(s, NULL, 0); /* a day later it is no news */
        store_close(s);
}
END_TEST

START_TEST(views_say_how_old_the_list_is) {
        struct store *s = open_writer();
        struct trunk a = make_trunk("id-a", "A", TRUNK_LISTED), b = make_trunk("local:b", "b", TRUNK_EXTRA);
        const struct result results[] = {make_result(&a, CAUSE_OK, NULL), make_result(&b, CAUSE_OK, NULL)};
        put_listing(s, &a, 1, START);
        struct run never = make_run(0), fresh = make_run(1), old = make_run(26);
        never.trunks_known_usec = 0;
        fresh.trunks_known_usec = fresh.started_usec + 1;
        store_run(s, &never, NULL, 0);
        store_run(s, &fresh, NULL, 0);
        store_run(s, &old, results, 2);
        expect_rows("SELECT trunks_as_of, trunks_age_s FROM runs ORDER BY id", "|\n2026-11-23T06:00:01Z|0\n2026-11-23T05:00:00Z|93601");
        expect_rows("SELECT trunk, trunks_as_of, trunks_age_s FROM latest", "A|2026-11-23T05:00:00Z|93601\nb||");
        trunk_clear(&a);
        trunk_clear(&b);
        store_close(s);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("store_drift");
        TCase *tc = tcase_create("store_drift");
        tcase_add_unchecked_fixture(tc, make_base, remove_base);
        tcase_add_checked_fixture(tc, make_directory, NULL);
        tcase_add_test(tc, a_difference_is_told_once);
        tcase_add_test(tc, a_trunk_that_is_gone_differs_from_nothing);
        tcase_add_test(tc, trunks_come_and_go);
        tcase_add_test(tc, a_report_has_what_its_own_list_changed);
        tcase_add_test(tc, views_say_how_old_the_list_is);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
