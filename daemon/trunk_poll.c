/* trunk_poll.c: token, then page after page of each listing of the profile, then the details that they did not hold, several at once.
 * Profile `trunk_connections` has one listing, whose entities are whole trunks; profile `edges` has two, of trunks and of the trunk bases
 * that hold their settings. A listing that changed while it was read is read once more: entities move between pages, and one may have been
 * missed. A query is one request under way with its tries and waits; the listing uses the first, the details use all of them. The poll owns
 * everything; each handler ends with the next request, or with finish(), which calls done as the last statement. */
#include "trunk_poll.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <time.h>

#include "../common/page.h"
#include "../common/trunk_base.h"
#include "platform_call.h"
#include "platform_reply.h"

#define TIMER_ACCURACY_USEC (1 * USEC_PER_MSEC)
#define PAGE_ENTITIES 100 /* asked for in a page */
#define EDGES "/api/v2/telephony/providers/edges"

struct listing {
        const char *path, *query; /* path NULL: the configuration's */
        enum page_shape shape;
        const char *name; /* of its entities */
};

static const struct listing trunk_connections[] = {{NULL, "", PAGE_TRUNK_CONNECTIONS, "trunks"}, {0}};
static const struct listing edges[] = {
        {EDGES "/trunks", "trunkType=EXTERNAL&", PAGE_EDGES_TRUNKS, "trunks"},
        {EDGES "/trunkbasesettings", "expand=properties&", PAGE_EDGES_BASES, "trunk bases"},
        {0},
};

struct query {
        struct trunk_poll *poll;
        char *url; /* NULL = idle */
        struct http_call *call;
        sd_event_source *timer;
        struct platform_patience patience;
        unsigned bearer; /* which bearer the request carried */
        bool waits_for_bearer;
        bool held;     /* its turn comes after the deadline */
        size_t entity; /* whose detail it is */
};

struct trunk_poll {
        sd_event *event;
        struct http *http;
        struct token *token;
        const struct config *config;
        trunk_poll_done_fn *done;
        void *user;
        uint64_t deadline_usec; /* CLOCK_MONOTONIC */
        struct page *page;
        struct token_request *token_request;
        struct secret *authorization; /* the header, with a final NUL */
        unsigned bearer;              /* which bearer that is, counted from 1 */
        bool renewed;
        struct query queries[TRUNK_POLL_DETAILS_AT_ONCE];
        const struct listing *listing; /* under way, or the last one, whose entities may have details of their own */
        struct trunk_list bases;       /* profile edges */
        char **visited;                /* URLs of the listing's pages asked for */
        size_t n_visited;
        unsigned total, page_count; /* that its newest page promised; 0 = nothing */
        bool changed;               /* a page promised otherwise than the one before */
        bool reread;                /* it is read for the second time */
        bool unsteady;              /* a listing changed then, too */
        bool listed;                /* all pages are read */
        size_t next_detail;         /* index of the first entity whose detail was not thought of yet */
        size_t unread;              /* details that could not be read */
        char unread_why[VERDICT_DETAIL_MAX];
        struct trunk_poll_result result;
};

/* What the listing under way fills. */
static struct trunk_list *entities(struct trunk_poll *p) {
        return p->listing->shape == PAGE_EDGES_BASES ? &p->bases : &p->result.trunks;
}

static uint64_t now_usec(struct trunk_poll *p) {
        uint64_t usec = 0;
        (void)sd_event_now(p->event, CLOCK_MONOTONIC, &usec);
        return usec;
}

static void query_clear(struct query *q) {
        q->call = http_call_free(q->call);
        q->timer = sd_event_source_disable_unref(q->timer);
        free(q->url);
        q->url = NULL;
        q->waits_for_bearer = q->held = false;
}

/* Remembers the reply that decides. */
static void decided_by(struct trunk_poll *p, int status, const char *correlation_id) {
        p->result.status = status;
        (void)snprintf(p->result.correlation_id, sizeof p->result.correlation_id, "%s", correlation_id);
}

static void finish(struct trunk_poll *p, struct verdict verdict) {
        p->result.verdict = verdict;
        if (verdict.cause != CAUSE_PLATFORM_OK)
                trunk_list_clear(&p->result.trunks);
        for (size_t i = 0; i < ELEMENTS(p->queries); i++)
                query_clear(&p->queries[i]);
        p->token_request = token_request_free(p->token_request);
        p->done(p, &p->result, p->user);
}

/* -- one request --------------------------------------------------------------------------------------------------------- */

static void on_reply(struct http_call *call, const struct http_reply *reply, void *user);

static int wait_query(struct query *q, uint64_t wait_usec);

/* Waits first when the audit's share of the rate limit is taken; a query whose turn comes too late is concluded at once. */
static int send_query(struct query *q) {
        struct trunk_poll *p = q->poll;
        struct allowance *allowance = token_allowance(p->token);
        uint64_t now = now_usec(p), turn = p->config->platform.page_dir ? now : allowance_next_usec(allowance, now);
        q->waits_for_bearer = false;
        q->held = turn >= p->deadline_usec && turn > now;
        if (turn > now)
                return wait_query(q, q->held ? 0 : turn - now);
        allowance_take(allowance, now);
        const char *const headers[] = {secret_bytes(p->authorization).p, "Accept: application/json", NULL};
        struct http_request request = {
                .url = q->url,
                .method = "GET",
                .headers = headers,
                .ca_file = p->config->platform.ca_file,
                .proxy = p->config->platform.proxy,
                .proxy_credentials = p->config->platform.proxy_credentials.secret,
                .user_agent = "trunkauditd/" TRUNKAUDIT_VERSION,
                .timeout_usec = platform_timeout_usec(&q->patience, p->config, now_usec(p)),
        };
        q->bearer = p->bearer;
        q->call = http_call_free(q->call);
        return http_start(&q->call, p->http, &request, on_reply, q);
}

static void conclude(struct query *q, const struct http_reply *reply, const struct page_problem *problem);

/* Sends, or concludes with the failure to. */
static void send_or_conclude(struct query *q) {
        int r = send_query(q);
        if (r >= 0)
                return;
        struct http_reply reply = {.failure = HTTP_FAILED_NETWORK, .error = strerror(-r), .retry_after_sec = -1};
        conclude(q, &reply, &(struct page_problem){0});
}

static int on_wait_over(sd_event_source *source, uint64_t usec, void *user) {
        struct query *q = user;
        struct http_reply reply = {.failure = HTTP_FAILED_HELD, .retry_after_sec = -1};
        (void)source;
        (void)usec;
        if (q->held)
                conclude(q, &reply, &(struct page_problem){0});
        else
                send_or_conclude(q);
        return 0;
}

static int wait_query(struct query *q, uint64_t wait_usec) {
        q->timer = sd_event_source_disable_unref(q->timer);
        return sd_event_add_time_relative(q->poll->event, &q->timer, CLOCK_MONOTONIC, wait_usec, TIMER_ACCURACY_USEC, on_wait_over, q);
}

static void on_token(struct token_request *r, const struct verdict *verdict, const char *bearer, int status, const char *correlation_id,
                     void *user);

/* A bearer that was refused is renewed once in a poll; every query that was refused with the old one waits for it. Returns 1 when the
 * query goes on, 0 when the refusal stands, -errno. */
static int renew(struct query *q) {
        struct trunk_poll *p = q->poll;
        if (!p->token_request && q->bearer != p->bearer) {
                int r = send_query(q);
                return r < 0 ? r : 1;
        }
        if (!p->token_request) {
                if (p->renewed)
                        return 0;
                int r = token_start(&p->token_request, p->token, true, p->deadline_usec, on_token, p);
                if (r < 0)
                        return r;
                p->renewed = true;
        }
        q->waits_for_bearer = true;
        return 1;
}

/* Date has whole seconds: the server's time was in [D, D + 1 s) at some moment between sending and receiving, so the offset is in
 * [D - received, D + 1 s - sent]. */
static void witness(struct trunk_poll *p, const struct http_reply *reply) {
        if (p->result.witness_measured || reply->date_usec == 0 || reply->sent_usec == 0 || reply->received_usec < reply->sent_usec)
                return;
        int64_t low = reply->date_usec - reply->received_usec;
        int64_t high = reply->date_usec + (int64_t)USEC_PER_SEC - reply->sent_usec;
        p->result.witness_measured = true;
        p->result.witness_offset_usec = low + (high - low) / 2;
        p->result.witness_bound_usec = (high - low + 1) / 2;
}

static void on_reply(struct http_call *call, const struct http_reply *reply, void *user) {
        struct query *q = user;
        struct trunk_poll *p = q->poll;
        struct page_problem problem;
        (void)call;
        allowance_heard(token_allowance(p->token), &reply->told, now_usec(p));
        platform_reply_problem(p->page, reply, &problem);
        uint64_t wait_usec = platform_reply_wait_usec(&q->patience, PLATFORM_API, reply, &problem, now_usec(p));
        if (wait_usec > 0 && wait_query(q, wait_usec) >= 0)
                return;
        if (platform_reply_refuses_bearer(reply, &problem) && renew(q) > 0)
                return;
        if (reply->failure == HTTP_FAILED_NOT && reply->status / 100 == 2)
                witness(p, reply);
        conclude(q, reply, &problem);
}

static void start_query(struct query *q, char *url) {
        free(q->url);
        q->url = url;
        q->patience = (struct platform_patience){.deadline_usec = q->poll->deadline_usec};
}

/* -- details -------------------------------------------------------------------------------------------------------------- */

static bool wants_detail(const struct trunk_poll *p, const struct trunk *t) {
        if (p->listing->shape == PAGE_EDGES_BASES)
                return trunk_base_is_bare(t);
        return t->self_uri && !t->authentication && !t->domain && !t->proxies && !t->transport && !t->request_uri && !t->realm &&
               !t->username && !t->algorithm && !t->qop;
}

/* A trunk says where its detail is; a base, which may be known by its id alone, is found by that. Returns 0, 1 when it leads elsewhere,
 * -errno. */
static int detail_url(const struct trunk_poll *p, const struct trunk *t, char **ret) {
        const char *api_url = p->config->platform.api_url;
        if (p->listing->shape != PAGE_EDGES_BASES)
                return platform_url(ret, t->self_uri, api_url);
        char *id = curl_easy_escape(NULL, t->id, 0);
        int n = id ? asprintf(ret, "%s%s/%s", api_url, p->listing->path, id) : -1;
        curl_free(id);
        return n < 0 ? -ENOMEM : 0;
}

static void detail_unread(struct trunk_poll *p, const char *why) {
        if (p->unread++ == 0)
                (void)snprintf(p->unread_why, sizeof p->unread_why, "%s", why);
}

static int start_detail(struct query *q, size_t entity) {
        struct trunk_poll *p = q->poll;
        char *url;
        int r = detail_url(p, &entities(p)->items[entity], &url);
        if (r != 0)
                return r;
        start_query(q, url);
        q->entity = entity;
        if (p->token_request) {
                q->waits_for_bearer = true;
                return 0;
        }
        r = send_query(q);
        if (r < 0)
                query_clear(q);
        return r;
}

/* The end: bases go into their trunks, and what was not as it should be is told. */
static void finish_listed(struct trunk_poll *p) {
        char other_trunks[80] = "";
        size_t others = 0;
        int r = p->listing->shape == PAGE_EDGES_BASES ? trunk_base_join(&p->result.trunks, &p->bases, &others) : 0;
        if (r < 0) {
                finish(p, verdict_of(CAUSE_PLATFORM_UNREACHABLE, "%s", strerror(-r)));
                return;
        }
        const char *unsteady = p->unsteady ? "a listing changed, or had less than it promised, both times it was read" : "";
        if (others > 0)
                (void)snprintf(other_trunks, sizeof other_trunks, "%s%zu trunks are no BYOC carrier's", p->unsteady ? "; " : "", others);
        if (p->unread == 0)
                finish(p, verdict_of(CAUSE_PLATFORM_OK, "%s%s", unsteady, other_trunks));
        else
                finish(p, verdict_of(CAUSE_PLATFORM_OK, "%s%s%sdetails of %zu %s could not be read: %s", unsteady, other_trunks,
                                     p->unsteady || others > 0 ? "; " : "", p->unread, p->listing->name, p->unread_why));
}

/* Gives every idle query its next entity, and finishes when there is none left and all queries are idle. */
static void next_details(struct trunk_poll *p) {
        struct trunk_list *l = entities(p);
        bool busy = false;
        for (size_t i = 0; i < ELEMENTS(p->queries); i++) {
                struct query *q = &p->queries[i];
                while (!q->url && p->next_detail < l->n) {
                        size_t entity = p->next_detail++;
                        if (!wants_detail(p, &l->items[entity]))
                                continue;
                        if (!p->config->platform.page_dir &&
                            allowance_next_usec(token_allowance(p->token), now_usec(p)) >= p->deadline_usec) {
                                detail_unread(p, "no time was left");
                                continue;
                        }
                        int r = start_detail(q, entity);
                        if (r != 0)
                                detail_unread(p, r > 0 ? "selfUri leads elsewhere" : strerror(-r));
                }
                busy = busy || q->url;
        }
        if (!busy)
                finish_listed(p);
}

static void conclude_detail(struct query *q, const struct http_reply *reply, const struct page_problem *problem) {
        struct trunk_poll *p = q->poll;
        struct trunk *t = &entities(p)->items[q->entity];
        if (reply->failure == HTTP_FAILED_NOT && reply->status / 100 == 2) {
                int r = page_read_detail(p->page, p->listing->shape, reply->body, t);
                if (r != 0)
                        detail_unread(p, r < 0 ? strerror(-r) : page_error(p->page));
        } else if (reply->failure == HTTP_FAILED_NOT && reply->status == 403) {
                t->detail_denied = true;
                t->detail = platform_reply_denial(CAUSE_SCOPE_DENIAL, reply, problem, p->config);
                (void)snprintf(t->correlation_id, sizeof t->correlation_id, "%s", platform_reply_correlation_id(reply, problem));
        } else {
                detail_unread(p, platform_reply_verdict(PLATFORM_API, reply, problem, &q->patience, now_usec(p), p->config).detail);
        }
        query_clear(q);
        next_details(p);
}

/* -- pages ---------------------------------------------------------------------------------------------------------------- */

/* Takes the URL. Returns 0, 1 when it was asked for before or is one page too many, -errno. */
static int start_page(struct trunk_poll *p, char *url) {
        for (size_t i = 0; i < p->n_visited; i++)
                if (text_eq(p->visited[i], url)) {
                        free(url);
                        return 1;
                }
        if (p->n_visited == TRUNK_POLL_PAGES_MAX) {
                free(url);
                return 1;
        }
        char **visited = reallocarray(p->visited, p->n_visited + 1, sizeof *visited);
        if (visited)
                p->visited = visited;
        char *copy = visited ? strdup(url) : NULL;
        if (!copy) {
                free(url);
                return -ENOMEM;
        }
        p->visited[p->n_visited++] = copy;
        start_query(&p->queries[0], url);
        return 0;
}

static int page_url(struct trunk_poll *p, size_t number, char **ret) {
        const char *path = p->listing->path ? p->listing->path : p->config->platform.path;
        char *url;
        if (asprintf(&url, "%s%s?%spageSize=%d&pageNumber=%zu", p->config->platform.api_url, path, p->listing->query, PAGE_ENTITIES,
                     number) < 0)
                return -ENOMEM;
        *ret = url;
        return 0;
}

/* The URL after this page, NULL when it is the last. Both ways of telling are used: nextUri, else pageCount. An empty page is the last
 * unless pageCount promises more. Returns 0, 1 when nextUri leads elsewhere, -errno. */
static int following_page(struct trunk_poll *p, const struct page_facts *facts, char **ret) {
        bool promised = facts->page_count > p->n_visited;
        *ret = NULL;
        if (facts->entities == 0 && !promised)
                return 0;
        if (facts->next_uri)
                return platform_url(ret, facts->next_uri, p->config->platform.api_url);
        return promised ? page_url(p, p->n_visited + 1, ret) : 0;
}

static void facts_clear(struct page_facts *facts) {
        free(facts->next_uri);
}

static struct verdict page_failure(struct trunk_poll *p, int r) {
        if (r == PAGE_TOO_MANY)
                return verdict_of(CAUSE_PAGE_LIMIT, "more than %d trunks", TRUNK_LIST_MAX);
        return verdict_of(CAUSE_PAGE_MALFORMED, "page %zu of the %s: %s", p->n_visited, p->listing->name,
                          r < 0 ? strerror(-r) : page_error(p->page));
}

static void forget_pages(struct trunk_poll *p) {
        for (size_t i = 0; i < p->n_visited; i++)
                free(p->visited[i]);
        p->n_visited = 0;
}

/* From its first page. Returns 0 or -errno. */
static int start_listing(struct trunk_poll *p) {
        char *url;
        forget_pages(p);
        p->changed = false;
        int r = page_url(p, 1, &url);
        return r < 0 ? r : start_page(p, url);
}

/* After the last page of a listing: the same again, the next one, or the details. Returns 1 when a page was started, 0, -errno. */
static int end_listing(struct trunk_poll *p) {
        p->changed |= entities(p)->n < p->total;
        if (p->changed && !p->reread) {
                p->reread = true;
                trunk_list_clear(entities(p));
                int r = start_listing(p);
                return r < 0 ? r : 1;
        }
        p->unsteady |= p->changed;
        if (p->listing[1].name) {
                p->reread = false;
                p->listing++;
                int r = start_listing(p);
                return r < 0 ? r : 1;
        }
        p->listed = true;
        return p->listing->shape == PAGE_EDGES_BASES ? trunk_base_select(&p->bases, &p->result.trunks) : 0;
}

/* Starts what comes after a page that was read: the next page, the next listing, the details, or the end. */
static void go_on(struct query *q, const struct page_facts *facts) {
        struct trunk_poll *p = q->poll;
        const char *next_uri = facts->next_uri ? facts->next_uri : "";
        char *url = NULL;
        int r = following_page(p, facts, &url);
        if (r > 0) {
                finish(p, verdict_of(CAUSE_PAGE_MALFORMED, "page %zu of the %s: nextUri leads elsewhere: %s", p->n_visited,
                                     p->listing->name, next_uri));
                return;
        }
        if (r == 0 && !url) {
                query_clear(q);
                r = end_listing(p);
                if (r == 0)
                        next_details(p);
                else if (r > 0)
                        send_or_conclude(q);
                else
                        finish(p, verdict_of(CAUSE_PLATFORM_UNREACHABLE, "%s", strerror(-r)));
                return;
        }
        if (r == 0)
                r = start_page(p, url);
        if (r > 0)
                finish(p, verdict_of(CAUSE_PAGE_LIMIT, "after %zu pages another one, or one of them again: %s", p->n_visited, next_uri));
        else if (r < 0)
                finish(p, verdict_of(CAUSE_PLATFORM_UNREACHABLE, "%s", strerror(-r)));
        else
                send_or_conclude(q);
}

static void conclude_page(struct query *q, const struct http_reply *reply, const struct page_problem *problem) {
        struct trunk_poll *p = q->poll;
        decided_by(p, reply->status, platform_reply_correlation_id(reply, problem));
        if (reply->failure != HTTP_FAILED_NOT || reply->status / 100 != 2) {
                finish(p, platform_reply_verdict(PLATFORM_API, reply, problem, &q->patience, now_usec(p), p->config));
                return;
        }
        _cleanup_(facts_clear) struct page_facts facts = {0};
        int r = page_read_listing(p->page, p->listing->shape, reply->body, entities(p), &facts);
        if (r != 0) {
                finish(p, page_failure(p, r));
                return;
        }
        p->changed |= p->n_visited > 1 && (facts.total != p->total || facts.page_count != p->page_count);
        p->total = facts.total;
        p->page_count = facts.page_count;
        go_on(q, &facts);
}

static void conclude(struct query *q, const struct http_reply *reply, const struct page_problem *problem) {
        if (q->poll->listed)
                conclude_detail(q, reply, problem);
        else
                conclude_page(q, reply, problem);
}

/* -- the bearer ----------------------------------------------------------------------------------------------------------- */

static int set_authorization(struct trunk_poll *p, const char *bearer) {
        struct secret *authorization;
        int r = token_authorization(&authorization, bearer);
        if (r < 0)
                return r;
        (void)secret_free(p->authorization);
        p->authorization = authorization;
        p->bearer++;
        return 0;
}

static void on_token(struct token_request *r, const struct verdict *verdict, const char *bearer, int status, const char *correlation_id,
                     void *user) {
        struct trunk_poll *p = user;
        (void)r;
        if (verdict->cause != CAUSE_PLATFORM_OK) {
                decided_by(p, status, correlation_id);
                finish(p, *verdict);
                return;
        }
        int e = set_authorization(p, bearer);
        p->token_request = token_request_free(p->token_request);
        if (e < 0) {
                finish(p, verdict_of(CAUSE_PLATFORM_UNREACHABLE, "%s", strerror(-e)));
                return;
        }
        if (!p->listed) {
                send_or_conclude(&p->queries[0]);
                return;
        }
        for (size_t i = 0; i < ELEMENTS(p->queries); i++) {
                struct query *q = &p->queries[i];
                e = q->waits_for_bearer ? send_query(q) : 0;
                if (e < 0) {
                        detail_unread(p, strerror(-e));
                        query_clear(q);
                }
        }
        next_details(p);
}

/* -- start and end -------------------------------------------------------------------------------------------------------- */

int trunk_poll_start(struct trunk_poll **ret, sd_event *event, struct http *http, struct token *token, const struct config *config,
                     trunk_poll_done_fn *done, void *user) {
        struct trunk_poll *p = calloc(1, sizeof *p);
        if (!p)
                return -ENOMEM;
        *p = (struct trunk_poll){.event = sd_event_ref(event), .http = http, .token = token, .config = config, .done = done, .user = user};
        p->deadline_usec = now_usec(p) + config->platform.deadline_usec;
        for (size_t i = 0; i < ELEMENTS(p->queries); i++)
                p->queries[i].poll = p;

        p->listing = config_profile_edges(config) ? edges : trunk_connections;
        int r = page_new(&p->page);
        if (r == 0)
                r = start_listing(p);
        if (r == 0)
                r = token_start(&p->token_request, token, false, p->deadline_usec, on_token, p);
        if (r < 0) {
                (void)trunk_poll_free(p);
                return r;
        }
        *ret = p;
        return 0;
}

struct trunk_poll *trunk_poll_free(struct trunk_poll *p) {
        if (!p)
                return NULL;
        for (size_t i = 0; i < ELEMENTS(p->queries); i++)
                query_clear(&p->queries[i]);
        (void)token_request_free(p->token_request);
        (void)secret_free(p->authorization);
        (void)page_free(p->page);
        forget_pages(p);
        free(p->visited);
        trunk_list_clear(&p->bases);
        trunk_list_clear(&p->result.trunks);
        (void)sd_event_unref(p->event);
        free(p);
        return NULL;
}
