/* fuzz_sip.c: datagrams of hostile carriers, read the way the probe reads them: the evidence's copy, then the message in place, then every
 * header as if it were one of those that matter. */
#include "common/challenge.h"
#include "common/sip_message.h"
#include "common/utf8.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool b) {
        if (!b)
                abort();
}

/* Evidence is text without control characters, and holds no digits of a response: what was redacted needs no redacting. */
static void check_redaction(struct span message) {
        char *text = sip_redact(message);
        require(text && utf8_valid(text));
        for (const char *p = text; *p; p++)
                require(((unsigned char)*p >= ' ' && *p != 127) || strchr("\r\n\t", *p));
        char *again = sip_redact(span_of(text));
        require(again && strcmp(text, again) == 0);
        free(again);
        free(text);
}

static bool lies_within(struct span s, const char *bytes, size_t n) {
        return s.n == 0 || (s.p >= bytes && s.p <= bytes + n && s.n <= (size_t)(bytes + n - s.p));
}

static void read_headers(const struct sip_response *r, const char *bytes, size_t n) {
        static const char *const parameters[] = {"branch", "tag", "received", "x"};
        for (size_t i = 0; i < r->n_headers; i++) {
                const struct sip_header *h = &r->headers[i];
                require(h->name.n > 0 && lies_within(h->name, bytes, n) && lies_within(h->value, bytes, n));
                for (size_t k = 0; k < ELEMENTS(parameters); k++)
                        require(lies_within(sip_parameter(h->value, parameters[k]), bytes, n));
                uint32_t number;
                struct span method, proof;
                if (sip_cseq(h->value, &number, &method))
                        require(method.n > 0 && lies_within(method, bytes, n));
                if (authentication_info_get(h->value, "rspauth", &proof))
                        require(lies_within(proof, bytes, n));
        }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
        char *bytes = malloc(size > 0 ? size : 1);
        if (!bytes)
                return 0;
        if (size > 0)
                memcpy(bytes, data, size);
        check_redaction((struct span){bytes, size});

        struct sip_response r;
        const char *why = NULL;
        int outcome = sip_response_read(&r, bytes, size, &why);
        require(outcome == 0 || outcome == SIP_IS_REQUEST || (outcome == SIP_MALFORMED && why));
        if (outcome == 0) {
                require(r.status >= 100 && r.status <= 699 && r.n_headers <= SIP_HEADERS_MAX);
                require(lies_within(r.reason, bytes, size) && lies_within(r.body, bytes, size));
                read_headers(&r, bytes, size);
                size_t n = 0;
                while (sip_header(&r, "Via", n))
                        n++;
                require(n <= r.n_headers);
                outcome = sip_response_match(&r, "z9hG4bKours", 7, "REGISTER", &why);
                require(outcome == SIP_MALFORMED ? why != NULL : !why && (outcome == 0 || outcome == SIP_IS_FOREIGN));
        }
        free(bytes);
        return 0;
}
