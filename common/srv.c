/* srv.c: the order of NAPTR and SRV records. The random numbers are the caller's. */
#include "srv.h"

const struct srv_service srv_services[SRV_SERVICES] = {
        [TARGET_UDP] = {TARGET_UDP, "SIP+D2U", "_sip._udp"},
        [TARGET_TCP] = {TARGET_TCP, "SIP+D2T", "_sip._tcp"},
        [TARGET_TLS] = {TARGET_TLS, "SIPS+D2T", "_sips._tcp"},
};

const struct srv_service *srv_service_named(const char *naptr) {
        for (size_t i = 0; i < ELEMENTS(srv_services); i++)
                if (text_ieq(naptr, srv_services[i].naptr))
                        return &srv_services[i];
        return NULL;
}

/* The root, as written in a zone file and as c-ares writes it. */
static bool is_root(const char *name) {
        return name[0] == '\0' || text_eq(name, ".");
}

/* A number below range. */
static uint64_t scale(uint32_t random, uint64_t range) {
        return random * range >> 32;
}

/* The record that comes first: one of the lowest priority, each as probable as its share of the weights (RFC 2782, "Weight"). Records of
 * weight 0 share the number 0, which exists only with them: the RFC has it always, and so prefers whichever record stands first. */
static size_t choose(const struct srv_record *records, size_t n, uint32_t random) {
        uint16_t priority = UINT16_MAX;
        for (size_t i = 0; i < n; i++)
                if (records[i].priority < priority)
                        priority = records[i].priority;

        uint64_t sum = 0, zeros = 0;
        for (size_t i = 0; i < n; i++)
                if (records[i].priority == priority) {
                        sum += records[i].weight;
                        zeros += records[i].weight == 0;
                }

        uint64_t number = sum > 0 ? scale(random, sum + (zeros > 0)) + (zeros == 0) : 0;
        uint64_t skip = sum > 0 ? 0 : scale(random, zeros); /* among nothing but zeros each is as good */
        for (size_t i = 0; i < n; i++) {
                if (records[i].priority != priority || (number == 0) != (records[i].weight == 0))
                        continue;
                if (number == 0 && skip-- == 0)
                        return i;
                if (number > 0 && number <= records[i].weight)
                        return i;
                if (number > 0)
                        number -= records[i].weight;
        }
        return 0; /* not reached: the numbers end with the weights */
}

static bool has_srv(const struct srv_record *records, size_t n, const struct srv_record *r) {
        for (size_t i = 0; i < n; i++)
                if (records[i].port == r->port && text_ieq(records[i].target, r->target))
                        return true;
        return false;
}

size_t srv_order(struct srv_record *records, size_t n, const uint32_t *random) {
        size_t usable = 0, kept = 0;
        for (size_t i = 0; i < n && i < SRV_RECORDS_MAX; i++)
                if (!is_root(records[i].target) && records[i].port != 0)
                        records[usable++] = records[i];

        for (size_t i = 0; i < usable; i++) {
                size_t next = i + choose(records + i, usable - i, random[i]);
                struct srv_record chosen = records[next];
                records[next] = records[i];
                records[i] = chosen;
        }
        for (size_t i = 0; i < usable; i++)
                if (!has_srv(records, kept, &records[i]))
                        records[kept++] = records[i];
        return kept;
}

/* RFC 3263 section 4.1: the flag "s" leads to SRV records, by a replacement and not by a regular expression (RFC 3403 section 4.1: one
 * record has only one of them). Records for ENUM, SCTP or WebSocket are for others. */
static bool leads_to_srv(const struct naptr_record *r) {
        return text_ieq(r->flags, "s") && r->regexp[0] == '\0' && !is_root(r->replacement) && srv_service_named(r->service);
}

static bool has_naptr(const struct naptr_record *records, size_t n, const struct naptr_record *r) {
        for (size_t i = 0; i < n; i++)
                if (text_ieq(records[i].service, r->service) && text_ieq(records[i].replacement, r->replacement))
                        return true;
        return false;
}

static bool is_after(const struct naptr_record *a, const struct naptr_record *b) {
        return a->order != b->order ? a->order > b->order : a->preference > b->preference;
}

size_t naptr_order(struct naptr_record *records, size_t n) {
        size_t usable = 0, kept = 0;
        for (size_t i = 0; i < n && i < SRV_RECORDS_MAX; i++) {
                struct naptr_record r = records[i];
                if (!leads_to_srv(&r))
                        continue;
                size_t at = usable++;
                for (; at > 0 && is_after(&records[at - 1], &r); at--)
                        records[at] = records[at - 1];
                records[at] = r;
        }
        for (size_t i = 0; i < usable; i++)
                if (!has_naptr(records, kept, &records[i]))
                        records[kept++] = records[i];
        return kept;
}
