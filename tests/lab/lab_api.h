/* lab_api.h: the platform: OAuth token and trunk API over HTTPS, on libmicrohttpd, driven by the lab's own loop. */
#pragma once

#include <stdio.h>

#include "lab.h"

struct lab_api;

void api_open(struct lab *lab);

/* A new run begins: the port opens or closes as the present phase says. Counters (fail_first, token) start again with a new phase. */
void api_begin_run(struct lab *lab, bool new_phase);
void api_close(struct lab *lab);
uint16_t api_port(const struct lab_api *api);

/* lab_audits.c: the audit log, and writes. A request as they see it; what is absent is NULL, the body "". */
struct api_request {
        const char *method, *url, *content_type, *body;
        const char *cursor, *page_size; /* of the query */
};

bool audits_is_path(const char *url);

/* Return the status; *ret is the body, malloc'ed. */
unsigned audits_answer(struct lab *lab, const struct api_request *r, char **ret);
unsigned audits_write(struct lab *lab, const struct api_request *r, const struct carrier *c, char **ret); /* PUT of a trunk's detail */
unsigned audits_version(struct lab *lab, const struct carrier *c);
void audits_begin_phase(struct lab *lab);
void audits_close(struct lab *lab);

/* lab_page.c: the pages (JSON). entities [from, to) of the listed trunks. */
size_t page_listed(const struct lab *lab);
void page_write_listing(FILE *f, const struct lab *lab, unsigned number, unsigned size);

/* Their parts. The listed trunks are the first proxies of those that the platform has. */
bool page_lists(const struct carrier *c);
void page_string(FILE *f, const char *text);
void page_member(FILE *f, const char *name, const char *value); /* ,"name":"value" unless there is no value */
void page_id(char ret[static 40], const struct carrier *c);
void page_hour(char ret[static 32], int64_t ago_sec); /* the hour's beginning, that much before, in ISO 8601 */
/* {…,"entities":[ of a page that others follow as the total says; more: what a nextUri says besides the page. */
void page_envelope(FILE *f, const char *path, const char *more, size_t total, unsigned number, unsigned size);

/* False when no trunk has that id, or its detail is denied (*ret_denied). */
const struct carrier *page_find(const struct lab *lab, const char *id); /* NULL = none that is listed */
bool page_write_detail(FILE *f, const struct lab *lab, const char *id, bool *ret_denied);

/* lab_edges.c: the same of profile `edges`. The trunk whose base this trunk uses: mostly itself. */
const struct carrier *edges_base(const struct carrier *c);
char *edges_base_id(const struct carrier *base); /* malloc'ed */
void edges_write_listing(FILE *f, struct lab *lab, bool bases, unsigned number, unsigned size);

enum edges_detail { EDGES_FOUND, EDGES_DENIED, EDGES_UNKNOWN };
enum edges_detail edges_write_base(FILE *f, struct lab *lab, const char *id);

const struct carrier *edges_find_base(const struct lab *lab, const char *id); /* NULL = none that is listed */

/* What a client writes that puts this password into the base as it is told; malloc'ed. */
char *edges_written(const struct carrier *c, unsigned version, const char *password);
