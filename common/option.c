/* option.c: a YAML file is read by tables of keys.
 *
 * The file is scanned twice: first as tokens, where anchors, aliases and tags are still to be seen and nesting can be bounded before
 * anything is built; then as a document, whose nodes carry their places. */
#include "option.h"

#include <stdarg.h>
#include <yaml.h>

#include "option_value.h"

#define KEY_PATH_MAX 80 /* bytes of "section.key" in a complaint */

struct option_reader {
        const char *file;
        struct span text;
        yaml_document_t *document;
        struct complaints *complaints;
        bool *reached; /* by node: an alias leads to a node a second time, maybe to one that contains it */
        int broken;    /* the first -errno of ours */
};

void option_fail(struct option_reader *r, int error) {
        if (r->broken == 0)
                r->broken = error;
}

/* -- complaints --------------------------------------------------------------------------------------------------------- */

static void complain_v(struct option_reader *r, bool warning, struct option_place at, const char *key, const char *format, va_list args)
        _printf_(5, 0);
static void complain_v(struct option_reader *r, bool warning, struct option_place at, const char *key, const char *format, va_list args) {
        char what[OPTION_WHY_MAX + KEY_PATH_MAX];
        (void)vsnprintf(what, sizeof what, format, args);
        int error = complaint_add(r->complaints, warning, r->file, at.line, at.column, key, "%s", what);
        if (error < 0)
                option_fail(r, error);
}

static void complain(struct option_reader *r, struct option_place at, const char *key, const char *format, ...) _printf_(4, 5);
static void complain(struct option_reader *r, struct option_place at, const char *key, const char *format, ...) {
        va_list args;
        va_start(args, format);
        complain_v(r, false, at, key, format, args);
        va_end(args);
}

void option_complain_at(struct option_reader *r, bool warning, unsigned line, unsigned column, const char *key, const char *format, ...) {
        va_list args;
        va_start(args, format);
        complain_v(r, warning, (struct option_place){.line = line, .column = column}, key, format, args);
        va_end(args);
}

static struct option_place place_of(yaml_mark_t mark) {
        return (struct option_place){.line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1, .state = OPTION_WRONG};
}

struct key_path {
        char text[KEY_PATH_MAX];
};

static struct key_path path_of(const struct option_mapping *mapping, const char *key) {
        struct key_path path;
        (void)snprintf(path.text, sizeof path.text, "%s%s%s", mapping->name, mapping->name[0] && key[0] ? "." : "", key);
        return path;
}

void option_complain(struct option_reader *r, const struct option_found *found, const char *key, const char *format, ...) {
        struct option_place at = found->place;
        if (key && option_place(found, key)->state != OPTION_ABSENT)
                at = *option_place(found, key);
        va_list args;
        va_start(args, format);
        complain_v(r, false, at, path_of(found->mapping, key ? key : "").text, format, args);
        va_end(args);
}

const struct option_place *option_place(const struct option_found *found, const char *key) {
        size_t i = 0;
        while (!text_eq(found->mapping->options[i].key, key))
                i++;
        return &found->of[i];
}

/* -- unknown keys --------------------------------------------------------------------------------------------------------- */

/* The known key that a mistyped one is nearest to; NULL when none is near. */
static const char *nearest_key(const struct option_mapping *mapping, struct span key) {
        const char *nearest = NULL;
        size_t best = key.n / 3 > 2 ? key.n / 3 + 1 : 3;
        for (size_t i = 0; i < mapping->n; i++)
                if (option_is_nearer(key, mapping->options[i].key, &best))
                        nearest = mapping->options[i].key;
        return nearest;
}

static void complain_unknown(struct option_reader *r, const struct option_mapping *mapping, struct option_place at, struct span key) {
        if (r->complaints->n >= CONFIG_COMPLAINTS_MAX) {
                r->complaints->errors++; /* counted, not kept: no need to search */
                return;
        }
        char quoted[OPTION_QUOTE_MAX], known[OPTION_WHY_MAX / 2] = "";
        option_quote(quoted, key);
        const char *nearest = nearest_key(mapping, key);
        const char *section = mapping->name[0] ? mapping->name : NULL;
        if (nearest) {
                complain(r, at, section, "%s is not a key (did you mean %s?)", quoted, nearest);
                return;
        }
        size_t n = 0;
        for (size_t i = 0; i < mapping->n && n < sizeof known; i++)
                n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i == 0 ? "" : ", ", mapping->options[i].key);
        complain(r, at, section, "%s is not a key (known here: %s)", quoted, known);
}

/* -- nodes ---------------------------------------------------------------------------------------------------------------- */

static yaml_node_t *node_of(struct option_reader *r, int index) {
        return yaml_document_get_node(r->document, index);
}

static struct span scalar_text(const yaml_node_t *node) {
        return (struct span){(const char *)node->data.scalar.value, node->data.scalar.length};
}

static bool is_scalar(const yaml_node_t *node) {
        return node->type == YAML_SCALAR_NODE;
}

/* YAML's null: nothing at all, or one of its words without quotes. */
static bool is_null(const yaml_node_t *node) {
        if (!is_scalar(node) || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
                return false;
        struct span s = scalar_text(node);
        return s.n == 0 || span_eq(s, SPAN("~")) || span_ieq(s, SPAN("null"));
}

/* False when the node has been read before: it is reached by an alias, which has its complaint already. */
static bool reach(struct option_reader *r, int index) {
        if (r->reached[index])
                return false;
        return r->reached[index] = true;
}

static bool read_scalar(struct option_reader *r, const struct option *o, void *object, const yaml_node_t *node, const char *path) {
        struct option_place at = place_of(node->start_mark);
        if (!is_scalar(node)) {
                complain(r, at, path, "is a %s where one value is expected (write %s: %s)",
                         node->type == YAML_SEQUENCE_NODE ? "list" : "mapping", o->key, o->preset ? o->preset : "VALUE");
                return false;
        }
        if (scalar_text(node).n == 0 || is_null(node)) {
                complain(r, at, path, "is empty (write a value, or leave the key out)");
                return false;
        }
        char why[OPTION_WHY_MAX];
        int n = option_value_set(o, object, scalar_text(node), why);
        if (n > 0)
                complain(r, at, path, "%s", why);
        if (n < 0)
                option_fail(r, n);
        return n == 0;
}

/* Nothing of the node is ever quoted: somebody may have written the secret itself. */
static bool read_secret(struct option_reader *r, struct secret_ref *ref, const yaml_node_t *node, const char *path) {
        struct option_place at = place_of(node->start_mark);
        const yaml_node_pair_t *pair = node->type == YAML_MAPPING_NODE ? node->data.mapping.pairs.start : NULL;
        const yaml_node_t *key = NULL, *value = NULL;
        if (pair && node->data.mapping.pairs.top - pair == 1) {
                key = node_of(r, pair->key);
                value = node_of(r, pair->value);
        }
        bool credential = key && is_scalar(key) && span_eq(scalar_text(key), SPAN("credential"));
        bool file = key && is_scalar(key) && span_eq(scalar_text(key), SPAN("file"));
        if ((!credential && !file) || !is_scalar(value) || scalar_text(value).n == 0 || is_null(value)) {
                complain(r, at, path,
                         "is not a reference to a secret (write {credential: NAME} or {file: PATH}; a secret itself never stands here)");
                return false;
        }
        struct span name = scalar_text(value);
        if (option_has_control(name))
                complain(r, at, path, "has a control character in it (write it without)");
        else if (credential && (memchr(name.p, '/', name.n) || span_eq(name, SPAN(".")) || span_eq(name, SPAN(".."))))
                complain(r, at, path, "names a credential by a path (write {credential: NAME}, or {file: PATH} for a path)");
        else if (file && name.p[0] != '/')
                complain(r, at, path, "has a path that does not begin with / (write {file: /DIRECTORY/NAME})");
        else {
                ref->name = strndup(name.p, name.n);
                if (!ref->name)
                        option_fail(r, -ENOMEM);
                ref->kind = credential ? SECRET_REF_CREDENTIAL : SECRET_REF_FILE;
                ref->line = at.line;
                ref->column = at.column;
                return ref->name;
        }
        return false;
}

static bool is_list(struct option_reader *r, const struct option *o, const yaml_node_t *node, const char *path, const char *remedy) {
        struct option_place at = place_of(node->start_mark);
        if (node->type != YAML_SEQUENCE_NODE) {
                complain(r, at, path, "is %s where a list is expected (%s)",
                         is_null(node)     ? "empty"
                         : is_scalar(node) ? "one value"
                                           : "a mapping",
                         remedy);
                return false;
        }
        size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        if (n > o->max) {
                complain(r, at, path, "has %zu items (%zu at most)", n, (size_t)o->max);
                return false;
        }
        return true;
}

static bool read_texts(struct option_reader *r, const struct option *o, void *object, const yaml_node_t *node, const char *path) {
        if (!is_list(r, o, node, path, "write [VALUE, VALUE], or [] for none"))
                return false;
        option_value_free(o, object); /* the default */
        bool right = true;
        for (const yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++)
                right &= reach(r, *i) && read_scalar(r, o, object, node_of(r, *i), path);
        return right;
}

static bool read_mapping(struct option_reader *r, const struct option_mapping *mapping, void *object, const yaml_node_t *node);

static bool read_mappings(struct option_reader *r, const struct option *o, void *object, const yaml_node_t *node, const char *path) {
        if (is_null(node))
                return true; /* every item is commented out */
        if (!is_list(r, o, node, path, "begin each item with \"- \""))
                return false;
        bool right = true;
        for (const yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++) {
                if (!reach(r, *i)) {
                        right = false;
                        continue;
                }
                void *item = o->append(object);
                if (!item) {
                        option_fail(r, -ENOMEM);
                        return false;
                }
                right &= read_mapping(r, o->mapping, item, node_of(r, *i));
        }
        return right;
}

static bool read_option(struct option_reader *r, const struct option_mapping *mapping, const struct option *o, void *object, int index) {
        const yaml_node_t *node = node_of(r, index);
        struct key_path path = path_of(mapping, o->key);
        if (!reach(r, index))
                return false;
        switch (o->kind) {
        case OPTION_TEXT:
        case OPTION_WORD:
        case OPTION_TRUTH:
        case OPTION_NUMBER:
        case OPTION_DURATION:
                return read_scalar(r, o, object, node, path.text);
        case OPTION_SECRET:
                return read_secret(r, (struct secret_ref *)(void *)((char *)object + o->offset), node, path.text);
        case OPTION_TEXTS:
                return read_texts(r, o, object, node, path.text);
        case OPTION_MAPPING:
                return read_mapping(r, o->mapping, object, node);
        case OPTION_MAPPINGS:
                return read_mappings(r, o, object, node, path.text);
        }
        return false;
}

static void read_pair(struct option_reader *r, void *object, struct option_found *found, const yaml_node_pair_t *pair) {
        const struct option_mapping *mapping = found->mapping;
        const yaml_node_t *key = node_of(r, pair->key);
        struct option_place at = place_of(key->start_mark);
        if (!reach(r, pair->key))
                return;
        if (!is_scalar(key)) {
                complain(r, at, mapping->name[0] ? mapping->name : NULL, "has a key that is not one word (write KEY: VALUE)");
                return;
        }
        for (size_t i = 0; i < mapping->n; i++) {
                const struct option *o = &mapping->options[i];
                if (!span_eq(scalar_text(key), span_of(o->key)))
                        continue;
                if (found->of[i].state != OPTION_ABSENT) {
                        complain(r, at, path_of(mapping, o->key).text, "is there twice (keep one; the other is in line %u)",
                                 found->of[i].line);
                        return;
                }
                found->of[i] = place_of(node_of(r, pair->value)->start_mark);
                if (read_option(r, mapping, o, object, pair->value))
                        found->of[i].state = OPTION_RIGHT;
                return;
        }
        complain_unknown(r, mapping, at, scalar_text(key));
}

static bool read_mapping(struct option_reader *r, const struct option_mapping *mapping, void *object, const yaml_node_t *node) {
        struct option_found found = {.mapping = mapping, .place = place_of(node->start_mark)};
        size_t errors = r->complaints->errors;
        if (node->type == YAML_MAPPING_NODE) {
                for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++)
                        read_pair(r, object, &found, p);
        } else if (!is_null(node)) {
                complain(r, found.place, mapping->name[0] ? mapping->name : NULL, "is %s where keys are expected (write KEY: VALUE)",
                         is_scalar(node) ? "one value" : "a list");
                return false;
        }
        for (size_t i = 0; i < mapping->n; i++)
                if (mapping->options[i].required && found.of[i].state == OPTION_ABSENT)
                        complain(r, found.place, path_of(mapping, mapping->options[i].key).text, "is missing (it is required)");
        if (mapping->check)
                mapping->check(r, object, &found);
        return r->complaints->errors == errors;
}

/* -- the file ------------------------------------------------------------------------------------------------------------- */

/* libyaml does not set its error on every way out without memory. */
static bool is_broken(const yaml_parser_t *parser) {
        return parser->error == YAML_MEMORY_ERROR || parser->error == YAML_NO_ERROR;
}

/* Refuses what YAML has and a configuration does not need. False when the file must not be loaded at all. */
static bool check_tokens(struct option_reader *r) {
        yaml_parser_t parser;
        if (!yaml_parser_initialize(&parser)) {
                option_fail(r, -ENOMEM);
                return false;
        }
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, (const unsigned char *)r->text.p, r->text.n);

        static const char anchor[] = "anchors (&) and aliases (*) are not used here (write the value out; quote a text that begins so)";
        unsigned depth = 0;
        bool end = false;
        while (!end) {
                yaml_token_t token;
                if (!yaml_parser_scan(&parser, &token)) {
                        if (is_broken(&parser))
                                option_fail(r, -ENOMEM);
                        break; /* the loading meets a mistake of the file again, and tells it */
                }
                struct option_place at = place_of(token.start_mark);
                if (token.type == YAML_ANCHOR_TOKEN || token.type == YAML_ALIAS_TOKEN)
                        complain(r, at, NULL, "%s", anchor);
                if (token.type == YAML_TAG_TOKEN)
                        complain(r, at, NULL, "tags (!) are not used here (leave it out; quote a text that begins so)");
                if (token.type == YAML_BLOCK_SEQUENCE_START_TOKEN || token.type == YAML_BLOCK_MAPPING_START_TOKEN ||
                    token.type == YAML_FLOW_SEQUENCE_START_TOKEN || token.type == YAML_FLOW_MAPPING_START_TOKEN)
                        depth++;
                if (token.type == YAML_BLOCK_END_TOKEN || token.type == YAML_FLOW_SEQUENCE_END_TOKEN ||
                    token.type == YAML_FLOW_MAPPING_END_TOKEN)
                        depth -= depth > 0;
                if (depth > OPTION_DEPTH_MAX)
                        complain(r, at, NULL, "is nested too deep (%d levels at most)", OPTION_DEPTH_MAX);
                end = token.type == YAML_STREAM_END_TOKEN || token.type == YAML_NO_TOKEN || depth > OPTION_DEPTH_MAX;
                yaml_token_delete(&token);
        }
        yaml_parser_delete(&parser);
        return depth <= OPTION_DEPTH_MAX;
}

/* The line and column of a byte, columns in characters. */
static struct option_place place_of_byte(struct span text, size_t offset) {
        struct option_place at = {.line = 1, .column = 1};
        for (size_t i = 0; i < offset && i < text.n; i++)
                if (text.p[i] == '\n') {
                        at.line++;
                        at.column = 1;
                } else if (((unsigned char)text.p[i] & 0xC0) != 0x80)
                        at.column++;
        return at;
}

static void complain_parser(struct option_reader *r, const yaml_parser_t *parser) {
        if (is_broken(parser))
                option_fail(r, -ENOMEM);
        else if (parser->error == YAML_READER_ERROR)
                complain(r, place_of_byte(r->text, parser->problem_offset), NULL, "cannot be read: %s (write UTF-8 text)", parser->problem);
        else if (parser->error == YAML_COMPOSER_ERROR)
                return; /* an anchor twice or an unknown alias: both have their complaints already */
        else if (parser->context)
                complain(r, place_of(parser->problem_mark), NULL, "is not YAML: %s (%s that begins in line %zu)", parser->problem,
                         parser->context, parser->context_mark.line + 1);
        else
                complain(r, place_of(parser->problem_mark), NULL, "is not YAML: %s", parser->problem);
}

static void read_document(struct option_reader *r, yaml_document_t *document, const struct option_mapping *root, void *object) {
        const yaml_node_t nothing = {.type = YAML_SCALAR_NODE, .data.scalar.style = YAML_PLAIN_SCALAR_STYLE}; /* an empty file */
        const yaml_node_t *node = yaml_document_get_root_node(document);
        r->document = document;
        r->reached = calloc((size_t)(document->nodes.top - document->nodes.start) + 1, sizeof *r->reached);
        if (r->reached)
                (void)read_mapping(r, root, object, node ? node : &nothing);
        else
                option_fail(r, -ENOMEM);
        free(r->reached);
}

static void load(struct option_reader *r, const struct option_mapping *root, void *object) {
        yaml_parser_t parser;
        yaml_document_t document;
        if (!yaml_parser_initialize(&parser)) {
                option_fail(r, -ENOMEM);
                return;
        }
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, (const unsigned char *)r->text.p, r->text.n);
        if (!yaml_parser_load(&parser, &document)) {
                complain_parser(r, &parser);
                yaml_parser_delete(&parser);
                return;
        }
        bool empty = !yaml_document_get_root_node(&document);
        read_document(r, &document, root, object);
        yaml_document_delete(&document);

        if (!empty && !yaml_parser_load(&parser, &document))
                complain_parser(r, &parser);
        else if (!empty) {
                if (yaml_document_get_root_node(&document))
                        complain(r, place_of(document.start_mark), NULL, "begins a second document (a configuration is one document)");
                yaml_document_delete(&document);
        }
        yaml_parser_delete(&parser);
}

static int set_presets(const struct option_mapping *mapping, void *object) {
        char why[OPTION_WHY_MAX];
        int n = 0;
        for (size_t i = 0; i < mapping->n && n == 0; i++) {
                const struct option *o = &mapping->options[i];
                if (o->kind == OPTION_MAPPING)
                        n = set_presets(o->mapping, object);
                else if (o->preset)
                        n = option_value_set(o, object, span_of(o->preset), why);
        }
        return n > 0 ? -EINVAL : n; /* a default that its own row refuses */
}

int option_read(const struct option_mapping *root, void *object, const char *file, struct span text, struct complaints *complaints) {
        const struct span mark = SPAN("\xEF\xBB\xBF"); /* a byte order mark, which some editors leave */
        if (text.n >= mark.n && memcmp(text.p, mark.p, mark.n) == 0)
                text = (struct span){text.p + mark.n, text.n - mark.n};
        struct option_reader r = {.file = file, .text = text, .complaints = complaints};
        int n = set_presets(root, object);
        if (n < 0)
                return n;
        if (check_tokens(&r))
                load(&r, root, object);
        return r.broken;
}

void option_free_values(const struct option_mapping *mapping, void *object) {
        for (size_t i = 0; i < mapping->n; i++)
                if (mapping->options[i].kind == OPTION_MAPPING)
                        option_free_values(mapping->options[i].mapping, object);
                else
                        option_value_free(&mapping->options[i], object);
}

/* -- the manual ------------------------------------------------------------------------------------------------------------ */

static void roff(FILE *out, const char *text) {
        if (text[0] == '.' || text[0] == '\'')
                (void)fputs("\\&", out);
        for (; *text; text++)
                if (*text == '-')
                        (void)fputs("\\-", out);
                else if (*text == '\\')
                        (void)fputs("\\e", out);
                else
                        (void)fputc(*text, out);
}

static void describe_option(const struct option *o, FILE *out) {
        static const char *const kinds[] = {
                [OPTION_TEXT] = "text",     [OPTION_WORD] = "one word of",  [OPTION_TRUTH] = "true or false",
                [OPTION_NUMBER] = "number", [OPTION_DURATION] = "duration", [OPTION_SECRET] = "secret",
                [OPTION_TEXTS] = "list",    [OPTION_MAPPING] = "section",   [OPTION_MAPPINGS] = "list",
        };
        char range[OPTION_WHY_MAX];
        option_range(o, range, sizeof range);
        (void)fprintf(out, ".TP\n\\fB%s\\fR (%s", o->key, kinds[o->kind]);
        if (range[0]) {
                (void)fputc(' ', out);
                roff(out, range);
        }
        if (o->preset) {
                (void)fputs("; default ", out);
                roff(out, o->preset);
        }
        (void)fputs(o->required ? "; required)\n" : ")\n", out);
        roff(out, o->help);
        (void)fputc('\n', out);
}

void option_describe(const struct option_mapping *root, FILE *out) {
        for (size_t i = 0; i < root->n; i++) {
                const struct option_mapping *section = root->options[i].mapping;
                if (!section) {
                        describe_option(&root->options[i], out);
                        continue;
                }
                (void)fprintf(out, ".SS %s\n", root->options[i].key);
                roff(out, section->help);
                (void)fputc('\n', out);
                for (size_t k = 0; k < section->n; k++)
                        describe_option(&section->options[k], out);
        }
}
