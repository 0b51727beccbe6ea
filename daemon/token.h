/* token.h: the OAuth token (client credentials grant), kept until shortly before it expires. Never logged. */
#pragma once

#include <systemd/sd-event.h>

#include "../common/allowance.h"
#include "../common/config.h"
#include "../common/verdict.h"
#include "http.h"

struct token;         /* lives as long as the configuration; keeps the bearer between runs */
struct token_request; /* one wish for a bearer */

/* verdict: PLATFORM_OK with the bearer (valid inside done; copy what you keep into something you wipe), else why there is none.
 * status, correlation_id: of the login's last reply (0, "" = none). */
typedef void token_done_fn(struct token_request *r, const struct verdict *verdict, const char *bearer, int status,
                           const char *correlation_id, void *user);

/* config is borrowed for the token's life. */
int token_new(struct token **ret, sd_event *event, struct http *http, const struct config *config);
struct token *token_free(struct token *t); /* wipes; all requests must be freed before */
DEFINE_CLEANUP(struct token *, token_free)

/* What may be asked with its bearers: every request to the API waits for it, is taken from it, and its reply is heard. */
struct allowance *token_allowance(struct token *t);

/* Gives the kept bearer, or asks the login for one. renew: the kept one was refused, ask anew. deadline_usec: CLOCK_MONOTONIC, when to give
 * up; rate limits and network errors are retried with jittered back-off until then. */
int token_start(struct token_request **ret, struct token *t, bool renew, uint64_t deadline_usec, token_done_fn *done, void *user);
/* The header that carries a bearer, with a final NUL. Returns 0, -EINVAL (longer than PAGE_TOKEN_MAX), -ENOMEM. */
int token_authorization(struct secret **ret, const char *bearer);

struct token_request *token_request_free(struct token_request *r); /* before done: cancels */
