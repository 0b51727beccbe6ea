/* trunk.h: the thing that is audited; what the platform says of it, and what the configuration adds.
 * Facts stay text, as the platform wrote them: a word that this version does not know is kept and shown, not lost. */
#pragma once

#include "base.h"
#include "secret.h"
#include "verdict.h"

/* Every text of a trunk, in one list: it makes the fields, their freeing, and the columns of the pages and the database.
 * proxies: "host[:port]" items, separated by single spaces, in order of preference. From base_id on: by profile `edges` alone; truths
 * are "yes" and "no", a status is one sentence for all proxies. */
/* clang-format off */
#define TRUNK_FACTS(X) \
        X(name) X(state) X(role) X(region) X(authentication) \
        X(domain) X(proxies) X(transport) X(request_uri) \
        X(realm) X(username) X(algorithm) X(qop) X(self_uri) \
        X(validation_time) X(validation_status) X(validation_code) X(validation_message) \
        X(validation_challenge) X(validation_authorization) \
        X(base_id) X(base_name) X(metabase) X(trunk_type) X(managed) \
        X(in_service) X(edge_in_service) X(connected) X(connected_time) \
        X(options) X(options_status) X(registers) X(registers_status)
#define TRUNK_TEXTS(X) X(id) TRUNK_FACTS(X)
/* clang-format on */

enum trunk_text {
#define X(field) TRUNK_TEXT_##field,
        TRUNK_TEXTS(X)
#undef X
                TRUNK_TEXT_COUNT
};

/* Where the knowledge about a trunk comes from in this run. */
enum trunk_origin {
        TRUNK_LISTED,     /* the platform listed it in this run */
        TRUNK_REMEMBERED, /* the platform could not be asked; known from an earlier run */
        TRUNK_EXTRA,      /* only the configuration knows it ("extra: true") */
};

enum trunk_kind {
        TRUNK_DIGEST,  /* authentication "digest"; also an absent or unknown word when a username or secret is there */
        TRUNK_ADDRESS, /* "basic" or "none": identified by address (SIP has no Basic, RFC 3261 section 22) */
        TRUNK_UNKNOWN, /* absent or a word we do not know, and neither username nor secret */
};

struct trunk {
#define X(field) char *field;
        TRUNK_TEXTS(X)
#undef X
        char *platform[TRUNK_TEXT_COUNT]; /* what the platform says where the configuration says something else; see trunk_platform_text()
                                           */
        uint64_t configured;              /* bits of enum trunk_text: the configuration says it */
        enum trunk_origin origin;
        bool is_configured;            /* the configuration has an entry for it */
        bool probe_all_proxies;        /* from the configuration, as is the next */
        bool refresh;                  /* its credentials are written to the platform before the probe */
        char *method;                  /* from the configuration; NULL = the probe's default */
        const struct secret *password; /* borrowed from the configuration; at most one of the two */
        const struct secret *ha1;
        char *maintenance;       /* it is not to be probed now: "until TIME: reason"; NULL = it is */
        bool detail_denied;      /* the platform answered 403 to this trunk's own detail */
        struct verdict detail;   /* why (CAUSE_SCOPE_DENIAL); only when detail_denied */
        char correlation_id[80]; /* of the reply that denied; "" = none */
};

struct trunk_list {
        struct trunk *items;
        size_t n;
};

#define TRUNK_LIST_MAX 30000 /* trunks */

/* Frees the texts; the struct becomes zero. */
void trunk_clear(struct trunk *t);
void trunk_list_clear(struct trunk_list *l);

/* Appends a zeroed trunk and returns it through ret (valid until the next append). Returns 0, -ENOMEM, -E2BIG. */
int trunk_list_append(struct trunk_list *l, struct trunk **ret);

/* Sets one text; value.p == NULL sets NULL. Returns 0 or -ENOMEM. */
int trunk_set(struct trunk *t, enum trunk_text field, struct span value);
const char *trunk_get(const struct trunk *t, enum trunk_text field);
const char *trunk_text_name(enum trunk_text field);

/* The two sources of a text after trunk_list_merge(); NULL = that one says nothing. */
const char *trunk_platform_text(const struct trunk *t, enum trunk_text field);
const char *trunk_config_text(const struct trunk *t, enum trunk_text field);

/* The id of the trunk's base, where its settings are; NULL when the listing does not tell it. */
const char *trunk_base_id(const struct trunk *t);

/* By id, then by exact name; NULL when there is none. */
struct trunk *trunk_list_find(const struct trunk_list *l, const char *id_or_name);

enum trunk_kind trunk_kind(const struct trunk *t);

/* True when the platform says the trunk is out of service: its state is "inactive" or "deleted", or its base is switched off. */
bool trunk_inactive(const struct trunk *t);
bool trunk_state_inactive(const char *state); /* the same of its word; NULL = none */

/* True when lastValidation claims a failure (status >= 400, or a code that ends in "mismatch"). */
bool trunk_validation_failed(const struct trunk *t);

/* True when lastValidation has a time that can be read: seconds since 1970. */
bool trunk_validation_time(const struct trunk *t, int64_t *ret_sec);

/* True when lastValidation claims success, with a time. */
bool trunk_validated_at(const struct trunk *t, int64_t *ret_sec);

struct config;

/* Writes the configuration's settings for each trunk (matched by id, then by name) over what the platform says, which is kept aside, and
 * appends the configuration's extra trunks that the list does not have. Returns 0 or -errno. */
int trunk_list_merge(struct trunk_list *l, const struct config *config);
