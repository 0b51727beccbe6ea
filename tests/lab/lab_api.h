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

/* lab_page.c: the pages (JSON). entities [from, to) of the listed trunks. */
size_t page_listed(const struct lab *lab);
void page_write_listing(FILE *f, const struct lab *lab, unsigned number, unsigned size);

/* False when no trunk has that id, or its detail is denied (*ret_denied). */
bool page_write_detail(FILE *f, const struct lab *lab, const char *id, bool *ret_denied);
