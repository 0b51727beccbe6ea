/* words.c: what the program itself says that the documents must agree with: the manual of the configuration on stdout. Complaints about
 * the table of causes and about the configuration file named as argument go to stderr, and make the exit status 1. */
#include <stdio.h>

#include "../../common/config.h"
#include "../../common/verdict.h"

static bool is_word(const char *s) {
        return s[0] && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s);
}

static bool is_sentence(const char *s) {
        size_t n = strlen(s);
        return n > 10 && ((s[0] >= 'A' && s[0] <= 'Z') || (s[0] >= '0' && s[0] <= '9')) && s[n - 1] == '.' && !strstr(s, "  ");
}

static unsigned check_causes(void) {
        unsigned bad = 0;
        for (size_t i = 0; i < CAUSE_COUNT; i++) {
                const struct cause_info *c = cause_info((enum cause)i);
                enum cause found;
                if (!is_word(c->word) || !is_sentence(c->sentence) || !is_sentence(c->remedy) || !is_sentence(c->proof) ||
                    !c->reference[0]) {
                        (void)fprintf(stderr, "cause %s: not a word, a sentence, a remedy, a proof and a reference\n", c->word);
                        bad++;
                }
                if (cause_from_word(c->word, &found) != 0 || found != (enum cause)i) {
                        (void)fprintf(stderr, "cause %s: the word is not its own\n", c->word);
                        bad++;
                }
        }
        return bad;
}

static unsigned check_config(const char *file) {
        _cleanup_(config_freep) struct config *config = NULL;
        struct complaints complaints = {0};
        int r = config_load(&config, file, &complaints);
        for (size_t i = 0; i < complaints.n; i++)
                (void)fprintf(stderr, "%s\n", complaints.items[i].text);
        unsigned bad = r != 0 || complaints.n > 0;
        complaints_clear(&complaints);
        return bad;
}

int main(int argc, char **argv) {
        _cleanup_(freep) char *manual = NULL;
        if (argc != 2 || config_describe(&manual) < 0 || fputs(manual, stdout) == EOF)
                return 2;
        return check_causes() + check_config(argv[1]) > 0;
}
