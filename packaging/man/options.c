/* options.c: prints the options of trunkauditd.yaml(5), from the table that reads the file. */
#include <stdio.h>

#include "common/config.h"

int main(void) {
        _cleanup_(freep) char *options = NULL;
        return config_describe(&options) < 0 || fputs(options, stdout) == EOF || fflush(stdout) != 0;
}
