/* sip_frame.h: where a SIP message ends in a stream (RFC 3261 sections 7.5 and 18.3). */
#pragma once

#include "base.h"

#define SIP_FRAME_MAX 65535 /* bytes of one message */

/* Positive outcomes. */
enum {
        SIP_FRAME_INCOMPLETE = 1, /* wait for more bytes */
        SIP_FRAME_MALFORMED,      /* the stream cannot be followed any further; *ret_why says why, a constant text */
};

/* Finds the first message in the bytes received so far. ret_skip: line ends before it, which keep a connection alive. */
int sip_frame(struct span bytes, size_t *ret_skip, size_t *ret_size, const char **ret_why);
