/* fuzz_config.c: any bytes as a configuration. A complaint is a line, an error gives no configuration, and what is accepted is complete. */
#include "common/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool condition) {
        if (!condition)
                abort();
}

static void expect_complaints(const struct complaints *complaints) {
        expect(complaints->n <= CONFIG_COMPLAINTS_MAX);
        for (size_t i = 0; i < complaints->n; i++) {
                const char *text = complaints->items[i].text;
                expect(strncmp(text, "fuzz.yaml", 9) == 0);
                for (const char *p = text; *p; p++)
                        expect((unsigned char)*p >= 0x20 && *p != 0x7F);
                expect(i == 0 || complaints->items[i - 1].line <= complaints->items[i].line);
        }
}

static void expect_complete(const struct config *c) {
        expect(c->schedule.interval_usec > 0 && 86400 * USEC_PER_SEC % c->schedule.interval_usec == 0);
        expect(c->schedule.splay_usec < c->schedule.interval_usec && c->schedule.run_limit_usec < c->schedule.interval_usec);
        expect(c->platform.path && c->probe.method && c->store.path && c->probe.budget >= 1 && c->probe.budget <= 3);
        if (c->has_platform)
                expect(c->platform.login_url && c->platform.api_url && c->platform.client_id && c->platform.client_secret.name);
        for (size_t i = 0; i < c->n_trunks; i++) {
                const struct config_trunk *t = &c->trunks[i];
                expect(t->id || t->name);
                expect(!t->password.name || !t->ha1.name);
                expect(config_trunk_find(c, t->id, t->id ? NULL : t->name) == t);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct config *c = NULL;
        struct complaints complaints = {0};
        int r = config_parse(&c, "fuzz.yaml", (struct span){(const char *)data, size}, &complaints);
        expect(r == 0 || r == 1);
        expect((r == 0) == (c != NULL) && (r == 1) == (complaints.errors > 0));
        expect_complaints(&complaints);
        if (c)
                expect_complete(c);
        complaints_clear(&complaints);
        (void)config_free(c);
        return 0;
}
