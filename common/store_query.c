/* store_query.c: every statement of the store, how values are bound to it, and transactions. */
#include "store_private.h"

#include <stdarg.h>
#include <stdio.h>

#include "utf8.h"

#define RESULT_COLUMNS "trunk, trunk_id, carrier, outcome, cause, confidence, detail, remedy, sentence, run, time, latency_ms"

/* See bind_now() in store_guard.c. */
#define YOUNG_BOOT_USEC "600000000"
#define DAY_USEC "86400000000"
#define BY_WALL " (:wall - wall_usec) "
#define AGE                                                                                \
        " CASE WHEN NOT settled THEN 0"                                                    \
        " WHEN boot = :boot AND boot <> '' THEN max(:boot_usec - boot_usec, 0)"            \
        " WHEN :boot_usec < " YOUNG_BOOT_USEC " THEN max(min(" BY_WALL ", :boot_usec), 0)" \
        " ELSE max(" BY_WALL ", 0) END "

static const char *const sql[STATEMENT_COUNT] = {
        [STATEMENT_BREAK_RUNS] = "UPDATE run SET state = 'broken' WHERE state = 'running'",

        /* SQLite writes no page when nothing differs, so an open does not write for this. */
        [STATEMENT_REFRESH_CAUSE] = "INSERT INTO cause (word, kind, outcome, confidence, priority, sentence, remedy, proof, reference)"
                                    " VALUES (:word, :kind, :outcome, :confidence, :priority, :sentence, :remedy, :proof, :reference)"
                                    " ON CONFLICT (word) DO UPDATE SET (kind, outcome, confidence, priority, sentence, remedy, proof,"
                                    " reference) = (excluded.kind, excluded.outcome, excluded.confidence, excluded.priority,"
                                    " excluded.sentence, excluded.remedy, excluded.proof, excluded.reference)",

        /* The best of a slot's rows counts; the numbers are those of enum slot_row. NOT INDEXED, here and below: the newest row is found
         * from the end of the table. While there are few rows SQLite would read another index, and stay with that as they become many. */
        [STATEMENT_SLOT_RECORD] =
                "SELECT newest.slot_usec, newest.interval_usec,"
                " coalesce((SELECT max(CASE state WHEN 'done' THEN 3 WHEN 'missed' THEN 1 ELSE 2 END) FROM run WHERE slot_usec = :due), 0),"
                " (SELECT coalesce(finished_usec, started_usec) FROM run NOT INDEXED WHERE state <> 'missed' AND NOT partial"
                " ORDER BY id DESC LIMIT 1)"
                " FROM (SELECT 1) LEFT JOIN (SELECT slot_usec, interval_usec FROM run WHERE slot_usec <= :due"
                " ORDER BY slot_usec DESC, id DESC LIMIT 1) AS newest",
        /* A row is a fact, and one is enough. */
        [STATEMENT_PUT_MISSED] =
                "INSERT INTO run (program, slot_usec, state, trigger, partial, interval_usec, config, reason, reason_detail)"
                " WITH RECURSIVE slot (usec) AS (VALUES (:first) UNION ALL SELECT usec + :interval FROM slot WHERE usec < :last)"
                " SELECT :program, usec, 'missed', 'slot', 0, :interval, (SELECT id FROM config_load WHERE id = :config), :reason, :detail "
                "FROM slot"
                " WHERE NOT EXISTS (SELECT 1 FROM run WHERE slot_usec = slot.usec)",
        [STATEMENT_PUT_CONFIG_LOAD] = "INSERT INTO config_load (read_usec, occasion, accepted, file, sha256, mistakes, complaint, trunks)"
                                      " VALUES (:read, :occasion, :accepted, :file, :sha256, :mistakes, :complaint, :trunks)",
        [STATEMENT_BEGIN_RUN] =
                "INSERT INTO run (program, slot_usec, started_usec, state, trigger, partial, interval_usec, config, reason, reason_detail)"
                " VALUES (:program, :slot, :started, 'running', :trigger, :partial, :interval,"
                " (SELECT id FROM config_load WHERE id = :config), :reason, :detail)",
        [STATEMENT_END_RUN] =
                "UPDATE run SET finished_usec = :finished, state = :state,"
                " clock_cause = (SELECT id FROM cause WHERE word = :clock_cause), clock_detail = :clock_detail,"
                " clock_offset_usec = :clock_offset, clock_bound_usec = :clock_bound,"
                " clock_servers = :clock_servers, clock_servers_used = :clock_servers_used,"
                " witness_offset_usec = :witness_offset, witness_bound_usec = :witness_bound,"
                " platform_cause = (SELECT id FROM cause WHERE word = :platform_cause), platform_detail = :platform_detail,"
                " platform_status = :platform_status, platform_correlation_id = :correlation_id, trunks_known_usec = :trunks_known,"
                " trunks = :trunks, passed = :passed, warned = :warned, failed = :failed, untested = :untested"
                " WHERE id = :id AND (state = 'running' OR (:late AND state = 'broken'))",
        [STATEMENT_LAST_RUN] =
                "SELECT run.id, slot_usec, started_usec, finished_usec, trigger, clock.word, clock_detail,"
                " clock_offset_usec, clock_bound_usec, clock_servers, clock_servers_used, witness_offset_usec, witness_bound_usec,"
                " platform.word, platform_detail, platform_status, platform_correlation_id, trunks_known_usec,"
                " trunks, passed, warned, failed, untested"
                " FROM run NOT INDEXED LEFT JOIN cause AS clock ON clock.id = clock_cause LEFT JOIN cause AS platform"
                " ON platform.id = platform_cause"
                " WHERE state = :state AND NOT partial ORDER BY run.id DESC LIMIT 1",

        [STATEMENT_PUT_CARRIER] = "INSERT INTO carrier (target, address) VALUES (:target, :address) ON CONFLICT DO NOTHING",
        [STATEMENT_PUT_RESULT] =
                "INSERT INTO result (run, trunk, outcome, cause, confidence, carrier, requests, credentialed, latency_usec, detail,"
                " carrier_offset_usec, carrier_bound_usec, carrier_source, nonce_family, nonce_lifetime_sec, nonce_policy, nonce_age_usec)"
                " VALUES (:run,"
                " (SELECT key FROM trunk WHERE trunk_id = :trunk), (SELECT id FROM outcome WHERE word = :outcome),"
                " (SELECT id FROM cause WHERE word = :cause), :confidence,"
                " (SELECT id FROM carrier WHERE target = :target AND address = :address), :requests, :credentialed, :latency, :detail,"
                " :offset, :bound, :source, :family, :lifetime, :policy, :age)",
        [STATEMENT_PUT_TARGET] =
                "INSERT INTO evidence_target (run, trunk, seq, transport, address, how, tls_protocol, tls_cipher, tls_subject, tls_names,"
                " tls_chain_end, tls_not_after_sec, tls_error, tls_wanted) VALUES (:run,"
                " (SELECT key FROM trunk WHERE trunk_id = :trunk), :seq, lower(:transport), :address, :how, :protocol, :cipher, :subject,"
                " :names, :chain_end, :not_after, :error, :wanted)",
        [STATEMENT_PUT_EVIDENCE] =
                "INSERT INTO evidence (run, trunk, seq, target, sent_usec, rtt_usec, credentialed, digest_uri, algorithm, qop,"
                " retransmissions, ending, problem, status, reason, request, response, changed) VALUES (:run,"
                " (SELECT key FROM trunk WHERE trunk_id = :trunk), :seq, :target, :sent, :rtt, :credentialed, :digest_uri, :algorithm,"
                " :qop, :retransmissions, :ending, :problem, :status, :reason, :request, :response, :changed)",
        [STATEMENT_PUT_PROXY] =
                "INSERT INTO proxy_result (run, trunk, seq, target, address, outcome, cause, detail, latency_usec) VALUES (:run,"
                " (SELECT key FROM trunk WHERE trunk_id = :trunk), :seq, :target, :address,"
                " (SELECT id FROM outcome WHERE word = :outcome), (SELECT id FROM cause WHERE word = :cause), :detail, :latency)",
        /* Most runs leave it as it was, and write nothing. */
        [STATEMENT_PUT_MEMORY] = "INSERT INTO trunk_memory (trunk, algorithm, hold_until_usec, tried, winner, winner_usec, settings)"
                                 " VALUES ((SELECT key FROM trunk WHERE trunk_id = :trunk), :algorithm, :hold_until, :tried, :winner,"
                                 " :winner_usec, :settings)"
                                 " ON CONFLICT (trunk) DO UPDATE SET (algorithm, hold_until_usec, tried, winner, winner_usec, settings)"
                                 " = (excluded.algorithm, excluded.hold_until_usec, excluded.tried, excluded.winner, excluded.winner_usec,"
                                 " excluded.settings) WHERE (algorithm, hold_until_usec, tried, winner, winner_usec, settings)"
                                 " IS NOT (excluded.algorithm, excluded.hold_until_usec, excluded.tried, excluded.winner,"
                                 " excluded.winner_usec, excluded.settings)",
        [STATEMENT_MEMORY] = "SELECT algorithm, hold_until_usec, tried, winner, winner_usec, settings FROM trunk_memory"
                             " WHERE trunk = (SELECT key FROM trunk WHERE trunk_id = :trunk)",
        /* What was not tested leaves what was known, but for a certificate that it saw. */
        [STATEMENT_PUT_STANDING] =
                "INSERT INTO trunk_standing (trunk, tested_usec, passed_usec, certificate_ends_sec)"
                " VALUES ((SELECT key FROM trunk WHERE trunk_id = :trunk), :tested, :passed, :certificate)"
                " ON CONFLICT (trunk) DO UPDATE SET tested_usec = coalesce(excluded.tested_usec, tested_usec),"
                " passed_usec = coalesce(excluded.passed_usec, passed_usec), certificate_ends_sec ="
                " coalesce(excluded.certificate_ends_sec, iif(excluded.tested_usec IS NULL, certificate_ends_sec, NULL))",
        [STATEMENT_LAST_RESULT] = "SELECT cause.word, started_usec FROM result JOIN cause ON cause.id = result.cause"
                                  " JOIN run ON run.id = result.run WHERE trunk = (SELECT key FROM trunk WHERE trunk_id = :trunk)"
                                  " AND cause.word <> 'run_ended' ORDER BY result.run DESC LIMIT 1",

        [STATEMENT_ANNOUNCED] =
                "SELECT word, told_usec FROM announcement JOIN cause ON cause.id = announcement.cause WHERE subject = :subject",
        [STATEMENT_PUT_REFUSAL] =
                "INSERT INTO platform_request (run, seq, sent_usec, duration_usec, method, path, status, code, message,"
                " correlation_id, context_id, cf_id) VALUES (:run, :seq, :sent, :duration, :method, :path, :status, :code,"
                " :message, :correlation_id, :context_id, :cf_id)",
        [STATEMENT_DROP_ANNOUNCEMENT] = "DELETE FROM announcement WHERE subject = :subject",
        [STATEMENT_PUT_TELLING] =
                "INSERT OR IGNORE INTO telling (subject, cause) VALUES (:subject, (SELECT id FROM cause WHERE word = :cause))",
        [STATEMENT_DROP_TELLING] = "DELETE FROM telling WHERE subject = :subject",

        /* One row in any case. */
        [STATEMENT_ALERT_STATE] =
                "SELECT told.word, a.told_usec, w.changes, w.flapping_usec, w.flapping_told, w.untested_usec, i.id, had.word, i.alert_id,"
                " EXISTS (SELECT 1 FROM telling AS p WHERE p.subject = s.subject AND p.cause IS NOT a.cause)"
                " FROM (SELECT :subject AS subject) AS s LEFT JOIN announcement AS a ON a.subject = s.subject"
                " LEFT JOIN cause AS told ON told.id = a.cause LEFT JOIN watch AS w ON w.subject = s.subject"
                " LEFT JOIN incident AS i ON i.subject = s.subject AND i.ended_usec IS NULL LEFT JOIN cause AS had ON had.id = i.cause",
        [STATEMENT_OPEN_INCIDENT] = "INSERT INTO incident (subject, cause, alert_id, first_run, first_usec, last_run, last_usec, runs, "
                                    "silenced_until_usec, alerts)"
                                    " VALUES (:subject, (SELECT id FROM cause WHERE word = :cause), coalesce(:alert,"
                                    " (SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'incident')), :run, :since, "
                                    ":run, :now, :runs, :silenced, 0)",
        [STATEMENT_KEEP_INCIDENT] =
                "UPDATE incident SET (last_run, last_usec, runs, silenced_until_usec) = (:run, :now, runs + 1, :silenced)"
                " WHERE id = :id",
        [STATEMENT_END_INCIDENT] =
                "UPDATE incident SET (ended_run, ended_usec) = (:run, :now) WHERE subject = :subject AND ended_usec IS NULL",
        [STATEMENT_LAST_INCIDENT] = "SELECT id, alert_id FROM incident WHERE subject = :subject ORDER BY id DESC LIMIT 1",
        [STATEMENT_INCIDENT_TOLD] = "UPDATE incident SET (alerts, told_usec) = (alerts + 1, :now) WHERE id ="
                                    " (SELECT max(id) FROM incident WHERE subject = :subject)",
        /* Of trunks that the newest complete run does not have. */
        [STATEMENT_END_INCIDENTS] = "UPDATE incident SET (ended_run, ended_usec) = (:run, :now) WHERE ended_usec IS NULL"
                                    " AND subject GLOB '*:*' AND substr(subject, instr(subject, ':') + 1) NOT IN"
                                    " (SELECT trunk_id FROM result JOIN trunk ON trunk.key = trunk WHERE run = :run)",
        [STATEMENT_END_WATCHES] = "DELETE FROM watch WHERE subject GLOB 'trunk:*' AND substr(subject, 7) NOT IN"
                                  " (SELECT trunk_id FROM result JOIN trunk ON trunk.key = trunk WHERE run = :run)",
        [STATEMENT_PUT_WATCH] = "INSERT INTO watch (subject, changes, flapping_usec, flapping_told, untested_usec)"
                                " VALUES (:subject, :changes, :flapping, :told, :untested) ON CONFLICT (subject) DO UPDATE"
                                " SET (changes, flapping_usec, flapping_told, untested_usec)"
                                " = (excluded.changes, excluded.flapping_usec, excluded.flapping_told, excluded.untested_usec)",
        [STATEMENT_DROP_WATCH] = "DELETE FROM watch WHERE subject = :subject",
        [STATEMENT_WATCH_TOLD] = "UPDATE watch SET flapping_told = flapping_usec IS NOT NULL WHERE subject = :subject",
        /* The run that tested the trunk, or did not mean to. */
        [STATEMENT_LAST_TESTED] = "SELECT run.started_usec FROM result AS r JOIN run ON run.id = r.run JOIN cause ON cause.id = r.cause"
                                  " WHERE r.trunk = (SELECT key FROM trunk WHERE trunk_id = :trunk) AND r.run < :run"
                                  " AND (r.outcome <> 2 OR cause.word IN ('inactive', 'maintenance')) ORDER BY r.run DESC LIMIT 1",
        [STATEMENT_PUT_ANNOUNCEMENT] = "INSERT OR REPLACE INTO announcement (subject, cause, run, told_usec)"
                                       " VALUES (:subject, (SELECT id FROM cause WHERE word = :cause), :run, :told)",

        /* What the platform said of a trunk is not touched, also not by a configuration that calls the trunk extra. */
        [STATEMENT_KEEP_TRUNK] = "INSERT INTO trunk (trunk_id, name, listed, extra) VALUES (:trunk, :name, 0, :extra)"
                                 " ON CONFLICT (trunk_id) DO UPDATE SET name = excluded.name, extra = 1"
                                 " WHERE NOT listed AND excluded.extra AND (extra = 0 OR name IS NOT excluded.name)",
        [STATEMENT_UNLIST_TRUNKS] = "UPDATE trunk SET listed = 0, unlisted_usec = :now WHERE listed",
        /* A trunk whose detail was denied keeps what an earlier listing said of it. */
        [STATEMENT_PUT_TRUNK] =
#define NAMED(column) ", " #column
#define BOUND(column) ", :" #column
#define KEPT(column) " " #column " = CASE WHEN :denied THEN coalesce(excluded." #column ", " #column ") ELSE excluded." #column " END,"
                "INSERT INTO trunk (trunk_id" TRUNK_FACTS(
                        NAMED) ", first_listed_usec, last_listed_usec, listed, extra, listed_since_usec)"
                               " VALUES (:id" TRUNK_FACTS(BOUND) ", :now, :now, 1, 0, :now)"
                                                                 " ON CONFLICT (trunk_id) DO UPDATE SET" TRUNK_FACTS(
                                                                         KEPT) " first_listed_usec = coalesce(first_listed_usec, :now), "
                                                                               "last_listed_usec = :now, listed = 1, extra = 0,"
                                                                               /* The listing before had it when this one, which began with
                                                                                  unlisting all, has just taken it off. */
                                                                               " listed_since_usec = iif(listed OR unlisted_usec IS :now, "
                                                                               "listed_since_usec, :now), unlisted_usec = NULL",
        /* Against the listing before: where there was none all of them would have appeared. */
        [STATEMENT_PUT_LISTING_CHANGES] =
                "INSERT INTO listing_change (trunk, change, listed_usec, told)"
                " SELECT key, iif(listed, 'appeared', 'vanished'), :now, 0 FROM trunk WHERE EXISTS (SELECT 1 FROM listing)"
                " AND ((listed AND listed_since_usec = :now) OR (NOT listed AND unlisted_usec = :now)) ORDER BY listed, key",
        [STATEMENT_LISTING_CHANGES_TOLD] = "UPDATE listing_change SET told = 1 WHERE NOT told",
        [STATEMENT_PUT_LISTING] = "INSERT OR REPLACE INTO listing (id, listed_usec, trunks) VALUES (1, :now, :trunks)",
        [STATEMENT_LISTING] = "SELECT listed_usec FROM listing",
        [STATEMENT_KNOWN_TRUNKS] = "SELECT trunk_id" TRUNK_FACTS(NAMED) " FROM trunk WHERE listed ORDER BY key",
#undef NAMED
#undef BOUND
#undef KEPT

        [STATEMENT_KNOWN_DIFFERENCES] = "SELECT field, platform_value, config_value, carrier_value FROM difference"
                                        " WHERE trunk = (SELECT key FROM trunk WHERE trunk_id = :trunk) AND ended_usec IS NULL",
        [STATEMENT_PUT_DIFFERENCE] = "INSERT INTO difference (trunk, field, platform_value, config_value, carrier_value, first_run,"
                                     " first_usec, last_run, last_usec, told) VALUES ((SELECT key FROM trunk WHERE trunk_id = :trunk),"
                                     " :field, :platform, :config, :carrier, :run, :now, :run, :now, 0)",
        [STATEMENT_KEEP_DIFFERENCE] = "UPDATE difference SET (last_run, last_usec) = (:run, :now) WHERE trunk ="
                                      " (SELECT key FROM trunk WHERE trunk_id = :trunk) AND field = :field AND ended_usec IS NULL",
        [STATEMENT_END_DIFFERENCE] = "UPDATE difference SET ended_usec = :now WHERE trunk ="
                                     " (SELECT key FROM trunk WHERE trunk_id = :trunk) AND field = :field AND ended_usec IS NULL",
        [STATEMENT_END_DIFFERENCES] = "UPDATE difference SET ended_usec = :now, told = 2 WHERE ended_usec IS NULL"
                                      " AND trunk NOT IN (SELECT trunk FROM result WHERE run = :run)",
        [STATEMENT_DIFFERENCE_TOLD] = "UPDATE difference SET told = iif(ended_usec IS NULL, 1, 2) WHERE id = :id OR (told < 2"
                                      " AND ended_usec IS NOT NULL AND (trunk, field) = (SELECT trunk, field FROM difference"
                                      " WHERE id = :id))",

        [STATEMENT_GUARD_SALT] = "SELECT salt FROM guard_salt",
        [STATEMENT_CARRIER_SPENDING] = "SELECT host," AGE
                                       ", requests, credentialed, failures, run FROM carrier_spending JOIN ledger USING (run)",
        [STATEMENT_TRUNK_SPENDING] = "SELECT" AGE ", requests, credentialed, failures, run"
                                     " FROM ledger CROSS JOIN trunk_spending USING (run)" /* a seek for each run of the day */
                                     " WHERE trunk = (SELECT key FROM trunk WHERE trunk_id = :trunk)",
        [STATEMENT_LAST_CARRIER] = "SELECT target, address FROM result JOIN carrier ON carrier.id = carrier"
                                   " WHERE trunk = (SELECT key FROM trunk WHERE trunk_id = :trunk) ORDER BY run DESC LIMIT 1",
        [STATEMENT_REJECTION] = "SELECT runs, word, since_usec, last_usec, credentials, circumstances FROM rejection"
                                " JOIN cause ON cause.id = cause WHERE trunk = (SELECT key FROM trunk WHERE trunk_id = :trunk)",
        [STATEMENT_PUT_REJECTION] =
                "INSERT OR REPLACE INTO rejection (trunk, runs, cause, since_usec, last_usec, credentials, circumstances)"
                " VALUES ((SELECT key FROM trunk WHERE trunk_id = :trunk), :runs, (SELECT id FROM cause WHERE word = :cause), :since,"
                " :last, :credentials, :circumstances)",
        [STATEMENT_END_REJECTION] = "DELETE FROM rejection WHERE trunk = (SELECT key FROM trunk WHERE trunk_id = :trunk)",
        /* Counts of an earlier boot keep their stamps while this one is young, and then become this one's. Of this boot the wall stamps
         * follow a step of the clock, so that they are right for the next boot. */
        [STATEMENT_STAMP_LEDGER] = "UPDATE ledger SET (wall_usec, boot_usec, boot, settled)"
                                   " = (:wall - " AGE ", :boot_usec - " AGE ", :boot, 1)"
                                   " WHERE NOT settled OR wall_usec > :wall OR (boot <> :boot AND :boot_usec >= " YOUNG_BOOT_USEC ")"
                                   " OR (boot = :boot AND abs((:wall - :boot_usec) - (wall_usec - boot_usec)) > 1000000)",
        [STATEMENT_TRIM_LEDGER] = "DELETE FROM ledger WHERE" AGE ">= " DAY_USEC,
        [STATEMENT_OPEN_LEDGER] =
                "INSERT INTO ledger (run, wall_usec, boot, boot_usec, settled) VALUES (:run, :wall, :boot, :boot_usec, 0)",
        /* A run that could not reserve has no row yet. */
        [STATEMENT_SETTLE_LEDGER] =
                "INSERT INTO ledger (run, wall_usec, boot, boot_usec, settled) VALUES (:run, :wall, :boot, :boot_usec, 1)"
                " ON CONFLICT (run) DO UPDATE SET (wall_usec, boot, boot_usec, settled) = (:wall, :boot, :boot_usec, 1)",
        [STATEMENT_PUT_LIMIT] = "INSERT INTO guard_limit (subject, period, requests, credentialed, failures)"
                                " VALUES (:subject, :period, :requests, :credentialed, :failures) ON CONFLICT (subject, period) DO UPDATE"
                                " SET (requests, credentialed, failures) = (excluded.requests, excluded.credentialed, excluded.failures)"
                                " WHERE (requests, credentialed, failures)"
                                " IS NOT (excluded.requests, excluded.credentialed, excluded.failures)",
        [STATEMENT_PUT_TRUNK_SPENDING] = "INSERT INTO trunk_spending (run, trunk, requests, credentialed, failures)"
                                         " VALUES (:run, (SELECT key FROM trunk WHERE trunk_id = :subject), :requests, :credentialed,"
                                         " :failures)",
        [STATEMENT_PUT_CARRIER_SPENDING] = "INSERT INTO carrier_spending (run, host, requests, credentialed, failures)"
                                           " VALUES (:run, :subject, :requests, :credentialed, :failures)",
        [STATEMENT_DROP_TRUNK_SPENDING] = "DELETE FROM trunk_spending WHERE run = :run",
        [STATEMENT_DROP_CARRIER_SPENDING] = "DELETE FROM carrier_spending WHERE run = :run",

        /* The result before does not count when its run ended before the trunk's probe did. */
        [STATEMENT_ASK_EDITS] =
                "INSERT INTO edit_question (run, trunk, since_usec, until_usec)"
                " SELECT run.id, r.trunk, max(:oldest, coalesce((SELECT good.started_usec FROM result AS p JOIN run AS good ON good.id = "
                "p.run"
                " WHERE p.trunk = r.trunk AND p.run < r.run AND p.outcome < 2 ORDER BY p.run DESC LIMIT 1), 0)), run.finished_usec"
                " FROM result AS r JOIN run ON run.id = r.run JOIN trunk AS t ON t.key = r.trunk"
                " WHERE r.run = :run AND r.outcome = 3 AND NOT t.extra"
                " AND 3 <> coalesce((SELECT p.outcome FROM result AS p JOIN cause ON cause.id = p.cause"
                " WHERE p.trunk = r.trunk AND p.run < r.run AND cause.word <> 'run_ended' ORDER BY p.run DESC LIMIT 1), 0)",
        [STATEMENT_QUESTIONS] = "SELECT run, trunk_id, name, since_usec, until_usec FROM edit_question JOIN trunk ON trunk.key = trunk"
                                " WHERE answered_usec IS NULL AND until_usec >= :oldest ORDER BY run DESC, trunk LIMIT :limit",
        [STATEMENT_ANSWER] = "UPDATE edit_question SET answered_usec = :now"
                             " WHERE run = :run AND trunk = (SELECT key FROM trunk WHERE trunk_id = :trunk)",
        [STATEMENT_PUT_EDIT] =
                "INSERT INTO edit (run, trunk, seq, time_usec, action, status, user_id, user_name, client_id, client_name, remote_ip,"
                " entity_id, entity_name, property, old, new, withheld)"
                " VALUES (:run, (SELECT key FROM trunk WHERE trunk_id = :trunk), :seq, :time, :action, :status, :user_id, :user_name,"
                " :client_id, :client_name, :remote_ip, :entity_id, :entity_name, :property, :old, :new, :withheld)",
        [STATEMENT_AUDIT_LOG] = "SELECT state, asked_usec FROM audit_log",
        [STATEMENT_PUT_AUDIT_LOG] = "INSERT OR REPLACE INTO audit_log (id, state, asked_usec, detail, correlation_id)"
                                    " VALUES (1, :state, :asked, :detail, :correlation_id)",
        [STATEMENT_PUT_REFRESH] =
                "INSERT INTO refresh (run, trunk, seq, begun_usec, outcome, detail, version_before, version_after, status, correlation_id)"
                " VALUES (:run, (SELECT key FROM trunk WHERE trunk_id = :trunk), :seq, :begun, :outcome, :detail, :before, :after, :status,"
                " :correlation_id) ON CONFLICT (run, trunk, seq) DO UPDATE SET (outcome, detail, version_after, status, correlation_id)"
                " = (excluded.outcome, excluded.detail, excluded.version_after, excluded.status, excluded.correlation_id)",
        [STATEMENT_LAST_REFRESH] = "SELECT outcome FROM refresh WHERE trunk = (SELECT key FROM trunk WHERE trunk_id = :trunk)"
                                   " AND run < :run AND outcome <> 'dry_run' ORDER BY run DESC, seq DESC LIMIT 1",

        /* The newest run is never old. */
        [STATEMENT_FIRST_KEPT] = "SELECT coalesce((SELECT min(id) FROM run WHERE started_usec >= :cut), (SELECT max(id) FROM run))",
        /* A trunk's newest messages and its newest result stay, however old. */
        [STATEMENT_OLD_EVIDENCE] =
                "SELECT run, trunk FROM evidence WHERE run < :end AND (run, trunk) > (:run, :trunk)"
                " AND EXISTS (SELECT 1 FROM evidence AS newer WHERE newer.trunk = evidence.trunk AND newer.run > evidence.run)"
                " GROUP BY run, trunk ORDER BY run, trunk LIMIT :n",
        [STATEMENT_OLD_RESULTS] = "SELECT run, trunk FROM result WHERE run < :end AND (run, trunk) > (:run, :trunk)"
                                  " AND EXISTS (SELECT 1 FROM result AS newer WHERE newer.trunk = result.trunk AND newer.run > result.run)"
                                  " ORDER BY run, trunk LIMIT :n",
        [STATEMENT_DROP_EVIDENCE] = "DELETE FROM evidence WHERE run = :run AND trunk = :trunk",
        [STATEMENT_DROP_TARGETS] = "DELETE FROM evidence_target WHERE run = :run AND trunk = :trunk",
        [STATEMENT_DROP_PROXIES] = "DELETE FROM proxy_result WHERE run = :run AND trunk = :trunk",
        [STATEMENT_DROP_EDITS] = "DELETE FROM edit WHERE run = :run AND trunk = :trunk",
        [STATEMENT_DROP_QUESTION] = "DELETE FROM edit_question WHERE run = :run AND trunk = :trunk",
        [STATEMENT_DROP_RESULT] = "DELETE FROM result WHERE run = :run AND trunk = :trunk",
        [STATEMENT_SWEEP_REQUESTS] = "DELETE FROM platform_request WHERE (run, seq) IN"
                                     " (SELECT run, seq FROM platform_request WHERE run < :end ORDER BY run, seq LIMIT :n)",
        /* What is still so, or still to be told, stays. */
        [STATEMENT_SWEEP_DIFFERENCES] =
                "DELETE FROM difference WHERE id IN"
                " (SELECT id FROM difference WHERE ended_usec IS NOT NULL AND told = 2 AND last_run < :end LIMIT :n)",
        [STATEMENT_SWEEP_LISTING_CHANGES] = "DELETE FROM listing_change WHERE id IN (SELECT id FROM listing_change WHERE told"
                                            " AND listed_usec < (SELECT started_usec FROM run WHERE id = :end) ORDER BY id LIMIT :n)",
        [STATEMENT_SWEEP_REFRESHES] = "DELETE FROM refresh WHERE (run, trunk, seq) IN (SELECT run, trunk, seq FROM refresh WHERE run < :end"
                                      " AND EXISTS (SELECT 1 FROM refresh AS newer WHERE newer.trunk = refresh.trunk"
                                      " AND newer.run > refresh.run) ORDER BY run, trunk, seq LIMIT :n)",
        [STATEMENT_SIZE] = "SELECT (page_count - freelist_count) * page_size, freelist_count, page_count * page_size"
                           " FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        [STATEMENT_PUT_CARE] =
                "INSERT INTO care (day, deed, reason, last_usec, times, removed, told, run, detail, bytes, log_bytes)"
                " VALUES (:now / " DAY_USEC ", :deed, :reason, :now, 1, :removed, 0, :run, :detail, :bytes, :log_bytes)"
                " ON CONFLICT (day, deed, reason) DO UPDATE SET (last_usec, times, removed, run, detail, bytes, log_bytes)"
                " = (excluded.last_usec, times + 1, removed + excluded.removed, max(coalesce(run, 0), excluded.run), excluded.detail,"
                " excluded.bytes, excluded.log_bytes)",
        [STATEMENT_CARE_NEWS] =
                "SELECT deed, sum(removed - told), max(run), max(reason = 'size') FROM care WHERE removed > told GROUP BY deed",
        [STATEMENT_CARE_TOLD] = "UPDATE care SET told = removed WHERE removed > told",
        [STATEMENT_LAST_CARE] = "SELECT last_usec, detail FROM care WHERE deed = :deed ORDER BY day DESC LIMIT 1",

        [STATEMENT_LAST_CHECK] = "SELECT last_usec, detail = 'ok' FROM (SELECT last_usec, detail FROM care WHERE deed = 'check'"
                                 " ORDER BY day DESC LIMIT 1) UNION ALL SELECT min(started_usec), 1 FROM run LIMIT 1",

        [STATEMENT_FIND_RUN] = "SELECT id FROM run WHERE id = :run",
        [STATEMENT_FIND_TRUNK] = "SELECT trunk_id FROM trunk WHERE trunk_id = :trunk OR name = :trunk"
                                 " ORDER BY trunk_id = :trunk DESC, listed DESC, key DESC LIMIT 1",
        [STATEMENT_READ_RUN] = "SELECT " RESULT_COLUMNS
                               " FROM results WHERE run = :argument ORDER BY trunk COLLATE NOCASE, trunk_id LIMIT :limit",
        [STATEMENT_READ_LATEST] = "SELECT * FROM latest LIMIT :limit",
        [STATEMENT_READ_HISTORY] = "SELECT * FROM history WHERE trunk_id = :argument LIMIT :limit",
        [STATEMENT_READ_CLOCK] = "SELECT * FROM clock LIMIT :limit",
        [STATEMENT_READ_REFRESHES] =
                "SELECT * FROM refreshes WHERE run = :argument ORDER BY trunk COLLATE NOCASE, trunk_id, seq LIMIT :limit",
        [STATEMENT_READ_STANDING] = "SELECT trunk, trunk_id, carrier, outcome, cause, detail, severity, latency_usec, carrier_offset_usec,"
                                    " carrier_bound_usec, tested_usec, passed_usec, refused_since_usec, certificate_ends_usec"
                                    " FROM standing WHERE :argument IS NULL OR trunk_id = :argument LIMIT :limit",
        [STATEMENT_COUNT_RUNS] = "SELECT state, count(*), max(id) FROM run WHERE started_usec > :since"
                                 " OR (started_usec IS NULL AND slot_usec > :since) GROUP BY state",
        [STATEMENT_READ_RUNS] = "SELECT * FROM runs WHERE :argument = 0 OR id = :argument LIMIT :limit",
        [STATEMENT_READ_DRIFT] = "SELECT * FROM drift WHERE ended IS NULL LIMIT :limit",
        /* Where platform and configuration differ, too, the cause says only half of it. */
        [STATEMENT_READ_DRIFT_NEWS] =
                "SELECT d.id, coalesce(t.name, t.trunk_id) AS trunk, t.trunk_id, d.field, platform_value AS platform, config_value AS "
                "config,"
                " carrier_value AS carrier, iif(ended_usec IS NOT NULL, 'ended', iif(EXISTS (SELECT 1 FROM difference AS old"
                " WHERE old.trunk = d.trunk AND old.field = d.field AND old.told = 1), 'changed', 'began')) AS change"
                " FROM difference AS d JOIN trunk AS t ON t.key = d.trunk"
                " LEFT JOIN result AS r ON r.run = :argument AND r.trunk = d.trunk LEFT JOIN cause AS c ON c.id = r.cause"
                " WHERE told < 2 AND iif(ended_usec IS NULL, told = 0 AND NOT (c.word IS d.field || '_mismatch'"
                " AND coalesce(platform_value = config_value, 1)), told = 1 AND NOT EXISTS (SELECT 1 FROM difference AS new"
                " WHERE new.trunk = d.trunk AND new.field = d.field AND new.ended_usec IS NULL)) ORDER BY d.id LIMIT :limit",
        /* What an operator was not told yet: of trunks of this run those that are untested for too long, and those that are so no more. */
        [STATEMENT_READ_UNTESTED_NEWS] =
                "SELECT t.trunk_id, coalesce(t.name, t.trunk_id) AS trunk, c.word AS cause, r.detail,"
                " strftime('%Y-%m-%dT%H:%M:%SZ', w.untested_usec / 1000000, 'unixepoch') AS since, w.untested_usec AS since_usec,"
                " iif(w.untested_usec IS NULL, 'ended', 'began') AS change"
                " FROM result AS r JOIN trunk AS t ON t.key = r.trunk JOIN cause AS c ON c.id = r.cause"
                " LEFT JOIN watch AS w ON w.subject = 'trunk:' || t.trunk_id LEFT JOIN announcement AS a ON a.subject = 'untested:' || "
                "t.trunk_id"
                " WHERE r.run = :argument AND CASE WHEN EXISTS (SELECT 1 FROM telling WHERE subject = 'untested:' || t.trunk_id)"
                " THEN w.untested_usec IS NULL OR w.untested_usec <= :before WHEN a.subject IS NULL THEN w.untested_usec <= :before"
                " ELSE w.untested_usec IS NULL END"
                " ORDER BY trunk COLLATE NOCASE, t.trunk_id LIMIT :limit",
        [STATEMENT_READ_LISTING] = "SELECT c.* FROM listing_changes AS c LEFT JOIN run ON run.id = :argument"
                                   " WHERE (listed_usec = run.trunks_known_usec AND listed_usec >= run.started_usec)"
                                   " OR (:argument = 0 AND listed_usec > (SELECT listed_usec FROM listing) - " DAY_USEC ")"
                                   " ORDER BY listed_usec DESC, change, trunk COLLATE NOCASE, c.trunk_id LIMIT :limit",
        [STATEMENT_READ_LISTING_NEWS] =
                "SELECT coalesce(t.name, t.trunk_id) AS trunk, t.trunk_id, change, strftime('%Y-%m-%dT%H:%M:%SZ', c.listed_usec / 1000000,"
                " 'unixepoch') AS time FROM listing_change AS c JOIN trunk AS t ON t.key = c.trunk WHERE NOT told ORDER BY c.id LIMIT "
                ":limit",

        [STATEMENT_READ_DROPPED_NEWS] =
                "SELECT a.subject, t.trunk_id, coalesce(t.name, t.trunk_id) AS trunk, c.word AS cause,"
                " (SELECT alert_id FROM incident AS i WHERE i.subject = a.subject ORDER BY i.id DESC LIMIT 1) AS incident"
                " FROM announcement AS a JOIN trunk AS t ON t.trunk_id = substr(a.subject, instr(a.subject, ':') + 1)"
                " JOIN cause AS c ON c.id = a.cause WHERE a.subject GLOB '*:*'"
                " AND t.key NOT IN (SELECT trunk FROM result WHERE run = :argument)"
                " ORDER BY trunk COLLATE NOCASE, t.trunk_id, a.subject LIMIT :limit",

        [STATEMENT_PUT_DAMAGE] = "INSERT INTO damage (wall_usec, boot, boot_usec, kept, error)"
                                 " VALUES (:wall, :boot, :boot_usec, :kept, :error)",
        [STATEMENT_DAMAGE] = "SELECT 1 FROM (SELECT *, 1 AS settled FROM damage) WHERE" AGE "< " DAY_USEC,
};

int store_complain(struct store *s, int r, const char *format, ...) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(s->error, sizeof s->error, format, args);
        va_end(args);
        return r;
}

int store_fail(struct store *s, const char *doing) {
        s->failed = sqlite3_errcode(s->db) & 0xff;
        s->damaged |= s->failed == SQLITE_CORRUPT || s->failed == SQLITE_NOTADB;
        int r = sqlite3_errcode(s->db) == SQLITE_NOMEM ? -ENOMEM : -EIO;
        return store_complain(s, r, "unable to %s in %s: %s", doing, s->path, sqlite3_errmsg(s->db));
}

struct query query_begin(struct store *s, enum statement which, const char *doing) {
        struct query q = {.store = s, .doing = doing};
        if (!s->db) /* it could not even be opened; the error says why */
                q.result = -EIO;
        else if (!s->statements[which] &&
                 sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, &s->statements[which], NULL) != SQLITE_OK)
                q.result = store_fail(s, doing);
        q.statement = s->statements[which];
        return q;
}

/* The parameter's number, or 0 when binding has failed. */
static int parameter(struct query *q, const char *name) {
        if (q->result < 0)
                return 0;
        int i = sqlite3_bind_parameter_index(q->statement, name);
        if (i == 0)
                q->result = store_complain(q->store, -EIO, "unable to %s: the statement has no parameter %s", q->doing, name);
        else
                q->bound++;
        return i;
}

static void bound(struct query *q, int rc) {
        if (rc != SQLITE_OK)
                q->result = store_fail(q->store, q->doing);
}

void bind_integer(struct query *q, const char *name, int64_t value) {
        int i = parameter(q, name);
        if (i > 0)
                bound(q, sqlite3_bind_int64(q->statement, i, value));
}

void bind_optional(struct query *q, const char *name, int64_t value) {
        if (value == 0)
                bind_null(q, name);
        else
                bind_integer(q, name, value);
}

void bind_null(struct query *q, const char *name) {
        int i = parameter(q, name);
        if (i > 0)
                bound(q, sqlite3_bind_null(q->statement, i));
}

void bind_text(struct query *q, const char *name, const char *text) {
        int i = parameter(q, name);
        if (i == 0)
                return;
        if (!text || utf8_valid(text)) {
                bound(q, sqlite3_bind_text(q->statement, i, text, -1, SQLITE_TRANSIENT));
                return;
        }
        char *repaired;
        int r = utf8_repair(&repaired, text);
        if (r < 0) {
                q->result = store_complain(q->store, r, "unable to %s: out of memory", q->doing);
                return;
        }
        bound(q, sqlite3_bind_text(q->statement, i, repaired, -1, free));
}

void bind_text_or_null(struct query *q, const char *name, const char *text) {
        bind_text(q, name, text && *text ? text : NULL);
}

int query_step(struct query *q) {
        if (q->result < 0)
                return q->result;
        if (q->bound != sqlite3_bind_parameter_count(q->statement))
                return q->result = store_complain(q->store, -EIO, "unable to %s: the statement has %d parameters, %d are given", q->doing,
                                                  sqlite3_bind_parameter_count(q->statement), q->bound);
        switch (sqlite3_step(q->statement)) {
        case SQLITE_ROW:
                return 0;
        case SQLITE_DONE:
                return STORE_NONE;
        default:
                return q->result = store_fail(q->store, q->doing);
        }
}

int query_run(struct query *q) {
        int r;
        do
                r = query_step(q);
        while (r == 0);
        return r < 0 ? r : 0;
}

void query_end(struct query *q) {
        if (!q->statement)
                return;
        /* What they return repeats the failure of the step. An unreset statement would pin the write-ahead log. */
        (void)sqlite3_reset(q->statement);
        (void)sqlite3_clear_bindings(q->statement);
}

enum cause column_cause(const struct query *q, int column, enum cause otherwise) {
        const char *word = (const char *)sqlite3_column_text(q->statement, column);
        enum cause cause = otherwise;
        if (word)
                (void)cause_from_word(word, &cause);
        return cause;
}

static int transaction(struct store *s, const char *sql_text) {
        if (!s->db)
                return -EIO;
        return sqlite3_exec(s->db, sql_text, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_fail(s, "write");
}

int transaction_begin(struct store *s) {
        return transaction(s, "BEGIN IMMEDIATE");
}

int transaction_end(struct store *s, int r) {
        if (r >= 0)
                r = transaction(s, "COMMIT");
        /* SQLite may have rolled back by itself; the error that counts is the first. */
        if (r < 0 && !sqlite3_get_autocommit(s->db))
                (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}
