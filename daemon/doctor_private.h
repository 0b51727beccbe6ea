/* doctor_private.h: what the checks of a doctor share: the ground they stand on, the agents that work, how a check ends. */
#pragma once

#include "../common/config.h"
#include "../common/store.h"
#include "carrier_names.h"
#include "clock_check.h"
#include "doctor.h"
#include "handshake.h"
#include "platform_call.h"
#include "trunk_poll.h"

#define DOCTOR_NAME_SERVERS_MAX 8 /* that are asked */
#define DOCTOR_NAMES_SHOWN_MAX 400

/* What start() of a check returns when it has told all. */
enum { CHECK_UNDER_WAY = 0, CHECK_OVER = 1 };

struct name_server {
        struct doctor *doctor;
        struct resolver *resolver;
        struct resolver_query *query;
};

struct check {
        const char *name;
        unsigned limit_sec;
        int (*start)(struct doctor *d); /* CHECK_OVER, CHECK_UNDER_WAY, -errno */
        bool unconfigured;              /* also without a configuration */
};

struct doctor {
        struct doctor_request request;
        const struct check *check; /* the present one */
        size_t next;
        sd_event_source *turn, *limit;
        struct config *config; /* NULL = it cannot be used */
        const char *credentials_directory;
        struct resolver *resolver; /* the configuration's, for carriers and clock */
        struct resolver *system;   /* the platform's: requests to it ask the system's name servers */
        struct http *http;
        struct token *token;
        struct page *page; /* reads what the platform replies */
        struct store *store;
        struct trunk_list trunks;
        bool login_reached, api_reached, has_token, listed;

        /* The agents; at most those of one check are there. */
        struct clock_check *clock;
        struct tls *tls;
        struct handshake *handshake;
        struct token_request *token_request;
        struct platform_call *call;
        struct trunk_poll *poll;
        struct carrier_names *names;
        struct name_server servers[DOCTOR_NAME_SERVERS_MAX];
        size_t servers_open, servers_failed;
        char failures[DOCTOR_NAMES_SHOWN_MAX];
};

/* The end of a check that tells at once: returns CHECK_OVER. */
int doctor_over(struct doctor *d, const struct finding *f);
int doctor_skipped(struct doctor *d, const char *why);

/* The end of a check that was under way: frees its agents. The last statement of an agent's done. */
void doctor_conclude(struct doctor *d, const struct finding *f);

/* A credential, and we are not in the unit. */
bool doctor_is_inside_only(const struct doctor *d, const struct secret_ref *ref);

/* Checks of the platform: doctor_platform.c. */
int doctor_check_login(struct doctor *d);
int doctor_check_api(struct doctor *d);
int doctor_check_token(struct doctor *d);
int doctor_check_identity(struct doctor *d);
int doctor_check_audit_log(struct doctor *d);
int doctor_check_listing(struct doctor *d);

/* Of a handshake, also of one that was given up. */
struct finding doctor_handshake_finding(const char *check, const struct handshake_result *r);
