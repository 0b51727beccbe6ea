/* audit_context.c: what runs share: the agents' ground, made when a configuration comes into force. */
#include "audit.h"

int audit_context_open(struct audit_context *ret, sd_event *event, const struct config *config, struct store *store,
                       struct journal *journal) {
        struct audit_context c = {.event = event, .config = config, .store = store, .journal = journal};
        _cleanup_(freep) char *why = NULL;
        int r = tls_new(&c.tls, config->sip.ca_file, config->sip.certificate_file, config->sip.key_file, &why);
        if (r > 0) {
                journal_log(journal, LOG_ERR, "sip: %s", why ? why : "a TLS file cannot be used");
                r = -EINVAL;
        }
        if (r >= 0)
                r = transport_new(&c.transport, event);
        if (r >= 0 && config->has_platform)
                r = http_new(&c.http, event);
        if (c.http && config->platform.page_dir)
                http_replay(c.http, config->platform.page_dir);
        if (r >= 0 && config->has_platform)
                r = token_new(&c.token, event, c.http, config);
        if (r < 0)
                audit_context_close(&c);
        else
                *ret = c;
        return r;
}

void audit_context_close(struct audit_context *c) {
        c->token = token_free(c->token);
        c->http = http_free(c->http);
        c->transport = transport_free(c->transport);
        c->tls = tls_free(c->tls);
}
