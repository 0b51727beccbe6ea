/* causes.c: prints the manual page trunkaudit-causes(7), made of verdict.def. */
#include <stdio.h>

#include "common/verdict.h"

/* Text as troff has it: nothing in it is a request or an escape. */
static void print_text(const char *text) {
        for (const char *p = text; *p; p++) {
                if (*p == '\\')
                        (void)fputs("\\e", stdout);
                else if (*p == '-')
                        (void)fputs("\\-", stdout);
                else if (p == text && (*p == '.' || *p == '\''))
                        (void)printf("\\&%c", *p);
                else
                        (void)putchar(*p);
        }
        (void)putchar('\n');
}

static void print_cause(const struct cause_info *c) {
        (void)printf(".TP\n.B %s\n", c->word);
        print_text(c->sentence);
        if (c->kind != CAUSE_KIND_ANSWER)
                (void)printf(".br\n.I Outcome:\n%s, %s at best\n", outcome_word(c->outcome), confidence_word(c->confidence));
        (void)printf(".br\n.I Remedy:\n");
        print_text(c->remedy);
        (void)printf(".br\n.I Evidence:\n");
        print_text(c->proof);
        if (!text_eq(c->reference, "none")) {
                (void)printf(".br\n.I See\n");
                print_text(c->reference);
        }
}

int main(void) {
        static const char *const titles[] = {
                [CAUSE_KIND_TRUNK] = "VERDICTS ON A TRUNK",
                [CAUSE_KIND_PLATFORM] = "VERDICTS ON THE PLATFORM",
                [CAUSE_KIND_CLOCK] = "VERDICTS ON THE CLOCK",
                [CAUSE_KIND_ANSWER] = "MISTAKES IN AN ANSWER",
        };
        (void)printf(".TH TRUNKAUDIT\\-CAUSES 7 \"\" \"trunkauditd " TRUNKAUDIT_VERSION "\"\n"
                     ".SH NAME\ntrunkaudit\\-causes \\- what each verdict means, and what to do\n"
                     ".SH DESCRIPTION\n"
                     "Each verdict of\n.BR trunkauditd (8)\nis one of these causes. Its outcome is\n.BR pass ,\n.B warn\n"
                     "(the credentials work, and something near them does not),\n.B fail\nor\n.B untested\n"
                     "(which never says that a credential is bad). A verdict is\n.B proven\nwhen it was recomputed, or when changing one\n"
                     "input alone changed the carrier's answer; it is\n.B indicated\nwhen the evidence fits and the named alternatives "
                     "would fit "
                     "too.\nThe view\n.I causes\nof the database has the same table, with how often and when each was seen.\n");
        for (size_t kind = 0; kind < ELEMENTS(titles); kind++) {
                (void)printf(".SH %s\n", titles[kind]);
                if (kind == CAUSE_KIND_ANSWER)
                        (void)printf("Named by\n.B trunkaudit explain\nand in the detail of\n.BR platform_disagrees ,\n"
                                     "never a trunk's own verdict.\n");
                for (enum cause c = 0; c < CAUSE_COUNT; c++)
                        if (cause_info(c)->kind == (enum cause_kind)kind)
                                print_cause(cause_info(c));
        }
        (void)printf(".SH SEE ALSO\n.BR trunkaudit (1),\n.BR journalctl (1)\n");
        return ferror(stdout) || fflush(stdout) != 0;
}
