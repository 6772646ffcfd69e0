/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sppemu format. Oracles: a formatted scenario has the points of the one before, in the same order
 * and with the same identities; formatted twice is formatted once; and a comment stands above the
 * same line before and behind. Of every shipped scenario, as it is and written oddly by a
 * generator, and of small ones whose form is given. */
#include "components/classes.h"
#include "emu/core/random.h"
#include "emu/scenario/format.h"
#include "emu/scenario/scenario.h"
#include "tests/bench.h"

static char *folder;
static const char *source = "scenarios"; /* whose scenarios are formatted */

static char *formatted(const char *text) {
    g_autoptr(GError) error = NULL;
    char *out = format_text("s.ini", text, strlen(text), component_classes, &error);
    return out ? out : g_strdup(error->message);
}

static void becomes(const char *text, const char *expected) {
    g_autofree char *once = formatted(text), *twice = formatted(once);
    CHECK_TEXT(once, expected);
    CHECK_TEXT(twice, once);
}

/* Shipped scenarios ----------------------------------------------------------------------- */

static GPtrArray *shipped(void) {
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(source, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".ini")) g_ptr_array_add(names, g_strdup(name));
    if (dir) g_dir_close(dir);
    return names;
}

static char *contents(const char *name) {
    g_autofree char *path = g_build_filename(source, name, NULL);
    char *text = NULL;
    g_assert(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static Scenario *loaded(const char *in, const char *name, GError **error) {
    g_autofree char *path = g_build_filename(in, name, NULL);
    return scenario_load(path, NULL, component_classes, error);
}

/* Compare scenarios/NAME with the folder's; a base that does not stand for itself, in its
 * includers. */
static void same_points(const char *name) {
    g_autoptr(GError) error = NULL;
    Scenario *a = loaded(source, name, NULL), *b = a ? loaded(folder, name, &error) : NULL;
    if (a && !b) printf("  %s: %s\n", name, error->message);
    CHECK(!a || b);
    bool same = a && b && scenario_n_points(a) == scenario_n_points(b);
    for (unsigned i = 0; same && i < scenario_n_points(a); i++) {
        g_autofree char *x = scenario_identity(a, i), *y = scenario_identity(b, i);
        same = !strcmp(x, y);
        if (!same) printf("  point %u\n", i);
    }
    if (a && !same) printf("  %s\n", name);
    CHECK(!a || same);
    scenario_free(a);
    scenario_free(b);
}

static void write_all(char *(*change)(const char *name, const char *text)) {
    g_autoptr(GPtrArray) names = shipped();
    CHECK(names->len > 1);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *text = contents(names->pdata[i]), *out = change(names->pdata[i], text),
                        *again = formatted(out),
                        *path = g_build_filename(folder, names->pdata[i], NULL);
        CHECK_TEXT(again, out);
        g_assert(g_file_set_contents(path, out, -1, NULL));
    }
    for (unsigned i = 0; i < names->len; i++) same_points(names->pdata[i]);
}

static char *plainly(const char *name, const char *text) {
    (void)name;
    return formatted(text);
}

static void shipped_scenarios_keep_their_points(void) {
    write_all(plainly);
}

static void so_do_those_of_the_first_edition(void) {
    source = "tests/data/first-edition";
    write_all(plainly);
    source = "scenarios";
}

/* Oddly written ones ---------------------------------------------------------------------- */

static Random dice;
static unsigned n_notes;

static const char *blanks(void) {
    static const char *const some[] = {"", " ", "  ", "\t", " \t "};
    return some[random_below(&dice, G_N_ELEMENTS(some))];
}

/* Blanks where they mean nothing, blank lines, and comments above lines; `text`: as it stands. */
static void append_oddly(GString *out, const char *line, bool text) {
    const char *equals = strchr(line, '=');
    if (!text && *line && !random_below(&dice, 6)) g_string_append(out, "\n\n");
    if (!text && *line && !random_below(&dice, 4))
        g_string_append_printf(out, "%s# (note %u)%s\n", blanks(), n_notes++, blanks());
    if (text || *line == '#' || !*line)
        g_string_append(out, line);
    else if (*line == '[')
        g_string_append_printf(out, "%s[%s%.*s%s]", blanks(), blanks(), (int)strlen(line) - 2,
                               line + 1, blanks());
    else
        g_string_append_printf(out, "%s%.*s%s=%s%s%s", blanks(), (int)(equals - line) - 1, line,
                               blanks(), blanks(), equals + 2, blanks());
    g_string_append(out, random_below(&dice, 4) ? "\n" : "\r\n");
}

/* The line that stands below a note, without comments in between; NULL: there is none. */
static char *below(const char *text, const char *note) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    bool met = false;
    for (unsigned i = 0; lines[i]; i++) {
        g_strstrip(lines[i]);
        if (!strcmp(lines[i], note)) met = true;
        if (!met || !*lines[i] || *lines[i] == '#') continue;
        char *equals = strchr(lines[i], '=');
        if (!equals) {
            g_auto(GStrv) words = g_strsplit_set(lines[i], "[] \t", -1);
            return g_strjoinv("", words);
        }
        *equals = 0;
        return g_strdup(g_strchomp(lines[i]));
    }
    return NULL;
}

static char *oddly(const char *name, const char *text) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) odd = g_string_new(NULL);
    bool in_text = false, goes_on = false; /* a value, in this line */
    n_notes = 0;
    for (unsigned i = 0; lines[i]; i++) {
        if (*lines[i] == '[') in_text = g_str_has_prefix(lines[i], "[text");
        append_oddly(odd, lines[i], goes_on || (in_text && *lines[i] != '['));
        goes_on = g_str_has_suffix(lines[i], "\\");
    }
    char *out = formatted(odd->str);
    for (unsigned i = 0; i < n_notes; i++) {
        g_autofree char *note = g_strdup_printf("# (note %u)", i), *was = below(odd->str, note),
                        *is = below(out, note);
        if (g_strcmp0(was, is)) printf("  %s: %s\n", name, note);
        CHECK_TEXT(is, was);
    }
    CHECK(!strstr(out, "\r") && !strstr(out, " \n") && !strstr(out, "\n\n\n"));
    return out;
}

static void odd_spaces_and_comments_change_nothing(void) {
    for (unsigned seed = 0; seed < 5; seed++) {
        random_seed(&dice, seed, 0, "format");
        write_all(oddly);
    }
}

/* Small ones ------------------------------------------------------------------------------ */

static void spaces_are_canonical(void) {
    becomes("[sink   s]\nports=5\n  source  =a,b ,  c\n[ link out ]\n\n\nlink=a.0..1->s.0..1\n",
            "[sink s]\nports = 5\nsource = a, b, c\n\n[link out]\nlink = a.0..1 -> s.0..1\n");
    becomes("[source a]\nrate = ${1,2 ,3..5 step 1}Gbit/s wire\n"
            "payload=${with a.rate:1,2,3,4,5}\n",
            "[source a]\nrate = ${1, 2, 3..5 step 1}Gbit/s wire\n"
            "payload = ${with a.rate: 1, 2, 3, 4, 5}\n");
    becomes("[source a]\ndestinations=${\"10.0.0.1,10.1.0.1\",10.0.0.1}\n",
            "[source a]\ndestinations = ${\"10.0.0.1,10.1.0.1\", 10.0.0.1}\n");
    becomes("[let]\nx = 1,2\n[source a]\nrate = ${{x},{x}}Mbit/s\nports = {x  + 1}\n",
            "[let]\nx = 1,2\n\n[source a]\nports = {x  + 1}\nrate = ${{x}, {x}}Mbit/s\n");
    becomes("", "");
    becomes("[sink s]", "[sink s]\n");
}

static void sections_stand_in_order(void) {
    becomes("[plot p]\nx = 1\n[at 1s]\na = b\n[series one]\na.rate = 1\n[sink s]\n[text t]\nx\n"
            "[expect e]\nmetric = 1\n[let]\nb = 2\na = 1\n[link l]\nlink = a.0 -> s.0\n[source a]\n"
            "[scenario]\ntitle = t\n",
            "[scenario]\ntitle = t\n\n[let]\nb = 2\na = 1\n\n[sink s]\n\n[text t]\nx\n\n[link l]\n"
            "link = a.0 -> s.0\n\n[source a]\n\n[series one]\na.rate = 1\n\n[at 1s]\na = b\n\n"
            "[plot p]\nx = 1\n\n[expect e]\nmetric = 1\n");
}

/* payload stands before rate in the table; which of two iterations is the faster one is said by
 * their order. */
static void what_orders_points_keeps_its_order(void) {
    becomes("[source a]\nrate = 1Gbit/s\npayload = 5\n",
            "[source a]\npayload = 5\nrate = 1Gbit/s\n");
    becomes("[source a]\nduration = 1s\nrate = ${1, 2}Gbit/s\nports = 1\npayload = ${5, 6}\n",
            "[source a]\nports = 1\nrate = ${1, 2}Gbit/s\npayload = ${5, 6}\nduration = 1s\n");
    becomes("[at 1s]\na = rate ${1, 2}Gbit/s\n[source a]\npayload = ${5, 6}\n",
            "[at 1s]\na = rate ${1, 2}Gbit/s\n\n[source a]\npayload = ${5, 6}\n");
    becomes("[source a]\npayload = ${5, 6}\n[series b]\na.rate = 1Gbit/s\n[scenario]\nseed = 2\n",
            "[source a]\npayload = ${5, 6}\n\n[series b]\na.rate = 1Gbit/s\n\n[scenario]\nseed = "
            "2\n");
}

static void comments_stay_where_they_are(void) {
    becomes("# on the file\n\n\n# on a\n[source a]\n# on rate\n\n# too\nrate = 1\n\n# on ports\n"
            "ports = 1\n# below a\n\n; on b\n[sink b]\nports = 1\n\n\n# at the end\n\n",
            "# on the file\n\n# on a\n[source a]\n# on ports\nports = 1\n# on rate\n\n# too\n"
            "rate = 1\n# below a\n\n; on b\n[sink b]\nports = 1\n\n# at the end\n");
    becomes("# on the file\n\n[sink b]\n# on it\n[scenario]\nseed = 1\n",
            "# on the file\n\n# on it\n[scenario]\nseed = 1\n\n[sink b]\n");
    becomes("\n#only\n", "#only\n");
    becomes("[sink s]\n\n# part two\n\n\n[sink t]\n", "[sink s]\n\n# part two\n\n[sink t]\n");
}

static void lines_of_a_text_stay_as_they_are(void) {
    becomes("[sink s]\n[text t]\n  10.0.0.0/16  0   a:1 \n\n\n # within\nkey=value\n# behind\n\n"
            "  # on u\n[text u]\nx\n",
            "[sink s]\n\n[text t]\n  10.0.0.0/16  0   a:1 \n\n\n # within\nkey=value\n# behind\n\n"
            "# on u\n[text u]\nx\n");
}

#define TEN "123456789 "
#define NINE "123456789"
#define FIFTY TEN TEN TEN TEN TEN
static void long_comments_are_wrapped(void) {
    becomes("# " FIFTY FIFTY "end\n# and goes on\n#   sppemu run it\n[sink s]\n",
            "# " FIFTY TEN TEN TEN NINE "\n# " TEN
            "end and goes on\n#   sppemu run it\n[sink s]\n");
    becomes("# " FIFTY FIFTY "\n#   indented\n[sink s]\n",
            "# " FIFTY TEN TEN TEN NINE "\n# 123456789\n#   indented\n[sink s]\n");
}

/* What is too long goes to the next line of the paragraph, but not to that of a list. */
static void a_paragraph_is_wrapped_as_one(void) {
    becomes("# " FIFTY FIFTY "end\n# 10 more\n[sink s]\n",
            "# " FIFTY TEN TEN TEN NINE "\n# " TEN "end 10 more\n[sink s]\n");
    becomes("# " FIFTY FIFTY "end\n# - one\n[sink s]\n",
            "# " FIFTY TEN TEN TEN NINE "\n# " TEN "end\n# - one\n[sink s]\n");
    becomes("# " FIFTY FIFTY "end\n# 1. one\n[sink s]\n",
            "# " FIFTY TEN TEN TEN NINE "\n# " TEN "end\n# 1. one\n[sink s]\n");
}

static void what_is_no_scenario_is_refused(void) {
    static const struct {
        const char *text, *message;
    } cases[] = {{"ports = 3\n", "s.ini:1: found key ports before the first section"},
                 {"[sink s]\nports\n", "s.ini:2: found \"ports\", expected [SECTION] or KEY"},
                 {"[sink s]\nports =\n", "s.ini:2: [sink s] ports: found no value"},
                 {"[sink s]\nports = 1\nports = 2\n", "s.ini:3: [sink s] ports: found a second"},
                 {"[sink s]\n[sink s]\n", "s.ini:2: found a second section [sink s]"},
                 {"[snik s]\n", "the nearest is [sink]"},
                 {"[sink s\n", "s.ini:1: found \"[sink s\", expected [SECTION]"},
                 {"[sink s]\nports = \x01\n", "s.ini:2: found the control byte 0x01"},
                 {"[sink s]\nports = \xff\n", "s.ini:2: found bytes that are not UTF-8"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *message = formatted(cases[i].text);
        CHECK_CONTAINS(message, cases[i].message);
    }
}

int main(void) {
    static const Test tests[] = {TEST(shipped_scenarios_keep_their_points),
                                 TEST(so_do_those_of_the_first_edition),
                                 TEST(odd_spaces_and_comments_change_nothing),
                                 TEST(spaces_are_canonical),
                                 TEST(sections_stand_in_order),
                                 TEST(what_orders_points_keeps_its_order),
                                 TEST(comments_stay_where_they_are),
                                 TEST(lines_of_a_text_stay_as_they_are),
                                 TEST(long_comments_are_wrapped),
                                 TEST(a_paragraph_is_wrapped_as_one),
                                 TEST(what_is_no_scenario_is_refused),
                                 {0}};
    folder = bench_folder();
    g_autofree char *here = g_get_current_dir(),
                    *data = g_build_filename(here, "scenarios", "data", NULL),
                    *link = g_build_filename(folder, "data", NULL);
    g_assert(symlink(data, link) == 0);
    int code = run_tests("format", tests);
    bench_remove(folder);
    return code;
}
