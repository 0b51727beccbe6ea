/* share.h: a test of many cases runs one in TEST_SHARE of them, when that is in the environment: under valgrind each takes fifty times as
 * long. */
#pragma once

#include <stdlib.h>

static inline int share_of(int cases) {
        const char *text = getenv("TEST_SHARE");
        int share = text ? (int)strtol(text, NULL, 10) : 1;
        return share > 1 && cases > share ? cases / share : cases;
}
