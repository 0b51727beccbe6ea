/* page_sql.h: the queries of sql/pages/ by their names, for page.c. */
#pragma once

#include "page.h"

static const char valid_sql[] =
#include "sql/pages/valid.inc"
        ;
static const char envelope_sql[] =
#include "sql/pages/envelope.inc"
        ;
static const char entities_sql[] =
#include "sql/pages/entities.inc"
        ;
static const char trunk_connections_sql[] =
#include "sql/pages/trunk_connections.inc"
        ;
static const char edges_trunks_sql[] =
#include "sql/pages/edges_trunks.inc"
        ;
static const char edges_bases_sql[] =
#include "sql/pages/edges_bases.inc"
        ;
static const char proxies_sql[] =
#include "sql/pages/proxies.inc"
        ;
static const char problem_sql[] =
#include "sql/pages/problem.inc"
        ;
static const char token_sql[] =
#include "sql/pages/token.inc"
        ;
static const char identity_sql[] =
#include "sql/pages/identity.inc"
        ;

static const char audit_query_sql[] =
#include "sql/pages/audit_query.inc"
        ;
static const char audit_results_sql[] =
#include "sql/pages/audit_results.inc"
        ;
static const char edits_sql[] =
#include "sql/pages/edits.inc"
        ;
static const char version_sql[] =
#include "sql/pages/version.inc"
        ;
static const char refresh_base_sql[] =
#include "sql/pages/refresh_base.inc"
        ;
static const char refresh_connection_sql[] =
#include "sql/pages/refresh_connection.inc"
        ;

/* ROWS: those of enum page_rows, in its order. */
enum query {
        VALID,
        ENVELOPE,
        ENTITIES,
        TRUNK_CONNECTIONS,
        EDGES_TRUNKS,
        EDGES_BASES,
        PROXIES,
        PROBLEM,
        TOKEN,
        IDENTITY,
        ROWS,
        QUERY_COUNT = ROWS + PAGE_ROWS_COUNT
};

static const char *const queries[QUERY_COUNT] = {
        [VALID] = valid_sql,
        [ENVELOPE] = envelope_sql,
        [ENTITIES] = entities_sql,
        [TRUNK_CONNECTIONS] = trunk_connections_sql,
        [EDGES_TRUNKS] = edges_trunks_sql,
        [EDGES_BASES] = edges_bases_sql,
        [PROXIES] = proxies_sql,
        [PROBLEM] = problem_sql,
        [TOKEN] = token_sql,
        [IDENTITY] = identity_sql,
        [ROWS + PAGE_AUDIT_QUERY] = audit_query_sql,
        [ROWS + PAGE_AUDIT_RESULTS] = audit_results_sql,
        [ROWS + PAGE_EDITS] = edits_sql,
        [ROWS + PAGE_VERSION] = version_sql,
        [ROWS + PAGE_REFRESH_BASE] = refresh_base_sql,
        [ROWS + PAGE_REFRESH_CONNECTION] = refresh_connection_sql,
};
static const enum query shapes[] = {
        [PAGE_TRUNK_CONNECTIONS] = TRUNK_CONNECTIONS,
        [PAGE_EDGES_TRUNKS] = EDGES_TRUNKS,
        [PAGE_EDGES_BASES] = EDGES_BASES,
};
