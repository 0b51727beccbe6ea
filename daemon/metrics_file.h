/* metrics_file.h: the textfile that Prometheus' node exporter reads, written anew whenever there is something new. */
#pragma once

#include "../common/config.h"
#include "../common/store.h"
#include "journal.h"

/* Of the service. Start with zeros. */
struct metrics_file {
        int64_t started_usec, config_usec; /* CLOCK_REALTIME: of the service, of the configuration in force */
        bool config_good;                  /* the newest configuration is in force */
        bool failing;                      /* the journal was told that it cannot be written */
};

/* Whoever reads it meets the old file or the new one, never a part. Without metrics.file in the configuration it does nothing. What goes
 * wrong is told once, until it goes well again. */
void metrics_file_write(struct metrics_file *f, const struct config *config, struct store *store, struct journal *journal);
