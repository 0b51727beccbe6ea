/* test_secret.c: secrets are read once, judged by what was opened, and compared. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/secret.h"

static char directory[] = "/tmp/test-secret-XXXXXX";
static char path[64];

static void setup(void) {
        ck_assert_ptr_nonnull(mkdtemp(directory));
        (void)snprintf(path, sizeof path, "%s/secret", directory);
}

static void teardown(void) {
        (void)unlink(path);
        (void)rmdir(directory);
        memcpy(directory + sizeof directory - 7, "XXXXXX", 6);
}

static void write_file(const void *bytes, size_t n, mode_t mode) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
        ck_assert_int_eq(fchmod(fd, mode), 0);
        ck_assert_int_eq(close(fd), 0);
}

static const struct {
        const char *bytes;
        mode_t mode;
        int outcome;
        const char *secret;
} files[] = {
        {"hunter2", 0600, 0, "hunter2"},         {"hunter2", 0400, 0, "hunter2"},
        {"hunter2", 0640, 0, "hunter2"},         {"hunter2\n", 0600, 0, "hunter2"},
        {"hunter2\r\n", 0600, 0, "hunter2"},     {"hunter2\n\n", 0600, 0, "hunter2\n"}, /* one newline, not all */
        {"hunter2\r", 0600, 0, "hunter2\r"},     {" a b ", 0600, 0, " a b "},
        {"", 0600, SECRET_EMPTY, NULL},          {"\n", 0600, SECRET_EMPTY, NULL},
        {"\r\n", 0600, SECRET_EMPTY, NULL},      {"hunter2", 0604, SECRET_EXPOSED, NULL},
        {"hunter2", 0602, SECRET_EXPOSED, NULL}, {"hunter2", 0601, SECRET_EXPOSED, NULL},
        {"hunter2", 0620, SECRET_EXPOSED, NULL}, {"hunter2", 0644, SECRET_EXPOSED, NULL},
};

START_TEST(reads_and_judges_files) {
        write_file(files[_i].bytes, strlen(files[_i].bytes), files[_i].mode);
        _cleanup_(secret_freep) struct secret *s = NULL;
        int error = -1;
        ck_assert_int_eq(secret_read(&s, path, &error), files[_i].outcome);
        ck_assert_int_eq(error, -1);
        if (files[_i].secret)
                ck_assert(span_eq(secret_bytes(s), span_of(files[_i].secret)));
        else
                ck_assert_ptr_null(s);
}
END_TEST

START_TEST(knows_the_longest) {
        char bytes[SECRET_MAX + 4];
        memset(bytes, 'x', sizeof bytes);
        memcpy(bytes + SECRET_MAX, "\r\n", 2);
        write_file(bytes, SECRET_MAX + 2, 0600);
        _cleanup_(secret_freep) struct secret *s = NULL;
        int error = 0;
        ck_assert_int_eq(secret_read(&s, path, &error), 0);
        ck_assert_uint_eq(secret_bytes(s).n, SECRET_MAX);

        struct secret *none = NULL;
        bytes[SECRET_MAX] = 'x';
        write_file(bytes, SECRET_MAX + 2, 0600);
        ck_assert_int_eq(secret_read(&none, path, &error), SECRET_TOO_LONG);
        write_file(bytes, sizeof bytes, 0600);
        ck_assert_int_eq(secret_read(&none, path, &error), SECRET_TOO_LONG);
        ck_assert_ptr_null(none);
}
END_TEST

START_TEST(keeps_any_byte) {
        write_file("a\0b", 3, 0600);
        _cleanup_(secret_freep) struct secret *s = NULL;
        int error = 0;
        ck_assert_int_eq(secret_read(&s, path, &error), 0);
        ck_assert(span_eq(secret_bytes(s), (struct span){"a\0b", 3}));
}
END_TEST

START_TEST(absent_is_not_unreadable) {
        struct secret *s = NULL;
        char long_name[512], below[80];
        int error = 0;
        ck_assert_int_eq(secret_read(&s, path, &error), SECRET_ABSENT);
        write_file("x", 1, 0600);
        (void)snprintf(below, sizeof below, "%s/below", path);
        ck_assert_int_eq(secret_read(&s, below, &error), SECRET_ABSENT);

        memset(long_name, 'x', sizeof long_name);
        long_name[0] = '/';
        long_name[sizeof long_name - 1] = '\0';
        ck_assert_int_eq(secret_read(&s, long_name, &error), SECRET_UNREADABLE);
        ck_assert_int_eq(error, ENAMETOOLONG);
        ck_assert_ptr_null(s);
}
END_TEST

START_TEST(takes_regular_files_alone) {
        struct secret *s = NULL;
        int error = 0;
        ck_assert_int_eq(secret_read(&s, directory, &error), SECRET_EXPOSED);
        ck_assert_int_eq(secret_read(&s, "/dev/null", &error), SECRET_EXPOSED);
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        ck_assert_int_eq(secret_read(&s, path, &error), SECRET_EXPOSED); /* and does not wait for a writer */
        ck_assert_ptr_null(s);
}
END_TEST

START_TEST(judges_what_a_link_leads_to) {
        char link[80];
        write_file("hunter2", 7, 0644);
        (void)snprintf(link, sizeof link, "%s-link", path);
        ck_assert_int_eq(symlink(path, link), 0);
        struct secret *s = NULL;
        int error = 0, exposed = secret_read(&s, link, &error);
        write_file("hunter2", 7, 0600);
        int right = secret_read(&s, link, &error);
        ck_assert_int_eq(unlink(link), 0);
        ck_assert_int_eq(exposed, SECRET_EXPOSED);
        ck_assert_int_eq(right, 0);
        (void)secret_free(s);
}
END_TEST

START_TEST(compares) {
        _cleanup_(secret_freep) struct secret *a = NULL, *b = NULL, *c = NULL, *d = NULL;
        ck_assert_int_eq(secret_new(&a, "secret", 6), 0);
        ck_assert_int_eq(secret_new(&b, "secret", 6), 0);
        ck_assert_int_eq(secret_new(&c, "secreT", 6), 0);
        ck_assert_int_eq(secret_new(&d, "secre", 5), 0);
        ck_assert(secret_equal(a, b));
        ck_assert(!secret_equal(a, c));
        ck_assert(!secret_equal(a, d));
}
END_TEST

START_TEST(refuses_sizes) {
        struct secret *s = NULL;
        char bytes[SECRET_MAX + 1] = "";
        ck_assert_int_eq(secret_new(&s, bytes, 0), -EINVAL);
        ck_assert_int_eq(secret_new(&s, bytes, sizeof bytes), -EINVAL);
        ck_assert_ptr_null(s);
        ck_assert_ptr_null(secret_free(NULL));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("secret");
        TCase *tc = tcase_create("secret");
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_loop_test(tc, reads_and_judges_files, 0, (int)ELEMENTS(files));
        tcase_add_test(tc, knows_the_longest);
        tcase_add_test(tc, keeps_any_byte);
        tcase_add_test(tc, absent_is_not_unreadable);
        tcase_add_test(tc, takes_regular_files_alone);
        tcase_add_test(tc, judges_what_a_link_leads_to);
        tcase_add_test(tc, compares);
        tcase_add_test(tc, refuses_sizes);
        suite_add_tcase(suite, tc);
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed != 0;
}
