/* lab_names.h: a name server that knows no name (RFC 1035). */
#pragma once

#include "lab.h"

/* Does nothing when the scenario has none. */
void names_open(struct lab *lab);
void names_close(struct lab *lab);

/* "127.0.0.1:PORT"; malloc'ed; NULL = there is none. */
char *names_address(const struct lab *lab);
