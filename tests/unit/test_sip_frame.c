/* test_sip_frame.c: where messages end in a stream, however it is cut. */
#include <check.h>

#include "common/sip_frame.h"

#define START "SIP/2.0 200 OK\r\n"
#define END "\r\n"
#define FRAMES_MAX 64

/* What a stream is made of: messages and the bytes before each. */
struct frames {
        size_t n;
        struct {
                size_t skip, size;
        } items[FRAMES_MAX];
        bool malformed;
        const char *why;
        size_t left; /* bytes that are not a whole message yet */
};

/* One call on a copy that has a block of its exact size, so that reading past it is seen by sanitizers. What is not set stays marked. */
static int frame_of(struct span bytes, size_t *ret_skip, size_t *ret_size, const char **ret_why) {
        char *copy = malloc(bytes.n > 0 ? bytes.n : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, bytes.p, bytes.n);
        *ret_skip = *ret_size = SIZE_MAX;
        *ret_why = NULL;
        int r = sip_frame((struct span){copy, bytes.n}, ret_skip, ret_size, ret_why);
        free(copy);
        if (r == 0)
                ck_assert(*ret_size > 0 && *ret_size <= SIP_FRAME_MAX && *ret_skip <= bytes.n && *ret_size <= bytes.n - *ret_skip);
        else
                ck_assert(*ret_skip == SIZE_MAX && *ret_size == SIZE_MAX);
        ck_assert((r == SIP_FRAME_MALFORMED) == (*ret_why != NULL));
        return r;
}

static void check_frame(struct span bytes, size_t skip, size_t size) {
        size_t got_skip, got_size;
        const char *why;
        ck_assert_int_eq(frame_of(bytes, &got_skip, &got_size, &why), 0);
        ck_assert_uint_eq(got_skip, skip);
        ck_assert_uint_eq(got_size, size);
}

static int outcome(struct span bytes) {
        size_t skip, size;
        const char *why;
        return frame_of(bytes, &skip, &size, &why);
}

/* Feeds a stream in pieces, as a connection does: cut(i) is the size of the i-th. */
static void feed(struct frames *ret, struct span stream, size_t (*cut)(size_t i, void *user), void *user) {
        *ret = (struct frames){0};
        size_t start = 0, end = 0;
        for (size_t i = 0; end < stream.n && !ret->malformed; i++) {
                size_t piece = cut(i, user);
                end = piece > stream.n - end ? stream.n : end + piece;
                for (;;) {
                        size_t skip, size;
                        int r = frame_of((struct span){stream.p + start, end - start}, &skip, &size, &ret->why);
                        ret->malformed = r == SIP_FRAME_MALFORMED;
                        if (r != 0)
                                break;
                        ck_assert_uint_lt(ret->n, FRAMES_MAX);
                        ret->items[ret->n].skip = skip;
                        ret->items[ret->n++].size = size;
                        start += skip + size;
                }
        }
        ret->left = stream.n - start;
}

static size_t whole(size_t i, void *user) {
        (void)i;
        (void)user;
        return SIZE_MAX;
}

static size_t one_by_one(size_t i, void *user) {
        (void)i;
        (void)user;
        return 1;
}

/* user: where the stream is cut in two. */
static size_t in_two(size_t i, void *user) {
        return i == 0 ? *(const size_t *)user : SIZE_MAX;
}

/* user: the state of a generator (xorshift), so that every run cuts the same way. */
static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static size_t at_random(size_t i, void *user) {
        (void)i;
        uint64_t *state = user;
        return 1 + (size_t)(next_random(state) % (next_random(state) % 2 ? 8 : 200));
}

static void check_same(const struct frames *a, const struct frames *b) {
        ck_assert_uint_eq(a->n, b->n);
        for (size_t i = 0; i < a->n; i++) {
                ck_assert_uint_eq(a->items[i].skip, b->items[i].skip);
                ck_assert_uint_eq(a->items[i].size, b->items[i].size);
        }
        ck_assert(a->malformed == b->malformed);
        ck_assert_uint_eq(a->left, b->left);
        ck_assert_msg(text_eq(a->why, b->why), "%s, not %s", a->why ? a->why : "-", b->why ? b->why : "-");
}

/* -- one message ---------------------------------------------------------------------------------------------------------- */

static const struct {
        struct span text;
        size_t skip, after; /* bytes before the message and behind it */
} good[] = {
        {SPAN(START "Content-Length: 0\r\n" END), 0, 0},
        {SPAN(START "Content-Length: 4\r\n" END "body"), 0, 0},
        {SPAN(START "Content-Length: 4\r\n" END "bodySIP/2.0 100 Trying\r\n"), 0, 20},
        {SPAN(START "Content-Length: 0\r\n" END "\r\n"), 0, 2},
        /* keep-alives, RFC 3261 section 7.5 and RFC 5626 section 4.4.1 */
        {SPAN("\r\n" START "l: 0\r\n" END), 2, 0},
        {SPAN("\r\n\r\n\r\n\r\n" START "l: 0\r\n" END), 8, 0},
        {SPAN("\n\r\n\n" START "l: 0\r\n" END), 4, 0},
        /* names and values in every allowed manner */
        {SPAN(START "l: 2\r\n" END "ab"), 0, 0},
        {SPAN(START "L:2\r\n" END "ab"), 0, 0},
        {SPAN(START "CONTENT-LENGTH\t :\t2 \t\r\n" END "ab"), 0, 0},
        {SPAN(START "content-length:2\r\n" END "ab"), 0, 0},
        {SPAN(START "l: 002\r\n" END "ab"), 0, 0},
        {SPAN(START "l: 00000000000000000000000000000002\r\n" END "ab"), 0, 0},
        /* twice the same is no contradiction */
        {SPAN(START "l: 2\r\nContent-Length: 2\r\n" END "ab"), 0, 0},
        {SPAN(START "Content-Length: 2\r\nl: 02\r\n" END "ab"), 0, 0},
        /* line ends */
        {SPAN("SIP/2.0 200 OK\nl: 2\n\nab"), 0, 0},
        {SPAN("SIP/2.0 200 OK\r\nl: 2\n\r\nab"), 0, 0},
        {SPAN("SIP/2.0 200 OK\nl: 2\r\n\nab"), 0, 0},
        /* what only looks like the header or like the end */
        {SPAN(START "Subject: x\r\n Content-Length: 9\r\nl: 2\r\n" END "ab"), 0, 0},
        {SPAN(START "Subject: x\r\n\tl: 9\r\nl: 2\r\n" END "ab"), 0, 0},
        {SPAN(START "Subject: x\r\n \r\nl: 2\r\n" END "ab"), 0, 0},
        {SPAN(START "Subject: l: 9, Content-Length: 9\r\nl: 2\r\n" END "ab"), 0, 0},
        {SPAN(START "X-Content-Length: 9\r\nContent-Lengths: 9\r\nll: 9\r\nl: 2\r\n" END "ab"), 0, 0},
        {SPAN(START "Content-Length 9\r\nContent-Length\r\nl\r\nl: 2\r\n" END "ab"), 0, 0},
        {SPAN(START "l: 6\r\n" END "\r\n\r\nl:"), 0, 0},
        {SPAN(START "l: 7\r\n" END "l: 9\r\n\n"), 0, 0},
        {SPAN(START "l: 3\r\n" END "\0\0\0"), 0, 0},
        {SPAN(START "X: \0\r\nl: 0\r\n" END), 0, 0},
        /* not SIP at all, but it ends: what it is, is not for the frame to say */
        {SPAN("l: 0\r\n\r\n"), 0, 0},
};

START_TEST(whole_messages) {
        struct span text = good[_i].text;
        check_frame(text, good[_i].skip, text.n - good[_i].skip - good[_i].after);
}
END_TEST

/* Every part of it that is not the whole waits for more, and the whole is then the same as at once. */
START_TEST(every_split_point) {
        struct span text = {good[_i].text.p, good[_i].text.n - good[_i].after};
        struct frames at_once, cut;
        feed(&at_once, text, whole, NULL);
        ck_assert(at_once.n == 1 && at_once.left == 0);
        for (size_t n = 0; n < text.n; n++) {
                ck_assert_int_eq(outcome((struct span){text.p, n}), SIP_FRAME_INCOMPLETE);
                feed(&cut, text, in_two, &n);
                check_same(&cut, &at_once);
        }
        feed(&cut, text, one_by_one, NULL);
        check_same(&cut, &at_once);
}
END_TEST

/* -- what cannot be followed ------------------------------------------------------------------------------------------------ */

static const struct {
        struct span text;
        const char *why;
} bad[] = {
        {SPAN(START "Call-ID: a\r\n" END), "it has no Content-Length, so its end in the stream is not known"},
        {SPAN(START END), "it has no Content-Length, so its end in the stream is not known"},
        {SPAN(START "Subject: x\r\n l: 0\r\n" END), "it has no Content-Length, so its end in the stream is not known"},
        {SPAN(START "Content-Length 0\r\n" END), "it has no Content-Length, so its end in the stream is not known"},
        {SPAN(START "l: 1\r\nl: 2\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "l: 0\r\nContent-Length: 2\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 2\r\nl: x\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: -1\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: -999\r\n" END), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: +2\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length:\r\n" END), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: \r\n" END), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 2 2\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 2, 2\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 2;a=b\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 0x2\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 2.0\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: \"2\"\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 2\0\r\n" END "ab"), "its Content-Length cannot be read"},
        /* numbers that wrap in 16, 32 and 64 bits */
        {SPAN(START "Content-Length: 65536\r\n" END), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 4294967296\r\n" END), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 4294967298\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 18446744073709551616\r\n" END), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 18446744073709551618\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 99999999999999999999999999999999999999\r\n" END), "its Content-Length cannot be read"},
        /* folded: a peer that reads only the first line would take another number */
        {SPAN(START "Content-Length:\r\n 2\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 2\r\n 0\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 2\r\n\t\r\n" END "ab"), "its Content-Length cannot be read"},
        {SPAN(START "l: 2\n 0\n\nab"), "its Content-Length cannot be read"},
        {SPAN(START "Content-Length: 65535\r\n" END), "it is too long"},
};

START_TEST(refusals) {
        struct span text = bad[_i].text;
        struct frames at_once, cut;
        feed(&at_once, text, whole, NULL);
        ck_assert(at_once.malformed && at_once.n == 0);
        ck_assert_str_eq(at_once.why, bad[_i].why);
        /* In pieces it is refused no later than its last byte and never half taken. */
        for (size_t n = 0; n < text.n; n++) {
                feed(&cut, text, in_two, &n);
                check_same(&cut, &at_once);
        }
        feed(&cut, text, one_by_one, NULL);
        check_same(&cut, &at_once);
}
END_TEST

/* -- limits --------------------------------------------------------------------------------------------------------------- */

static struct span filled(char *buffer, const char *head, char fill, size_t n, const char *tail) {
        size_t head_n = strlen(head), tail_n = strlen(tail);
        ck_assert_uint_ge(n, head_n + tail_n);
        memset(buffer, fill, n);
        memcpy(buffer, head, head_n);
        memcpy(buffer + n - tail_n, tail, tail_n);
        return (struct span){buffer, n};
}

START_TEST(size_limit_of_body) {
        static char buffer[SIP_FRAME_MAX + 1];
        const char *const fits = START "Content-Length: 65492\r\n\r\n", *const too_long = START "Content-Length: 65495\r\n\r\n";
        size_t head_n = strlen(fits);
        ck_assert_uint_eq(head_n + 65492, SIP_FRAME_MAX - 2);
        check_frame(filled(buffer, fits, 'x', SIP_FRAME_MAX, ""), 0, SIP_FRAME_MAX - 2);
        ck_assert_int_eq(outcome((struct span){buffer, SIP_FRAME_MAX - 3}), SIP_FRAME_INCOMPLETE);
        buffer[head_n - 5] = '4';
        check_frame((struct span){buffer, SIP_FRAME_MAX + 1}, 0, SIP_FRAME_MAX);
        ck_assert_int_eq(outcome((struct span){buffer, SIP_FRAME_MAX - 1}), SIP_FRAME_INCOMPLETE);
        /* One more is refused as soon as it is announced. */
        ck_assert_int_eq(outcome(span_of(too_long)), SIP_FRAME_MALFORMED);
        ck_assert_int_eq(outcome(filled(buffer, too_long, 'x', SIP_FRAME_MAX + 1, "")), SIP_FRAME_MALFORMED);
}
END_TEST

START_TEST(size_limit_of_headers) {
        static char buffer[SIP_FRAME_MAX + 1];
        const char *const tail = "\r\nl: 0\r\n\r\n";
        check_frame(filled(buffer, START "X: ", 'x', SIP_FRAME_MAX, tail), 0, SIP_FRAME_MAX);
        ck_assert_int_eq(outcome((struct span){buffer, SIP_FRAME_MAX - 1}), SIP_FRAME_INCOMPLETE);
        ck_assert_int_eq(outcome(filled(buffer, START "X: ", 'x', SIP_FRAME_MAX + 1, tail)), SIP_FRAME_MALFORMED);
        /* Without an end they are waited for up to the limit, with or without line ends. */
        ck_assert_int_eq(outcome(filled(buffer, "", 'x', SIP_FRAME_MAX, "")), SIP_FRAME_INCOMPLETE);
        ck_assert_int_eq(outcome(filled(buffer, "", 'x', SIP_FRAME_MAX + 1, "")), SIP_FRAME_MALFORMED);
        ck_assert_int_eq(outcome(filled(buffer, START "l: 0\r\nX: ", 'x', SIP_FRAME_MAX + 1, "\r\n")), SIP_FRAME_MALFORMED);
}
END_TEST

/* Too long is too long for the same reason, whether its end is here or not. */
START_TEST(one_reason_however_it_comes) {
        static char buffer[SIP_FRAME_MAX + 100];
        static const char *const tails[] = {"\r\nl: 0\r\n\r\n", "\r\nl: x\r\n\r\n", "\r\n\r\n", "\r\n", ""};
        for (size_t i = 0; i < ELEMENTS(tails); i++) {
                struct frames at_once, cut;
                struct span text = filled(buffer, START "X: ", 'x', sizeof buffer, tails[i]);
                size_t n = SIP_FRAME_MAX + 1;
                feed(&at_once, text, whole, NULL);
                ck_assert(at_once.malformed);
                ck_assert_str_eq(at_once.why, "its headers are too long");
                feed(&cut, text, in_two, &n);
                check_same(&cut, &at_once);
        }
}
END_TEST

/* Line ends before a message do not count as part of it. */
START_TEST(keep_alives_are_not_counted) {
        static char buffer[2 * SIP_FRAME_MAX];
        ck_assert_int_eq(outcome((struct span){"", 0}), SIP_FRAME_INCOMPLETE);
        ck_assert_int_eq(outcome(filled(buffer, "", '\n', sizeof buffer, "")), SIP_FRAME_INCOMPLETE);
        const char *const message = START "l: 2\r\n\r\nab";
        check_frame(filled(buffer, "", '\r', sizeof buffer, message), sizeof buffer - strlen(message), strlen(message));
}
END_TEST

/* One header in as many lines as fit: the work for them must not grow with the square of their number. Nothing here measures it; it would
 * be felt. */
START_TEST(many_continuation_lines) {
        static char buffer[SIP_FRAME_MAX];
        const char *const head = START "X: a\r\n", *const tail = "\r\nl: 0\r\n\r\n";
        (void)filled(buffer, head, ' ', sizeof buffer, tail);
        for (size_t i = strlen(head) + 1; i + 1 < sizeof buffer - strlen(tail); i += 2)
                buffer[i] = '\n';
        for (size_t n = 4096; n < sizeof buffer; n += 4096)
                ck_assert_int_eq(outcome((struct span){buffer, n}), SIP_FRAME_INCOMPLETE);
        check_frame((struct span){buffer, sizeof buffer}, 0, sizeof buffer);
}
END_TEST

/* -- streams -------------------------------------------------------------------------------------------------------------- */

START_TEST(several_in_one_buffer) {
        static const char first[] = START "Content-Length: 4\r\n\r\nl: 9", second[] = "SIP/2.0 100 Trying\nl:0\n\n",
                          third[] = "OPTIONS sip:a SIP/2.0\r\nl: 5\r\n\r\n\r\n\r\n\r", part[] = START "Content-Len";
        static const char stream[] = START "Content-Length: 4\r\n\r\nl: 9"
                                           "SIP/2.0 100 Trying\nl:0\n\n"
                                           "\r\n\r\n"
                                           "OPTIONS sip:a SIP/2.0\r\nl: 5\r\n\r\n\r\n\r\n\r"
                                           "\r\n" START "Content-Len";
        struct frames f;
        feed(&f, SPAN(stream), whole, NULL);
        ck_assert_uint_eq(f.n, 3);
        ck_assert(!f.malformed);
        ck_assert(f.items[0].skip == 0 && f.items[0].size == sizeof first - 1);
        ck_assert(f.items[1].skip == 0 && f.items[1].size == sizeof second - 1);
        ck_assert(f.items[2].skip == 4 && f.items[2].size == sizeof third - 1);
        ck_assert_uint_eq(f.left, 2 + sizeof part - 1);
}
END_TEST

/* A message that cannot be followed does not take back what came before it. */
START_TEST(good_before_bad) {
        struct frames f;
        feed(&f, SPAN(START "l: 1\r\n\r\nx" START "\r\n" START "l: 0\r\n\r\n"), whole, NULL);
        ck_assert(f.n == 1 && f.malformed);
}
END_TEST

/* For random streams the messages are the same however they are cut. */
START_TEST(random_splits) {
        static char stream[FRAMES_MAX * 256];
        uint64_t state = UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)_i;
        (void)next_random(&state);
        size_t n = 0, messages = 1 + (size_t)(next_random(&state) % 12);
        for (size_t i = 0; i < messages; i++) {
                bool is_bad = next_random(&state) % 64 == 0;
                struct span text = is_bad ? bad[next_random(&state) % ELEMENTS(bad)].text : good[next_random(&state) % ELEMENTS(good)].text;
                ck_assert_uint_le(text.n, sizeof stream - n);
                memcpy(stream + n, text.p, text.n);
                n += text.n;
        }
        struct frames at_once, cut;
        feed(&at_once, (struct span){stream, n}, whole, NULL);
        feed(&cut, (struct span){stream, n}, one_by_one, NULL);
        check_same(&cut, &at_once);
        for (size_t i = 0; i < 8; i++) {
                feed(&cut, (struct span){stream, n}, at_random, &state);
                check_same(&cut, &at_once);
        }
}
END_TEST

int main(void) {
        Suite *suite = suite_create("sip_frame");
        TCase *one = tcase_create("one"), *limits = tcase_create("limits"), *streams = tcase_create("streams");
        tcase_add_loop_test(one, whole_messages, 0, (int)ELEMENTS(good));
        tcase_add_loop_test(one, every_split_point, 0, (int)ELEMENTS(good));
        tcase_add_loop_test(one, refusals, 0, (int)ELEMENTS(bad));
        tcase_add_test(limits, size_limit_of_body);
        tcase_add_test(limits, size_limit_of_headers);
        tcase_add_test(limits, one_reason_however_it_comes);
        tcase_add_test(limits, keep_alives_are_not_counted);
        tcase_add_test(limits, many_continuation_lines);
        tcase_add_test(streams, several_in_one_buffer);
        tcase_add_test(streams, good_before_bad);
        tcase_add_loop_test(streams, random_splits, 0, 40);
        suite_add_tcase(suite, one);
        suite_add_tcase(suite, limits);
        suite_add_tcase(suite, streams);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}
