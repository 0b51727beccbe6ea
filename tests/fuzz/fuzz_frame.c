/* fuzz_frame.c: streams of a hostile peer. Input: a byte that says how the stream is cut, then the stream. It is read at once and in
 * pieces, as connections do, with the same frames; each frame is then read as a response. */
#include "common/sip_frame.h"
#include "common/sip_message.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define FRAMES_MAX 256

struct frames {
        size_t n, starts[FRAMES_MAX], sizes[FRAMES_MAX];
        size_t end; /* of the last whole one */
        const char *why;
};

static void require(bool b) {
        if (!b)
                abort();
}

/* The frames of a stream that comes in pieces of so many bytes. */
static void take_frames(struct frames *ret, struct span stream, size_t piece) {
        *ret = (struct frames){0};
        for (size_t end = 0; end < stream.n && !ret->why && ret->n < FRAMES_MAX;) {
                end = piece > stream.n - end ? stream.n : end + piece;
                int r = 0;
                while (r == 0 && ret->n < FRAMES_MAX) {
                        size_t skip, size, n = end - ret->end;
                        r = sip_frame((struct span){stream.p + ret->end, n}, &skip, &size, &ret->why);
                        require(r == 0 || r == SIP_FRAME_INCOMPLETE || r == SIP_FRAME_MALFORMED);
                        require((r == SIP_FRAME_MALFORMED) == (ret->why != NULL));
                        if (r != 0)
                                break;
                        require(size > 0 && size <= SIP_FRAME_MAX && skip <= n && size <= n - skip);
                        ret->starts[ret->n] = ret->end + skip;
                        ret->sizes[ret->n++] = size;
                        ret->end += skip + size;
                }
        }
}

static void require_same(const struct frames *a, const struct frames *b) {
        require(a->n == b->n && a->end == b->end && text_eq(a->why, b->why));
        for (size_t i = 0; i < a->n; i++)
                require(a->starts[i] == b->starts[i] && a->sizes[i] == b->sizes[i]);
}

/* What is a frame is a whole message: it stays one alone, and its reader never lacks bytes of it. */
static void read_frame(struct span frame) {
        size_t skip, size;
        const char *why = NULL;
        require(sip_frame(frame, &skip, &size, &why) == 0 && skip == 0 && size == frame.n);
        require(frame.n < 2 || sip_frame((struct span){frame.p, frame.n - 1}, &skip, &size, &why) == SIP_FRAME_INCOMPLETE);

        char *copy = malloc(frame.n);
        require(copy != NULL);
        memcpy(copy, frame.p, frame.n);
        struct sip_response response;
        if (sip_response_read(&response, copy, frame.n, &why) == 0)
                require(sip_header(&response, "Content-Length", 0) && response.body.p + response.body.n <= copy + frame.n);
        free(copy);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
        if (size < 2 || size > 4 * SIP_FRAME_MAX)
                return 0;
        struct span stream = {(const char *)data + 1, size - 1};
        struct frames at_once, cut;
        take_frames(&at_once, stream, SIZE_MAX);
        /* Each piece is searched from the start of its frame: long streams come in larger ones, or few would be tried. */
        take_frames(&cut, stream, (size_t)data[0] + 1 + stream.n / 512);
        require_same(&cut, &at_once);
        for (size_t i = 0; i < at_once.n; i++)
                read_frame((struct span){stream.p + at_once.starts[i], at_once.sizes[i]});
        return 0;
}
