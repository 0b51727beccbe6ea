/* sip_date.h: the Date header (RFC 3261 section 20.17). */
#pragma once

#include "base.h"

/* "Sat, 13 Nov 2010 23:29:00 GMT" as seconds since 1970: false when it is anything else, another zone or a weekday that the day does not
 * have included. A leap second counts as the second after it. */
bool sip_date_parse(struct span value, int64_t *ret_sec);
